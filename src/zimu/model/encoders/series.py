"""A series of measurements (sensors, heart signals, log-mel frames) through strided 1-D convolutions."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zimu.model.encoders.context import ConvContext
from zimu.model.encoders.standardise import Standardise
from zimu.model.steps import Steps

__all__ = ["SeriesEncoder", "StridedConvs"]


class StridedConvs(nn.Module):
    """[B, T, C] to [B, T', D]: convolution, norm by layer, ReLU, one for each stride.

    Args:
        channels: C.
        width: D.
        strides: T' is T divided by their product, rounded up.
        kernel: Odd number of steps seen by a layer.
    """

    def __init__(self, channels: int, width: int, strides: tuple[int, ...], kernel: int) -> None:
        super().__init__()
        sizes = [channels, *(width for _ in strides)]
        self.strides = tuple(strides)
        self.convs = nn.ModuleList(
            nn.Conv1d(a, b, kernel, s, kernel // 2)
            for a, b, s in zip(sizes[:-1], sizes[1:], strides, strict=True)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in strides)

    def forward(self, values: Tensor, keep: Tensor, times: Tensor) -> Steps:
        """Return steps whose times are the means of those they came from; `keep` where any was real."""
        for conv, norm, stride in zip(self.convs, self.norms, self.strides, strict=True):
            values = F.relu(norm(conv((values * keep.unsqueeze(2)).transpose(1, 2)).transpose(1, 2)))
            keep, times = _thin(keep, times, stride)
        return Steps(values * keep.unsqueeze(2), keep, times)


def _thin(keep: Tensor, times: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    if stride == 1:
        return keep, times
    missing = -keep.shape[1] % stride
    blocks = (keep.shape[0], -1, stride)
    real = F.pad(keep.to(times.dtype), (0, missing)).reshape(blocks)
    when = F.pad(times, (0, missing)).reshape(blocks)
    return real.any(2), (real * when).sum(2) / real.sum(2).clamp(min=1.0)


class SeriesEncoder(nn.Module):
    """[B, T, C] to [B, T', D].

    Args:
        shape: (C,).
        width: D.
        strides: Of the convolutions, one a layer.
        kernel: Odd number of steps seen by a layer.
        context: Further layers of temporal context.
        dropout: Share of units dropped.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int,
        strides: tuple[int, ...] = (2, 2),
        kernel: int = 5,
        context: int = 0,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.standardise = Standardise(shape)
        self.convs = StridedConvs(shape[0], width, strides, kernel)
        self.dropout = nn.Dropout(dropout)
        self.context = ConvContext(width, context, kernel=3, dropout=dropout)

    def forward(self, series: Steps) -> Steps:
        """Return encoded steps, fewer than came in."""
        steps = self.convs(*self.standardise(series))
        values = self.context(self.dropout(steps.values), steps.keep)
        return Steps(values, steps.keep, torch.as_tensor(steps.times))
