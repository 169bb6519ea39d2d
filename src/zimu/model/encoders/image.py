"""A small picture to a few regions or one vector: a residual network for pictures of a few dozen pixels."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from zimu.model.encoders.standardise import Standardise
from zimu.model.steps import Steps

__all__ = ["ImageEncoder"]


class _Stage(nn.Module):
    """Halve height and width, then add what two convolutions see (He et al. 2016, arXiv:1512.03385)."""

    def __init__(self, channels: int, planes: int, kernel: int) -> None:
        super().__init__()
        self.halve = nn.Conv2d(channels, planes, kernel, 2, kernel // 2)
        self.see = nn.Conv2d(planes, planes, 3, 1, 1)
        # Normalised by groups, not by batch: absent and padded pictures must not count.
        self.first, self.second = nn.GroupNorm(4, planes), nn.GroupNorm(4, planes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(self.halve(x)))
        return F.relu(x + self.second(self.see(x)))


class ImageEncoder(nn.Module):
    """[B, T, C, H, W] to [B, T, D]; one picture is T = 1.

    Args:
        shape: (C, H, W).
        width: D.
        planes: Of each stage, multiples of 4; a stage halves height and width.
        dropout: Share of units dropped before the projection.
    """

    def __init__(
        self, shape: tuple[int, ...], width: int, planes: tuple[int, ...] = (16, 32), dropout: float = 0.2
    ) -> None:
        super().__init__()
        channels, height, across = shape
        self.standardise = Standardise((channels, 1, 1))
        sizes = [channels, *planes]
        kernels = [5, *(3 for _ in planes[1:])]
        self.stages = nn.Sequential(
            *(_Stage(a, b, k) for a, b, k in zip(sizes[:-1], sizes[1:], kernels, strict=True))
        )
        for _ in planes:
            height, across = -(-height // 2), -(-across // 2)
        # Where a stroke is tells a digit, so all places are read, as in `encoders.frames`.
        self.project = nn.Linear(planes[-1] * height * across, width)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, pictures: Steps) -> Steps:
        """Return one vector a picture."""
        steps = self.standardise(pictures)
        maps = self.stages(steps.values.flatten(0, 1)).flatten(1)
        values = self.norm(self.project(self.dropout(maps))).unflatten(0, tuple(steps.keep.shape))
        return Steps(values * steps.keep.unsqueeze(2), steps.keep, steps.times)
