"""ROUGE-L as the COCO caption server computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from zimu.metrics.corpus import Corpus, IntArray
from zimu.metrics.grams import Table, iter_tables

__all__ = ["RougeCounter", "rouge_l"]

_BETA = 1.2
_WORD = 64  # bits of the integers in which a candidate's tokens are marked


class RougeCounter:
    """Takes the table of order 1 and finds longest common subsequences, all pairs of captions at once."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._common: IntArray = np.zeros(len(corpus.lengths), np.int64)

    def take(self, table: Table) -> None:
        """Find the longest common subsequences from the unigrams."""
        if table.order == 1:
            self._common = _common_lengths(self._corpus, table)

    def result(self) -> npt.NDArray[np.float64]:
        """Return float64 [M], the score of each item, 0 to 1."""
        corpus = self._corpus
        if not corpus.items:
            return np.zeros(0)
        lengths = corpus.lengths
        empty = lengths == 0
        # Splitting an empty text at blanks gives one empty token, which two empty captions share.
        common = np.where(empty & empty[corpus.firsts[:-1]][corpus.item_of], 1, self._common)
        recalls = common / np.maximum(1, lengths)
        common[corpus.is_candidate] = 0
        recalls[corpus.is_candidate] = 0
        candidate = np.maximum(1, lengths[corpus.firsts[:-1]])
        p = np.maximum.reduceat(common, corpus.firsts[:-1]) / candidate
        r = np.maximum.reduceat(recalls, corpus.firsts[:-1])
        score = np.zeros(corpus.items)
        np.divide((1 + _BETA**2) * p * r, r + _BETA**2 * p, out=score, where=p > 0)
        return score


def rouge_l(corpus: Corpus) -> npt.NDArray[np.float64]:
    """Return float64 [M], each item's ROUGE-L, 0 to 1; their mean is the corpus's score.

    Source: Lin 2004, section 3.
    Departs: precision and recall are each the best over the references, independently, as in the COCO
        caption server; beta is 1.2.
    """
    corpus = corpus.by_blank or corpus
    counter = RougeCounter(corpus)
    counter.take(next(iter_tables(corpus)))
    return counter.result()


def _common_lengths(corpus: Corpus, table: Table) -> IntArray:
    """Return int64 [C], how long each reference's longest common subsequence with its candidate is."""
    out = np.zeros(len(corpus.lengths), np.int64)
    short = corpus.lengths[corpus.firsts[:-1]][corpus.item_of] <= _WORD
    marks = _marks(corpus, table)
    captions = np.flatnonzero(short & ~corpus.is_candidate & (corpus.lengths > 0))
    captions = captions[np.argsort(-corpus.lengths[captions], kind="stable")]
    lengths = corpus.lengths[captions]
    starts = corpus.starts[captions]
    left = np.full(len(captions), ~np.uint64(0))
    for step in range(int(lengths[0]) if len(lengths) else 0):
        live = int(np.searchsorted(-lengths, -step, side="left"))
        mark, row = marks[starts[:live] + step], left[:live]
        hit = row & mark
        left[:live] = (row + hit) | (row & ~mark)
    out[captions] = _ones(~left)
    for caption in np.flatnonzero(~short & ~corpus.is_candidate):
        out[caption] = _long_common(corpus, int(caption))
    return out


def _marks(corpus: Corpus, table: Table) -> npt.NDArray[np.uint64]:
    """Return uint64 [N]: of each reference's token, the places where the candidate has it, as bits."""
    marks = np.zeros(len(corpus.ids), np.uint64)
    if not len(table.mates):
        return marks
    opens = np.diff(table.mates, prepend=-1) != 0  # runs come in order, and so do their mates
    mates = table.mates[opens]
    many = table.counts[mates]
    run_starts = np.cumsum(many) - many
    place = table.places[_ranges(table.firsts[mates], many)]
    inside = place - np.repeat(corpus.starts[table.captions[mates]], many)
    bits = np.uint64(1) << (inside.astype(np.uint64) & np.uint64(_WORD - 1))
    of_run = np.bitwise_or.reduceat(bits, run_starts)
    many = table.counts[table.shared]
    place = table.places[_ranges(table.firsts[table.shared], many)]
    marks[place] = np.repeat(of_run[np.cumsum(opens) - 1], many)
    return marks


def _ranges(starts: IntArray, sizes: IntArray) -> IntArray:
    """Return start, start + 1, ... of each range, one after the other."""
    ends = np.cumsum(sizes)
    return np.repeat(starts - ends + sizes, sizes) + np.arange(int(ends[-1]))


def _ones(bits: npt.NDArray[np.uint64]) -> IntArray:
    """Return how many bits are set, by adding neighbours in pairs, fours and eights."""
    word = np.uint64
    bits = bits - ((bits >> word(1)) & word(0x5555555555555555))
    bits = (bits & word(0x3333333333333333)) + ((bits >> word(2)) & word(0x3333333333333333))
    bits = (bits + (bits >> word(4))) & word(0x0F0F0F0F0F0F0F0F)
    return ((bits * word(0x0101010101010101)) >> word(56)).astype(np.int64)


def _long_common(corpus: Corpus, caption: int) -> int:
    """Return the longest common subsequence's length of one reference and its candidate of any length.

    Source: Hyyrö 2004, "Bit-parallel LCS-length computation revisited", on Python's long integers.
    """
    starts, ids = corpus.starts, corpus.ids
    candidate = int(corpus.firsts[corpus.item_of[caption]])
    marks: dict[int, int] = {}
    tokens = ids[starts[candidate] : starts[candidate + 1]].tolist()
    for i, token in enumerate(tokens):
        marks[token] = marks.get(token, 0) | 1 << i
    full = (1 << len(tokens)) - 1
    left = full
    for token in ids[starts[caption] : starts[caption + 1]].tolist():
        hit = left & marks.get(token, 0)
        left = ((left + hit) | (left - hit)) & full
    return len(tokens) - left.bit_count()
