"""Frames to one feature vector each by a few strided convolutions: where a ResNet is too slow.

Source: Springenberg et al. 2015 (arXiv:1412.6806), all-convolutional networks; strides in place of pooling.
Every place of the last map is read, as in `zimu.model.encoders.frames`, so positions, and with the temporal
context motions, survive.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from zimu.model.encoders.context import ConvContext
from zimu.model.steps import Steps

__all__ = ["StridedEncoder"]


class StridedEncoder(nn.Module):
    """[B, T, C, H, W] to [B, T, D].

    Args:
        channels: C of a frame.
        width: D.
        size: Height and width of a frame.
        planes: Of each 3×3 convolution, each followed by batch norm and rectifier.
        strides: Of each convolution.
        context: Layers of temporal context.
        dropout: Share of units dropped after the convolutions and in the context.
    """

    def __init__(
        self,
        channels: int,
        width: int,
        size: tuple[int, int],
        planes: Sequence[int] = (16, 32, 64, 64, 128),
        strides: Sequence[int] = (2, 2, 2, 1, 2),
        context: int = 0,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        height, across = size
        for before, after, stride in zip((channels, *planes), planes, strides, strict=False):
            layers += [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after)]
            layers.append(nn.ReLU(inplace=True))
            height, across = -(-height // stride), -(-across // stride)
        # Half as quick again on a CPU.
        self.convs = nn.Sequential(*layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.project = nn.Linear(planes[-1] * height * across, width)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.context = ConvContext(width, context, dropout=dropout)
        self.width = width

    def forward(self, frames: Steps) -> Steps:
        """Return features of frames; padding frames change nothing."""
        clips, count = frames.values.shape[:2]
        pictures = frames.values.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        values = self._real(pictures, frames.keep) if self.training else self._features(pictures)
        values = values.view(clips, count, self.width)
        return Steps(self.context(values, frames.keep), frames.keep, frames.times)

    def _features(self, pictures: Tensor) -> Tensor:
        values: Tensor = self.norm(self.project(self.dropout(self.convs(pictures).flatten(1))))
        return values

    def _real(self, pictures: Tensor, keep: Tensor) -> Tensor:
        """Return features of the real frames, zero elsewhere: see `FrameEncoder`."""
        real = keep.flatten()
        if bool(real.all()):
            return self._features(pictures)
        values = pictures.new_zeros(len(pictures), self.width)
        if not bool(real.any()):
            return values
        chosen = pictures[real].contiguous(memory_format=torch.channels_last)
        return values.index_put((real,), self._features(chosen))
