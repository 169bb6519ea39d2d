"""The steps of a memory to one vector, those that are not kept left out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zimu.model.steps import Steps

__all__ = ["POOLINGS", "AttentionPooling", "MaxPooling", "MeanPooling"]


class MeanPooling(nn.Module):
    """[B, S, D] to [B, D], the mean of the real steps."""

    def __init__(self, width: int) -> None:
        super().__init__()

    def forward(self, memory: Steps) -> Tensor:
        """Return the mean; a row without a real step gives zeros."""
        mask = memory.keep.unsqueeze(2).to(memory.values.dtype)
        return (memory.values * mask).sum(1) / mask.sum(1).clamp(min=1.0)


class MaxPooling(nn.Module):
    """[B, S, D] to [B, D], the largest of the real steps in each unit."""

    def __init__(self, width: int) -> None:
        super().__init__()

    def forward(self, memory: Steps) -> Tensor:
        """Return the maximum."""
        return memory.values.masked_fill(~memory.keep.unsqueeze(2), -1e4).amax(1)


class AttentionPooling(nn.Module):
    """[B, S, D] to [B, D]: a = softmax(v · tanh(W m)), Σ a m (Yang et al. 2016, equations 5 to 7).

    Args:
        width: D.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.project = nn.Linear(width, width)
        self.query = nn.Linear(width, 1, bias=False)

    def forward(self, memory: Steps) -> Tensor:
        """Return the weighted mean."""
        scores = self.query(torch.tanh(self.project(memory.values)))
        weights = F.softmax(scores.masked_fill(~memory.keep.unsqueeze(2), -1e4), 1)
        return (weights * memory.values).sum(1)


POOLINGS: dict[str, type[MeanPooling] | type[MaxPooling] | type[AttentionPooling]] = {
    "mean": MeanPooling,
    "max": MaxPooling,
    "attention": AttentionPooling,
}
