"""A measure: statistics per item that add up, and how sums of them become a score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from zimu.metrics.ngrams import Bleu, bleu_of_many

__all__ = ["FloatArray", "Measure", "bleu_measure", "known_items", "mean_measure", "rate_measure"]

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
    return Measure(value, counts, _ratio, partial(known_items, items), higher_is_better)


def rate_measure(errors: npt.NDArray[np.int64], totals: npt.NDArray[np.int64]) -> Measure:
    """Return a measure whose value is all errors [M] divided by all totals [M]; lower is better."""
    counts = np.column_stack([errors, totals]).astype(np.float64)
    value = float(errors.sum() / max(1, totals.sum())) if len(errors) else 0.0
    return Measure(value, counts, _ratio, partial(_ratio, counts), False)


def bleu_measure(bleu: Bleu, order: int) -> Measure:
    """Return BLEU of one order, 1 to 4."""
    value = bleu.corpus[order - 1]
    return Measure(value, bleu.statistics, partial(_bleu, order), partial(_bleu_items, bleu, order))


def known_items(items: FloatArray) -> FloatArray:
    """Return the items' scores [M], for a measure that knows them already."""
    return items


# Functions with a name instead of lambdas, so that cards can be sent between processes.


def _ratio(sums: FloatArray) -> FloatArray:
    return np.asarray(sums[:, 0] / np.maximum(1.0, sums[:, 1]))


def _bleu(order: int, sums: FloatArray) -> FloatArray:
    return bleu_of_many(sums)[:, order - 1]


def _bleu_items(bleu: Bleu, order: int) -> FloatArray:
    return bleu.items[:, order - 1]
