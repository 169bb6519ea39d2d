"""Frames to one feature vector each: a small ResNet trained with the rest, then temporal context."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from zimu.model.encoders.context import ConvContext
from zimu.model.encoders.resnet import ResNet
from zimu.model.steps import Steps

__all__ = ["FrameEncoder"]


class FrameEncoder(nn.Module):
    """[B, T, C, H, W] to [B, T, D].

    Args:
        channels: C of a frame.
        width: D.
        size: Height and width of a frame. All regions of the ResNet's feature map are read, since where a
            thing is matters (a mouth's corner, an object's place).
        depth: Of the ResNet.
        planes: Of the ResNet's first stage.
        stem: Of the ResNet, a key of `STEMS`.
        neighbours: Frames before and after that are stacked as channels of a frame, which stands in for those
            that are not there: motion for the first convolution (Simonyan & Zisserman 2014, arXiv:1406.2199,
            section 3).
        context: Layers of temporal context.
        dropout: Share of units dropped after the ResNet and in the context.
    """

    def __init__(
        self,
        channels: int,
        width: int,
        size: tuple[int, int],
        depth: int = 18,
        planes: int = 16,
        stem: Literal["large", "medium", "small"] = "small",
        neighbours: int = 0,
        context: int = 0,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.neighbours = neighbours
        self.resnet = ResNet(depth, planes, channels * (2 * neighbours + 1), stem)
        # A third quicker on a CPU, forward and backward. With 4 planes, torch 2.13 writes past the end of
        # memory in the backward pass (seen with 4, not with 6, 8, 12 and 16), so only whole vectors are laid
        # out so.
        self._layout = torch.channels_last if planes % 8 == 0 else torch.contiguous_format
        self.resnet.to(memory_format=self._layout)  # type: ignore[call-overload]  # torch's stub lacks it
        regions = -(-size[0] // self.resnet.stride) * -(-size[1] // self.resnet.stride)
        self.project = nn.Linear(self.resnet.width * regions, width)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.context = ConvContext(width, context, dropout=dropout)
        self.width = width

    def forward(self, frames: Steps) -> Steps:
        """Return features of frames; padding frames change nothing."""
        x = frames.values
        clips, count = x.shape[:2]
        if self.neighbours:
            offsets = range(-self.neighbours, self.neighbours + 1)
            x = torch.cat([_neighbour(x, frames.keep, offset) for offset in offsets], 2)
        pictures = x.flatten(0, 1).contiguous(memory_format=self._layout)
        values = self._real(pictures, frames.keep) if self.training else self._features(pictures)
        values = values.view(clips, count, self.width)
        return Steps(self.context(values, frames.keep), frames.keep, frames.times)

    def _features(self, pictures: Tensor) -> Tensor:
        regions = self.resnet.regions(pictures).flatten(1)
        values: Tensor = self.norm(self.project(self.dropout(regions)))
        return values

    def _real(self, pictures: Tensor, keep: Tensor) -> Tensor:
        """Return features of the real frames, zero elsewhere.

        While training, blank frames would enter the statistics of batch normalisation, and absent clips and
        padding are near half of a batch's frames. In a graph the shapes must not depend on what is real.
        """
        real = keep.flatten()
        values = pictures.new_zeros(len(pictures), self.width)
        if not bool(real.any()):
            return values
        chosen = pictures[real].contiguous(memory_format=self._layout)
        return values.index_put((real,), self._features(chosen))


def _neighbour(x: Tensor, keep: Tensor, offset: int) -> Tensor:
    """Return for each frame the one `offset` later; where there is none, the frame itself."""
    if offset == 0:
        return x
    if offset > 0:
        moved = torch.cat((x[:, offset:], x[:, :offset]), 1)
        real = torch.cat((keep[:, offset:], torch.zeros_like(keep[:, :offset])), 1)
    else:
        moved = torch.cat((x[:, offset:], x[:, :offset]), 1)
        real = torch.cat((torch.zeros_like(keep[:, offset:]), keep[:, :offset]), 1)
    return torch.where(real[:, :, None, None, None], moved, x)
