"""Temporal context: residual dilated convolutions over the steps of a stream, past and future.

Source: Bai et al. 2018 (arXiv:1803.01271), section 3, and Martinez et al. 2020 (arXiv:2001.08702) for lip
reading with them. Departs: not causal, normalised by layer, and what `keep` calls padding is set to zero
before every convolution, so that padding changes nothing.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["ConvContext"]


class ConvContext(nn.Module):
    """[B, T, D] to [B, T, D], each step knowing its neighbours.

    Args:
        width: D.
        layers: Residual layers, with dilations 1, 2, 4, 1, 2, 4, ...
        kernel: Odd number of steps seen by a layer.
        dropout: Share of units dropped in each layer.
    """

    def __init__(self, width: int, layers: int, kernel: int = 5, dropout: float = 0.2) -> None:
        super().__init__()
        dilations = [2 ** (i % 3) for i in range(layers)]
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in dilations)
        self.convs = nn.ModuleList(
            nn.Conv1d(width, 2 * width, kernel, padding=d * (kernel // 2), dilation=d) for d in dilations
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor, keep: Tensor) -> Tensor:
        """Return values [B, T, D] in context; `keep` is bool [B, T]."""
        mask = keep.unsqueeze(2).to(values.dtype)
        for norm, conv in zip(self.norms, self.convs, strict=True):
            y = conv((norm(values) * mask).transpose(1, 2)).transpose(1, 2)
            values = values + self.dropout(F.glu(y, 2))
        return values * mask
