"""An absent stream becomes a learned stand-in, once and before fusion: no method has to think of it."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from zimu.model.steps import Steps

__all__ = ["StandIns"]


class StandIns(nn.Module):
    """One learned vector a stream, which takes the first step of a sample that has no real one.

    Args:
        names: The streams.
        width: D.
    """

    def __init__(self, names: Iterable[str], width: int) -> None:
        super().__init__()
        self.values = nn.ParameterDict({n: nn.Parameter(torch.zeros(width)) for n in names})

    def forward(self, name: str, steps: Steps) -> Steps:
        """Return steps [B, T, D] with at least one real step a row."""
        values, keep, times = steps
        absent = ~keep.any(1, keepdim=True)
        values = torch.where(absent.unsqueeze(2), self.values[name].to(values.dtype), values)
        first = torch.arange(keep.shape[1], device=keep.device).unsqueeze(0) == 0
        return Steps(values, keep | (absent & first), times)
