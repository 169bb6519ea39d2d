"""Word and character error rates, with the alignment they come from."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Alignment", "align", "error_counts", "error_rate"]

Tokens = Sequence[Hashable]


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
        return sum(step[0] != "equal" for step in self.steps)

    def _count(self, operation: str) -> int:
        return sum(step[0] == operation for step in self.steps)


def align(reference: Tokens, candidate: Tokens) -> Alignment:
    """Align two lists of tokens with the fewest errors.

    Of several such alignments, read from the right end, one that takes a pair of tokens (equal or
    substituted) is preferred to a deletion, and that to an insertion.

    >>> [step[0] for step in align("a dog ran".split(), "a big dog".split()).steps]
    ['equal', 'insert', 'equal', 'delete']
    """
    cost = _costs(reference, candidate)
    steps: list[tuple[str, Hashable | None, Hashable | None]] = []
    i, j = len(reference), len(candidate)
    while i or j:
        here = cost[i][j]
        if i and j and cost[i - 1][j - 1] + (reference[i - 1] != candidate[j - 1]) == here:
            i, j = i - 1, j - 1
            same = reference[i] == candidate[j]
            steps.append(("equal" if same else "substitute", reference[i], candidate[j]))
        elif i and cost[i - 1][j] + 1 == here:
            i -= 1
            steps.append(("delete", reference[i], None))
        else:
            j -= 1
            steps.append(("insert", None, candidate[j]))
    return Alignment(tuple(reversed(steps)))


def _costs(reference: Tokens, candidate: Tokens) -> list[list[int]]:
    """Return the fewest errors between each pair of beginnings, [reference + 1][candidate + 1]."""
    rows = [list(range(len(candidate) + 1))]
    for i, token in enumerate(reference, 1):
        above, row = rows[-1], [i]
        for j, other in enumerate(candidate):
            row.append(min(above[j] + (token != other), above[j + 1] + 1, row[j] + 1))
        rows.append(row)
    return rows


def error_counts(
    references: Sequence[Sequence[Tokens]], candidates: Sequence[Tokens]
) -> npt.NDArray[np.int64]:
    """Count errors; of several references the one with the lowest rate is taken, the earlier of two.

    Args:
        references: An item's references as lists of tokens, M items.
        candidates: One list of tokens an item.

    Returns:
        int64 [M, 4]: substitutions, deletions, insertions, tokens of the reference.
    """
    out = np.zeros((len(candidates), 4), np.int64)
    for row, (refs, candidate) in enumerate(zip(references, candidates, strict=True)):
        best = (
            min(refs, key=lambda r: _rate(_costs(r, candidate)[-1][-1], len(r))) if len(refs) > 1 else refs[0]
        )
        found = align(best, candidate)
        out[row] = found.substitutions, found.deletions, found.insertions, len(best)
    return out


def error_rate(counts: npt.NDArray[np.int64]) -> float:
    """Return all errors divided by all reference tokens; may exceed 1.

    Args:
        counts: int64 [M, 4], from `error_counts`. With no reference token at all the rate is 0 if nothing
            was inserted, else the number of insertions.
    """
    totals = counts.sum(axis=0)
    return _rate(int(totals[:3].sum()), int(totals[3]))


def _rate(errors: int, tokens: int) -> float:
    return errors / max(1, tokens)
