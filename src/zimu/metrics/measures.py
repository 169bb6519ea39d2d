"""A measure: statistics per item that add up, and how sums of them become a score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from zimu.metrics.ngrams import Bleu, bleu_of_many

__all__ = ["FloatArray", "Measure", "bleu_measure", "mean_measure", "rate_measure"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """One score of a set of items.

    Attributes:
        value: The score of all items together.
        counts: float64 [M, S], statistics of each item.
        combine: Takes summed statistics [B, S], gives scores [B]; it serves resampling, so its last bit
            may differ from `value`.
        each: Gives the score of every item by itself, float64 [M].
        higher_is_better: False for error rates.
    """

    value: float
    counts: FloatArray = field(repr=False)
    combine: Callable[[FloatArray], FloatArray] = field(repr=False)
    each: Callable[[], FloatArray] = field(repr=False)
    higher_is_better: bool = True

    @cached_property
    def items(self) -> FloatArray:
        """float64 [M], the score of each item by itself."""
        return self.each()


def mean_measure(items: FloatArray, *, higher_is_better: bool = True) -> Measure:
    """Return a measure whose value is the mean of the items' scores [M]."""
    counts = np.column_stack([items, np.ones(len(items))])
    value = float(np.mean(items)) if len(items) else 0.0
    return Measure(value, counts, _ratio, lambda: items, higher_is_better)


def rate_measure(errors: npt.NDArray[np.int64], totals: npt.NDArray[np.int64]) -> Measure:
    """Return a measure whose value is all errors [M] divided by all totals [M]; lower is better."""
    counts = np.column_stack([errors, totals]).astype(np.float64)
    value = float(errors.sum() / max(1, totals.sum())) if len(errors) else 0.0
    return Measure(value, counts, _ratio, lambda: _ratio(counts), False)


def bleu_measure(bleu: Bleu, order: int) -> Measure:
    """Return BLEU of one order, 1 to 4."""

    def combine(sums: FloatArray) -> FloatArray:
        return bleu_of_many(sums)[:, order - 1]

    return Measure(bleu.corpus[order - 1], bleu.statistics, combine, lambda: bleu.items[:, order - 1])


def _ratio(sums: FloatArray) -> FloatArray:
    return sums[:, 0] / np.maximum(1.0, sums[:, 1])
