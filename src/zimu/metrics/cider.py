"""CIDEr and CIDEr-D. What the COCO caption server calls CIDEr is CIDEr-D."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from zimu.metrics.corpus import Corpus, IntArray
from zimu.metrics.frequencies import DocumentFrequencies
from zimu.metrics.grams import ORDERS, Table, iter_tables

__all__ = ["CiderCounter", "cider", "length_factor"]

FloatArray = npt.NDArray[np.float64]

_SIGMA = 6.0


class CiderCounter:
    """Takes the n-gram tables of a corpus one after the other and adds up CIDEr.

    All sums run in the order of the reference implementation, so that not even the last bit differs.

    Args:
        corpus: The captions.
        defended: CIDEr-D (weights clipped, other lengths punished) instead of plain CIDEr.
        frequencies: Document frequencies of another corpus; the tables must then be made without pruning.
    """

    def __init__(
        self, corpus: Corpus, *, defended: bool = True, frequencies: DocumentFrequencies | None = None
    ) -> None:
        self._corpus = corpus
        self._defended = defended
        self._frequencies = frequencies
        documents = max(1, frequencies.documents if frequencies else corpus.items)
        self._logs = np.log(np.arange(1.0, documents + 1.0))
        self._log_documents = self._logs[-1]
        self._sums = np.zeros(corpus.items)
        captions = np.flatnonzero(~corpus.is_candidate)
        self._references = captions
        self._candidates = corpus.firsts[:-1][corpus.item_of[captions]]
        bigrams = np.maximum(0, corpus.lengths - 1)
        self._factor = length_factor(bigrams[self._candidates] - bigrams[captions])
        # A cell for each pair of a candidate's token and a reference, in the order of adding up.
        cells = corpus.lengths[self._candidates]
        self._cell_starts = np.zeros(len(corpus.lengths), np.int64)
        self._cell_starts[captions] = np.cumsum(cells) - cells
        self._cell_reference = np.repeat(np.arange(len(captions)), cells)

    def take(self, table: Table) -> None:
        """Add the similarities of one order."""
        corpus = self._corpus
        documents = self._looked_up(table, self._frequencies) if self._frequencies else table.documents
        idf = self._log_documents - self._logs[np.maximum(0, documents - 1)]
        weights = table.counts * idf[table.grams]
        norms = self._norms(table, weights)
        dots = self._dots(table, weights)
        both = norms[self._candidates] * norms[self._references]
        np.divide(dots, both, out=dots, where=both != 0)
        if self._defended:
            dots *= self._factor
        self._sums += _add_up(corpus.item_of[self._references], dots, corpus.items)

    def result(self) -> FloatArray:
        """Return float64 [M], the score of each item, 0 to 10."""
        return self._sums / ORDERS / self._corpus.reference_counts * 10.0

    def _looked_up(self, table: Table, frequencies: DocumentFrequencies) -> IntArray:
        """Return int64 [G], the document frequency of each n-gram in the other corpus."""
        words, ids = self._corpus.words, self._corpus.ids
        first = table.at[np.flatnonzero(np.diff(table.grams, prepend=-1))]
        grams = [" ".join([str(words[i]) for i in ids[a : a + table.order]]) for a in first.tolist()]
        return np.array([frequencies.counts.get(g, 0) for g in grams], np.int64)

    def _norms(self, table: Table, weights: FloatArray) -> FloatArray:
        squares = np.zeros(len(self._corpus.ids))
        squares[table.at] = weights * weights
        squares[table.alone] = self._log_documents * self._log_documents
        return np.sqrt(_add_up(self._corpus.caption_of, squares, len(self._corpus.lengths)))

    def _dots(self, table: Table, weights: FloatArray) -> FloatArray:
        run, mate = table.shared, table.mates
        of_reference, of_candidate = weights[run], weights[mate]
        if self._defended:
            of_candidate = np.minimum(of_candidate, of_reference)
        cells = np.zeros(len(self._cell_reference))
        place = table.places[table.firsts[mate]] - self._corpus.starts[table.captions[mate]]
        cells[self._cell_starts[table.captions[run]] + place] = of_candidate * of_reference
        return _add_up(self._cell_reference, cells, len(self._references))


def cider(
    corpus: Corpus, *, defended: bool = True, frequencies: DocumentFrequencies | None = None
) -> FloatArray:
    """Return float64 [M], each item's CIDEr-D or plain CIDEr, 0 to 10; their mean is the corpus's score.

    Args:
        corpus: The captions.
        defended: CIDEr-D, which is what papers report as "CIDEr" on COCO.
        frequencies: Document frequencies of another corpus; those of the references where not given.

    Source: Vedantam et al. 2015, equations 1 to 4 and section 6.
    Departs: no stemming, as in the authors' code; the length difference counts bigrams.
    """
    counter = CiderCounter(corpus, defended=defended, frequencies=frequencies)
    for table in iter_tables(corpus, prune=frequencies is None):
        counter.take(table)
    return counter.result()


def length_factor(delta: IntArray) -> FloatArray:
    """Return the factor of CIDEr-D for differences of length.

    Args:
        delta: The difference of two captions' numbers of bigrams.
    """
    apart = np.abs(delta)
    # e raised to a power, not exp(): their last bits differ, and the reference does this.
    table = [math.e ** (-float(d**2) / (2 * _SIGMA**2)) for d in range(int(apart.max(initial=0)) + 1)]
    return np.array(table)[apart]


def _add_up(where: IntArray, values: FloatArray, count: int) -> FloatArray:
    """Add values into `count` bins, strictly in the order given (which reduceat would not keep)."""
    return np.bincount(where, values, count).astype(np.float64, copy=False)  # integers where all is empty
