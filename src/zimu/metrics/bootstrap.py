"""Bootstrap intervals over items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from zimu.metrics.measures import FloatArray, Measure

__all__ = ["Resampling", "iter_weights"]

_CELLS = 1 << 20  # draws times items that are drawn at once


@dataclass(frozen=True)
class Resampling:
    """The same samples of items, drawn with replacement, for all scores of a card.

    Document frequencies stay those of the whole set, as in the score itself.

    Attributes:
        measures: Scores of the same items, by name.
        draws: How many samples.
        seed: Seed of NumPy's default generator.

    Source: Efron & Tibshirani 1993, chapter 13; Koehn 2004 for BLEU, Bisani & Ney 2004 for error rates.
    """

    measures: Mapping[str, Measure] = field(repr=False)
    draws: int = 1000
    seed: int = 12345

    @cached_property
    def values(self) -> dict[str, FloatArray]:
        """float64 [draws] by name, each score in each sample."""
        # Scores that share their statistics (BLEU-1 to 4) share the sums, too.
        different = {id(m.counts): m.counts for m in self.measures.values()}
        sums: dict[int, list[FloatArray]] = {key: [] for key in different}
        items = len(next(iter(different.values()))) if different else 0
        for weights in iter_weights(items, self.draws, self.seed):
            for key, counts in different.items():
                sums[key].append(weights @ counts)
        return {name: m.combine(np.concatenate(sums[id(m.counts)])) for name, m in self.measures.items()}

    @cached_property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """The middle 95 % of each score's samples, by name."""
        out = {}
        for name, values in self.values.items():
            low, high = np.percentile(values, [2.5, 97.5])
            out[name] = float(low), float(high)
        return out


def iter_weights(items: int, draws: int, seed: int) -> Iterator[FloatArray]:
    """Yield float64 [some, items], how often each sample has each item, `draws` rows together."""
    generator = np.random.default_rng(seed)
    size = max(1, _CELLS // max(1, items))
    for start in range(0, draws, size):
        rows = min(size, draws - start)
        drawn = generator.integers(0, items, (rows, items), np.int32)
        yield np.stack([np.bincount(row, minlength=items) for row in drawn]).astype(np.float64)
