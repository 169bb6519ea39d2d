"""Features of a pretrained frame encoder, region by region, made ready for attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zimu.model.encoders.tail import Tail, regions_of
from zimu.model.encoders.views import RandomView
from zimu.model.steps import Steps

__all__ = ["RegionEncoder"]


class RegionEncoder(nn.Module):
    """[B, T, R, F] to [B, T * R, D]: each region of each frame becomes a step that attention can choose.

    Args:
        features: F, the width of the pretrained encoder.
        regions: R, regions a frame.
        width: D.
        dropout: Share of input features dropped.
        tail: The last blocks of the pretrained encoder, where they are trained too: then the input is what
            goes into them, maps [B, T, C, h, w].
        view: Changes what goes into the tail in training, where that is the pictures themselves.
    """

    def __init__(
        self,
        features: int,
        regions: int,
        width: int,
        dropout: float = 0.1,
        tail: Tail | None = None,
        view: RandomView | None = None,
    ) -> None:
        super().__init__()
        self.tail, self.view = tail, view
        self.dropout = nn.Dropout(dropout)
        self.project = nn.Linear(features, width)
        self.place = nn.Parameter(torch.zeros(regions, width))
        self.norm = nn.LayerNorm(width)
        self.regions, self.width = regions, width

    def regions_of(self, values: Tensor) -> Tensor:
        """Return the regions [B, T, R, F] of what the encoder is given."""
        if self.tail is None:
            return values
        pictures = values.flatten(0, 1)
        if self.view is not None:
            pictures = self.view(pictures)
        if not pictures.is_cuda:
            # Twice as quick on a CPU; cuDNN's depthwise convolutions in float32 want it the other way.
            pictures = pictures.contiguous(memory_format=torch.channels_last)
        maps: Tensor = self.tail(pictures)
        return regions_of(maps).view(*values.shape[:2], self.regions, -1)

    def forward(self, frames: Steps) -> Steps:
        """Return the regions as steps, with the time of their frame."""
        regions = self.regions_of(frames.values)
        values: Tensor = self.norm(self.project(self.dropout(regions)) + self.place)
        keep = frames.keep.unsqueeze(2).expand(-1, -1, self.regions).flatten(1)
        times = frames.times.unsqueeze(2).expand(-1, -1, self.regions).flatten(1)
        return Steps(values.flatten(1, 2), keep, times)
