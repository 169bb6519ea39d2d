"""Features of a frozen frame encoder, region by region, made ready for attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zimu.model.steps import Steps

__all__ = ["RegionEncoder"]


class RegionEncoder(nn.Module):
    """[B, T, R, F] to [B, T * R, D]: each region of each frame becomes a step that attention can choose.

    Args:
        features: F, the width of the frozen encoder.
        regions: R, regions a frame.
        width: D.
        dropout: Share of input features dropped.
    """

    def __init__(self, features: int, regions: int, width: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.project = nn.Linear(features, width)
        self.place = nn.Parameter(torch.zeros(regions, width))
        self.norm = nn.LayerNorm(width)
        self.regions, self.width = regions, width

    def forward(self, frames: Steps) -> Steps:
        """Return the regions as steps, with the time of their frame."""
        values: Tensor = self.norm(self.project(self.dropout(frames.values)) + self.place)
        keep = frames.keep.unsqueeze(2).expand(-1, -1, self.regions).flatten(1)
        times = frames.times.unsqueeze(2).expand(-1, -1, self.regions).flatten(1)
        return Steps(values.flatten(1, 2), keep, times)
