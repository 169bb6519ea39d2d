"""Precomputed features a step (or a table's row, as a single step) through a small network, then context."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from zimu.model.clock import sinusoids
from zimu.model.encoders.context import ConvContext
from zimu.model.encoders.recurrent import TwoWayGru
from zimu.model.encoders.standardise import Standardise
from zimu.model.steps import Steps

__all__ = ["FeatureEncoder", "SelfAttention"]


class FeatureEncoder(nn.Module):
    """[B, T, C] to [B, T, D].

    Args:
        shape: (C,).
        width: D.
        layers: Linear layers; 1 is a projection.
        context: What a step sees of its neighbours: "none", "conv", "gru" or "transformer".
        dropout: Share of units dropped.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int,
        layers: int = 1,
        context: Literal["none", "conv", "gru", "transformer"] = "none",
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.standardise = Standardise(shape)
        sizes = [shape[0], *(width for _ in range(layers))]
        parts: list[nn.Module] = [nn.Dropout(dropout)]
        for size, out in pairwise(sizes):
            parts += [nn.Linear(size, out), nn.ReLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*parts, nn.LayerNorm(width))
        contexts: dict[str, Callable[[], nn.Module | None]] = {
            "none": lambda: None,
            "conv": lambda: ConvContext(width, 2, kernel=3, dropout=dropout),
            "gru": lambda: TwoWayGru(width, width),
            "transformer": lambda: SelfAttention(width, dropout),
        }
        self.context = contexts[context]()

    def forward(self, features: Steps) -> Steps:
        """Return encoded steps on the same clock."""
        steps = self.standardise(features)
        values = self.layers(steps.values) * steps.keep.unsqueeze(2)
        if isinstance(self.context, SelfAttention):
            values = self.context(values, steps.keep, steps.times)
        elif self.context is not None:
            values = self.context(values, steps.keep)
        return Steps(values, steps.keep, steps.times)


class SelfAttention(nn.Module):
    """One transformer layer over the steps, told their times (Vaswani et al. 2017, arXiv:1706.03762).

    Args:
        width: D, a multiple of 4.
        dropout: Share of units dropped.
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.width = width
        self.layer = nn.TransformerEncoderLayer(
            width, 4, 2 * width, dropout, batch_first=True, norm_first=True
        )

    def forward(self, values: Tensor, keep: Tensor, times: Tensor) -> Tensor:
        """Return values [B, T, D] in context."""
        first = torch.arange(keep.shape[1], device=keep.device).unsqueeze(0) == 0
        # A row without a real step would make softmax divide by zero; it attends to its first, and is masked.
        seen = keep | (~keep.any(1, keepdim=True) & first)
        out: Tensor = self.layer(values + 0.1 * sinusoids(times, self.width), src_key_padding_mask=~seen)
        return out * keep.unsqueeze(2)
