"""Points a moment: the joints of a skeleton, whose order means something, or a cloud without one."""

from __future__ import annotations

from typing import Literal

from torch import nn

from zimu.model.encoders.series import StridedConvs
from zimu.model.encoders.standardise import Standardise
from zimu.model.steps import Steps

__all__ = ["PointsEncoder"]


class PointsEncoder(nn.Module):
    """[B, T, P, C] to [B, T', D].

    Ordered points are one long vector a moment; a cloud goes point by point through one network, and the
    largest value of each unit speaks for all, so the order of the points changes nothing.

    Args:
        shape: (P, C).
        width: D.
        kind: "ordered" or "cloud".
        strides: Of the convolutions over time, one a layer.
        kernel: Odd number of steps seen by a layer.
        dropout: Share of units dropped.

    Source: Qi et al. 2017 (arXiv:1612.00593), section 4.2, for clouds. Departs: no spatial transformers.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int,
        kind: Literal["ordered", "cloud"] = "ordered",
        strides: tuple[int, ...] = (2, 2),
        kernel: int = 5,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        points, channels = shape
        self.kind = kind
        # Points of a cloud have no place of their own: all share a mean and a spread an axis.
        self.standardise = Standardise(shape if kind == "ordered" else (1, channels))
        self.point = nn.Sequential(nn.Linear(channels, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        if kind == "ordered":
            self.point = nn.Sequential()
        self.convs = StridedConvs(points * channels if kind == "ordered" else width, width, strides, kernel)
        self.dropout = nn.Dropout(dropout)

    def forward(self, points: Steps) -> Steps:
        """Return encoded moments."""
        steps = self.standardise(points)
        values = steps.values.flatten(2) if self.kind == "ordered" else self.point(steps.values).amax(2)
        encoded: Steps = self.convs(values, steps.keep, steps.times)
        return Steps(self.dropout(encoded.values), encoded.keep, encoded.times)
