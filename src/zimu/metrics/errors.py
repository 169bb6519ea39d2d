"""Word and character error rates, with the alignment they come from.

Of all alignments with the fewest errors one with the most equal tokens is taken, so that the three kinds of
errors are well defined.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zimu.metrics.corpus import Corpus, IntArray

__all__ = ["Alignment", "align", "error_counts", "error_rate"]

Tokens = Sequence[Hashable]

# An error costs this much and a deletion one less: fewest errors first, then most deletions, which leave the
# fewest substitutions and so the most equal tokens. Captions are shorter than this.
_ERROR = 1 << 20
_DELETION = _ERROR - 1
_PAIRS, _CELLS = 1 << 12, 1 << 19  # pairs of captions handled at once, and cells of a row of all of them


@dataclass(frozen=True)
class Alignment:
    """How a candidate differs from a reference.

    Attributes:
        steps: From left to right (operation, reference token or None, candidate token or None); the
            operation is "equal", "substitute", "delete" or "insert".
    """

    steps: tuple[tuple[str, Hashable | None, Hashable | None], ...]

    @property
    def substitutions(self) -> int:
        """Reference tokens that were replaced."""
        return self._count("substitute")

    @property
    def deletions(self) -> int:
        """Reference tokens that the candidate lacks."""
        return self._count("delete")

    @property
    def insertions(self) -> int:
        """Candidate tokens that the reference lacks."""
        return self._count("insert")

    @property
    def errors(self) -> int:
        """Substitutions, deletions and insertions together."""
        return self.substitutions + self.deletions + self.insertions

    def _count(self, operation: str) -> int:
        return sum(step[0] == operation for step in self.steps)


def align(reference: Tokens, candidate: Tokens) -> Alignment:
    """Align two lists of tokens.

    >>> [step[0] for step in align("a dog ran".split(), "a big dog".split()).steps]
    ['equal', 'insert', 'equal', 'delete']
    """
    costs = _costs(reference, candidate)
    steps: list[tuple[str, Hashable | None, Hashable | None]] = []
    i, j = len(reference), len(candidate)
    while i or j:
        here = costs[i][j]
        differ = bool(i and j) and reference[i - 1] != candidate[j - 1]
        if i and j and costs[i - 1][j - 1] + differ * _ERROR == here:
            i, j = i - 1, j - 1
            steps.append(("substitute" if differ else "equal", reference[i], candidate[j]))
        elif i and costs[i - 1][j] + _DELETION == here:
            i -= 1
            steps.append(("delete", reference[i], None))
        else:
            j -= 1
            steps.append(("insert", None, candidate[j]))
    return Alignment(tuple(reversed(steps)))


def _costs(reference: Tokens, candidate: Tokens) -> list[list[int]]:
    """Return the least cost between each pair of beginnings, [reference + 1][candidate + 1]."""
    rows = [[j * _ERROR for j in range(len(candidate) + 1)]]
    for token in reference:
        above = rows[-1]
        row = [above[0] + _DELETION]
        for j, other in enumerate(candidate):
            pair = above[j] + (token != other) * _ERROR
            row.append(min(pair, above[j + 1] + _DELETION, row[j] + _ERROR))
        rows.append(row)
    return rows


def error_counts(corpus: Corpus) -> IntArray:
    """Count the errors of each item; of several references the one with the lowest rate counts.

    Args:
        corpus: The captions; of two references with the same rate the earlier is taken.

    Returns:
        int64 [M, 4]: substitutions, deletions, insertions, tokens of the reference.

    >>> error_counts(Corpus.from_texts([["a dog ran"]], ["a big dog"])).tolist()
    [[0, 1, 1, 3]]
    """
    captions = np.flatnonzero(~corpus.is_candidate)
    errors, deletions = _all_errors(corpus, captions)
    lengths = corpus.lengths[captions]
    rates = errors / np.maximum(1, lengths)
    item = corpus.item_of[captions]
    order = np.lexsort((captions, rates, item))
    best = order[np.searchsorted(item, np.arange(corpus.items))]
    insertions = deletions + corpus.lengths[corpus.firsts[:-1]][item] - lengths
    counts = np.column_stack([errors - deletions - insertions, deletions, insertions, lengths])
    return counts[best]


def error_rate(counts: IntArray) -> float:
    """Return all errors divided by all reference tokens; it may exceed 1.

    Args:
        counts: int64 [M, 4], from `error_counts`. With no reference token at all the divisor is 1.
    """
    totals = counts.sum(axis=0)
    return float(totals[:3].sum() / max(1, totals[3]))


def _all_errors(corpus: Corpus, captions: IntArray) -> tuple[IntArray, IntArray]:
    """Return the errors and the deletions between each reference and its candidate."""
    candidates = corpus.firsts[:-1][corpus.item_of[captions]]
    lengths, widths = corpus.lengths[captions], corpus.lengths[candidates]
    order = np.lexsort((widths, lengths))  # alike sizes together, so that little is padded
    errors, deletions = np.zeros(len(captions), np.int64), np.zeros(len(captions), np.int64)
    start = 0
    while start < len(order):
        some = order[start : start + _PAIRS]
        some = some[: max(1, _CELLS // (int(widths[some].max()) + 1))]
        cost = _batch(corpus, captions[some], candidates[some])
        errors[some], deletions[some] = -(-cost // _ERROR), -cost % _ERROR
        start += len(some)
    return errors, deletions


def _batch(corpus: Corpus, references: IntArray, candidates: IntArray) -> IntArray:
    """Return the least cost of each pair, all tables filled row by row at once."""
    other = _padded(corpus, candidates, -1)
    rows = _padded(corpus, references, -2)
    lengths, widths = corpus.lengths[references], corpus.lengths[candidates]
    slope = np.arange(other.shape[1] + 1) * _ERROR
    cost = np.tile(slope, (len(references), 1))
    final = cost[np.arange(len(cost)), widths]
    for i in range(rows.shape[1]):
        step = np.empty_like(cost)
        step[:, 0] = cost[:, 0] + _DELETION
        pair = cost[:, :-1] + (rows[:, i, None] != other) * _ERROR
        np.minimum(pair, cost[:, 1:] + _DELETION, out=step[:, 1:])
        # An insertion costs the same everywhere, so a running minimum along the row does them all.
        cost = np.minimum.accumulate(step - slope, axis=1) + slope
        here = np.flatnonzero(lengths == i + 1)
        final[here] = cost[here, widths[here]]
    return final


def _padded(corpus: Corpus, captions: IntArray, fill: int) -> npt.NDArray[np.int64]:
    """Return int64 [captions, longest], the tokens of captions."""
    lengths = corpus.lengths[captions]
    column = np.arange(int(lengths.max(initial=0)))
    inside = column < lengths[:, None]
    at = np.where(inside, corpus.starts[captions][:, None] + column, 0)
    out = np.full(at.shape, fill, np.int64)
    out[inside] = corpus.ids[at[inside]]
    return out
