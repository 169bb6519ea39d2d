"""A WaveNet-style sound encoder: gated, dilated, causal convolutions with residual and skip connections.

Source: van den Oord et al. 2016 (arXiv:1609.03499), sections 2.1 to 2.4: z = tanh(W_f * x) ⊙ σ(W_g * x),
dilations doubling within a stack, the sum of all skips read by 1×1 convolutions. Departs: it encodes instead
of generating, so a strided front end lowers the rate first: on log-mel bands, or on the raw waveform (a
learned filter bank).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zimu.model.encoders.context import ConvContext
from zimu.model.steps import Steps

__all__ = ["WaveNetEncoder"]


class _Causal(nn.Conv1d):
    """A convolution that sees the present and the past only."""

    def forward(self, x: Tensor) -> Tensor:
        past = (self.kernel_size[0] - 1) * self.dilation[0]
        return super().forward(F.pad(x, (past, 0)))


class _Layer(nn.Module):
    """One gated residual layer: [B, C, T] to the next layer's input and its skip [B, C, T]."""

    def __init__(self, width: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.filter_gate = _Causal(width, 2 * width, kernel, dilation=dilation)
        self.residual_skip = nn.Conv1d(width, 2 * width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        filtered, gate = self.filter_gate(x).chunk(2, 1)
        z = self.dropout(torch.tanh(filtered) * torch.sigmoid(gate))
        residual, skip = self.residual_skip(z).chunk(2, 1)
        return x + residual, skip


class WaveNetEncoder(nn.Module):
    """Sound to features.

    Args:
        bands: Width of a step of the input: mel bands, or 1 for a waveform.
        width: D of the output.
        channels: C of all layers.
        strides: Of the front end's convolutions; their product divides the rate (log-mel: [2, 2] makes 100
            Hz to 25 Hz; waveform: [5, 4, 4, 4, 2] makes 16 kHz to 25 Hz).
        layers: Layers a stack, with dilations 1, 2, 4, ...
        stacks: How often the dilations begin anew.
        context: Layers of context over the output, which also sees the future; 0 keeps the encoder causal.
        dropout: Share of units dropped within a layer.
    """

    def __init__(
        self,
        bands: int,
        width: int,
        channels: int = 128,
        strides: Sequence[int] = (2, 2),
        layers: int = 5,
        stacks: int = 2,
        kernel: int = 2,
        context: int = 0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        front: list[nn.Module] = []
        for i, stride in enumerate(strides):
            front += [_Causal(bands if i == 0 else channels, channels, 2 * stride + 1, stride), nn.ReLU()]
            front.append(nn.BatchNorm1d(channels))
        self.front = nn.Sequential(*front)
        self.layers = nn.ModuleList(
            _Layer(channels, kernel, 2**i, dropout) for _ in range(stacks) for i in range(layers)
        )
        self.end = nn.Sequential(nn.ReLU(), nn.Conv1d(channels, channels, 1), nn.ReLU())
        self.project = nn.Linear(channels, width)
        self.norm = nn.LayerNorm(width)
        self.context = ConvContext(width, context, dropout=dropout)
        self.stride = 1
        for stride in strides:
            self.stride *= stride
        self.width = width

    def forward(self, sound: Steps) -> Steps:
        """Return features [B, ceil(T / stride), width] of sound [B, T, bands]."""
        x = self.front((sound.values * sound.keep.unsqueeze(2)).transpose(1, 2))
        keep = sound.keep[:, :: self.stride]
        skips = torch.zeros_like(x)
        for layer in self.layers:
            x, skip = layer(x)
            skips = skips + skip
        values = self.norm(self.project(self.end(skips).transpose(1, 2)))
        return Steps(self.context(values, keep), keep, sound.times[:, :: self.stride])
