"""Retrieval: how high the right entry stands, from pictures to captions and from captions to pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError
from zimu.metrics.bootstrap import Resampling
from zimu.metrics.card import Conditions, Score
from zimu.metrics.measures import FloatArray, Measure, known_items, mean_measure

__all__ = ["rank_measures", "retrieval", "retrieval_scores"]

_CUTS = (1, 5, 10)


def retrieval(
    similarity: npt.NDArray[np.floating],
    owner: Sequence[int] | npt.NDArray[np.integer],
    prefix: tuple[str, str] = ("", "back_"),
) -> dict[str, Measure]:
    """Return retrieval measures both ways.

    Args:
        similarity: [Q, C], higher is more alike, for instance of Q pictures and C captions.
        owner: int [C], the row to which each column belongs; a row may own several columns.
        prefix: What stands before the names of the two directions, rows to columns and back.

    Returns:
        `recall_at_1`, `recall_at_5`, `recall_at_10` (share of queries with a right entry among the first k),
        `median_rank`, `mean_rank` (of the first right entry, from 1) and `map` (mean average precision), and
        the same with `back_`, where columns are the queries.

    Raises:
        ConfigError: Shapes do not fit, a row owns no column, or a similarity is not a number.
    """
    similarity, owner = np.asarray(similarity), np.asarray(owner, np.int64)
    if similarity.ndim != 2 or owner.shape != similarity.shape[1:]:
        raise ConfigError(
            f"Similarities of shape {similarity.shape} do not fit owners of shape {owner.shape}. Give one "
            "owner a column."
        )
    if np.isnan(similarity).any():
        raise ConfigError("Some similarities are not numbers. Check the features for empty or constant rows.")
    rows = np.arange(len(similarity))
    without = np.setdiff1d(rows, owner)
    if len(without) or (len(owner) and (owner.min() < 0 or owner.max() >= len(rows))):
        raise ConfigError(f"Every row must own a column, and every owner be a row from 0 to {len(rows) - 1}.")
    relevant = owner[None, :] == rows[:, None]
    there = rank_measures(similarity, relevant)
    back = rank_measures(similarity.T, relevant.T)
    return {f"{prefix[0]}{k}": m for k, m in there.items()} | {f"{prefix[1]}{k}": m for k, m in back.items()}


def rank_measures(
    similarity: npt.NDArray[np.floating], relevant: npt.NDArray[np.bool_]
) -> dict[str, Measure]:
    """Return the measures of one direction.

    Entries with equal similarities are ranked to the query's disadvantage, so that a constant model finds
    nothing.

    Args:
        similarity: [Q, C], rows are queries.
        relevant: bool [Q, C], which entries are right; each row has one or more.
    """
    first = np.empty(len(similarity))
    precision = np.empty(len(similarity))
    for row, (scores, right) in enumerate(zip(similarity, relevant, strict=True)):
        wrong = np.sort(scores[~right])
        hits = np.sort(scores[right])[::-1]
        # Wrong entries that are at least as alike stand before.
        ranks = len(wrong) - np.searchsorted(wrong, hits, "left") + np.arange(1, len(hits) + 1)
        first[row] = ranks[0]
        precision[row] = np.mean(np.arange(1, len(hits) + 1) / ranks)
    out = {f"recall_at_{k}": mean_measure((first <= k).astype(np.float64)) for k in _CUTS}
    out["median_rank"] = _median_measure(first)
    out["mean_rank"] = mean_measure(first, higher_is_better=False)
    out["map"] = mean_measure(precision)
    return out


def retrieval_scores(
    similarity: npt.NDArray[np.floating],
    owner: Sequence[int] | npt.NDArray[np.integer],
    *,
    split: str = "",
    draws: int = 1000,
    seed: int = 12345,
) -> dict[str, Score]:
    """Return retrieval measures both ways with intervals over queries and signatures.

    Args:
        similarity: [Q, C], as for `retrieval`.
        owner: int [C], as for `retrieval`; its hash stands in the signature.
        split: The name of the part of the data, for the signature.
        draws: Bootstrap samples; each direction draws its own queries.
        seed: Of the bootstrap.

    Raises:
        ConfigError: As `retrieval`.
    """
    measures = retrieval(similarity, owner)
    owners = np.asarray(owner, np.int64)
    data = hashlib.sha256(owners.tobytes()).hexdigest()[:12]
    right = np.bincount(owners)
    out: dict[str, Score] = {}
    for names, answers in (
        ([n for n in measures if not n.startswith("back_")], right),
        ([n for n in measures if n.startswith("back_")], np.ones(len(owners), np.int64)),
    ):
        resampling = Resampling({n: measures[n] for n in names}, draws, seed)
        spread = f"{answers.min()}" if answers.min() == answers.max() else f"{answers.min()}-{answers.max()}"
        conditions = Conditions(len(answers), spread, "none", split, data)
        ids = range(len(answers))
        out |= {n: Score(n, measures[n].value, conditions, ids, measures[n], resampling) for n in names}
    return out


def _median_measure(ranks: FloatArray) -> Measure:
    """Return the median; its statistics are one column for each rank that occurs."""
    values, column = np.unique(ranks, return_inverse=True)
    counts = np.zeros((len(ranks), len(values)), np.float64)
    counts[np.arange(len(ranks)), column] = 1

    value = float(np.median(ranks))
    return Measure(value, counts, partial(_medians, values), partial(known_items, ranks), False)


def _medians(values: FloatArray, sums: FloatArray) -> FloatArray:
    """Return the median of each row of counts [B, values]."""
    up = np.cumsum(sums, axis=1)
    total = up[:, -1:]
    low = values[np.argmax(up >= total / 2, axis=1)]
    high = values[np.argmax(up > total / 2, axis=1)]
    return np.asarray((low + high) / 2)
