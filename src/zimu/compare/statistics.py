"""Is a method better, or was it luck? Intervals and tests over seeds and samples together.

A method has a score for each seed and each test sample. Seeds and samples are drawn anew together,
with replacement, samples of one group (a video, a patient) as a whole; a difference of two methods is taken
seed by seed and sample by sample first, so what is hard for both drops out.

Source: Efron & Tibshirani 1993, chapters 13 and 16; two ways at once: the pigeonhole bootstrap, Owen 2007
(arXiv:0712.2568); Holm 1979 for many methods.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.metrics.bootstrap import iter_weights

__all__ = ["Estimate", "Gain", "Resampler"]

FloatArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Gain:
    """How much better one method is than another; positive is better, whatever the score.

    Attributes:
        value: Difference of the means.
        low: Of the 95 % interval.
        high: Of the 95 % interval.
        p: How often a difference as large comes about by the draw of seeds and samples alone.
    """

    value: float
    low: float
    high: float
    p: float


class Resampler:
    """The same draws of seeds and samples for all methods.

    Args:
        seeds: Number of seeds S.
        groups: [N], samples that belong together; None: each stands alone.
        samples: N.
        draws: How many.
        seed: Of the draws.
    """

    def __init__(
        self,
        seeds: int,
        samples: int,
        groups: npt.NDArray[Any] | None = None,
        draws: int = 4000,
        seed: int = 12345,
    ) -> None:
        place = np.arange(samples) if groups is None else np.unique(groups, return_inverse=True)[1]
        self._place, self._count = place, int(place.max()) + 1
        self._sizes = np.bincount(place, minlength=self._count).astype(np.float64)
        self._of_groups = np.concatenate(list(iter_weights(self._count, draws, seed)))
        self._of_seeds = np.concatenate(list(iter_weights(seeds, draws, seed + 1))) / seeds
        self._total = self._of_groups @ self._sizes

    def estimate(self, items: FloatArray) -> Estimate:
        """Return the mean of scores [S, N] with its interval."""
        low, high = np.percentile(self._drawn(items), [2.5, 97.5])
        return Estimate(float(items.mean()), float(low), float(high))

    def gain(self, items: FloatArray, other: FloatArray, higher_is_better: bool) -> Gain:
        """Return how much better scores [S, N] are than others of the same seeds and samples."""
        apart = (items - other) if higher_is_better else (other - items)
        drawn, value = self._drawn(apart), float(apart.mean())
        low, high = np.percentile(drawn, [2.5, 97.5])
        reached = int((np.abs(drawn - value) >= abs(value) - 1e-12).sum())
        return Gain(value, float(low), float(high), (reached + 1) / (len(drawn) + 1))

    def _drawn(self, items: FloatArray) -> npt.NDArray[np.float64]:
        sums = np.stack([np.bincount(self._place, row, self._count) for row in items])
        means = (self._of_groups @ sums.T) / self._total[:, None]
        return np.asarray((means * self._of_seeds).sum(1))
