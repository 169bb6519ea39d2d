"""BLEU as the COCO caption server computes it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from zimu.metrics.corpus import Corpus, IntArray
from zimu.metrics.grams import ORDERS, Table, iter_tables

__all__ = ["Bleu", "BleuCounter", "bleu", "bleu_of", "bleu_of_many"]

_SMALL, _TINY = 1e-9, 1e-15


@dataclass(frozen=True)
class Bleu:
    """The counts that BLEU rests on. Counts of several sets may be stacked or added.

    Attributes:
        counts: int64 [M, 10]: candidate length, chosen reference length, n-grams of orders 1 to 4 in the
            candidate, and those found in a reference.
    """

    counts: IntArray

    @cached_property
    def corpus(self) -> tuple[float, float, float, float]:
        """BLEU-1 to BLEU-4 of all items together, 0 to 1."""
        one, two, three, four = bleu_of(self.counts.sum(axis=0))
        return one, two, three, four

    @cached_property
    def statistics(self) -> npt.NDArray[np.float64]:
        """float64 [M, 10], the counts as floats."""
        return self.counts.astype(np.float64)

    @cached_property
    def items(self) -> npt.NDArray[np.float64]:
        """float64 [M, 4], BLEU-1 to BLEU-4 of each item by itself."""
        return np.array([bleu_of(row) for row in self.counts]).reshape(-1, ORDERS)


def bleu_of(counts: IntArray) -> list[float]:
    """Return BLEU-1 to BLEU-4 of one row of counts.

    Args:
        counts: [10], see `Bleu.counts`.

    Source: Papineni et al. 2002, section 2.3.
    Departs: the constants of the COCO caption server, which keep a factor of zero from making the product
        zero and make a perfect score a little less than 1.
    """
    values = counts.tolist()
    length, wanted = values[:2]
    ratio = (length + _TINY) / (wanted + _SMALL)
    penalty = math.exp(1 - 1 / ratio) if ratio < 1 else 1.0
    product, out = 1.0, []
    for k in range(ORDERS):
        product *= (values[6 + k] + _TINY) / (values[2 + k] + _SMALL)
        out.append(product ** (1.0 / (k + 1)) * penalty)
    return out


def bleu_of_many(sums: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return float64 [B, 4], BLEU-1 to BLEU-4 of many rows of counts [B, 10].

    For resampling: `bleu_of` differs in the last bit where NumPy's power and exponential do.
    """
    ratio = (sums[:, 0] + _TINY) / (sums[:, 1] + _SMALL)
    penalty = np.exp(np.minimum(0.0, 1 - 1 / ratio))
    factors = (sums[:, 6:] + _TINY) / (sums[:, 2:6] + _SMALL)
    return np.asarray(np.cumprod(factors, axis=1) ** (1 / np.arange(1, ORDERS + 1)) * penalty[:, None])


class BleuCounter:
    """Takes the n-gram tables of a corpus one after the other and counts for BLEU."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._counts = np.zeros((corpus.items, 2 + 2 * ORDERS), np.int64)
        length = corpus.lengths[corpus.firsts[:-1]]
        self._counts[:, 0] = length
        self._counts[:, 1] = _closest(corpus)
        for k in range(ORDERS):
            self._counts[:, 2 + k] = np.maximum(0, length - k)

    def take(self, table: Table) -> None:
        """Count the clipped matches of one order."""
        if not len(table.shared):
            return
        opens = np.flatnonzero(np.diff(table.mates, prepend=-1))
        most = np.maximum.reduceat(table.counts[table.shared], opens)
        of_candidate = table.mates[opens]
        clipped = np.minimum(most, table.counts[of_candidate])
        item = self._corpus.item_of[table.captions[of_candidate]]
        self._counts[:, 1 + ORDERS + table.order] = np.bincount(item, clipped, self._corpus.items)

    def result(self) -> Bleu:
        """Return the counts of all orders taken."""
        return Bleu(self._counts)


def bleu(corpus: Corpus) -> Bleu:
    """Count a corpus for BLEU.

    >>> corpus = Corpus.from_texts([["a dog runs on grass"]], ["a dog runs"])
    >>> bleu(corpus).counts[0].tolist()
    [3, 5, 3, 2, 1, 0, 3, 2, 1, 0]
    """
    counter = BleuCounter(corpus)
    for table in iter_tables(corpus):
        counter.take(table)
    return counter.result()


def _closest(corpus: Corpus) -> IntArray:
    """Return of each item the reference length closest to the candidate's; the shorter one of two."""
    if not corpus.items:
        return np.zeros(0, np.int64)
    wide = int(corpus.lengths.max()) + 1
    far = np.abs(corpus.lengths - corpus.lengths[corpus.firsts[:-1]][corpus.item_of])
    rank = far * wide + corpus.lengths
    rank[corpus.is_candidate] = np.iinfo(np.int64).max
    return np.minimum.reduceat(rank, corpus.firsts[:-1]) % wide
