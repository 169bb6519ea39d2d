"""Scores of systems on the same test rows, with intervals; rows of one group are drawn together.

Source: cluster bootstrap, Davison & Hinkley 1997, section 3.8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.metrics.bootstrap import iter_weights
from zimu.tasks.temperature import log_softmax

__all__ = [
    "HIGHER",
    "METRICS",
    "Difference",
    "Score",
    "area_of",
    "by_metric",
    "difference",
    "items_of",
    "score_of",
]

Array = npt.NDArray[np.float64]

# {task: (the score that is talked about, the one that sees more)}.
METRICS = {
    "classify": ("accuracy", "log_loss"),
    "label": ("label_accuracy", "log_loss"),
    "regress": ("mean_absolute_error", "root_mean_squared_error"),
}
HIGHER = frozenset({"accuracy", "label_accuracy"})
_DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Score:
    """A score with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better one system is than another on the same rows; above 0 is better, whatever the score."""

    value: float
    low: float
    high: float

    @property
    def word(self) -> str:
        """ "better", "worse", or "noise" where the interval holds 0."""
        return "better" if self.low > 0 else "worse" if self.high < 0 else "noise"


def items_of(scores: Array, truth: npt.NDArray[Any], task: str, scale: float = 1.0) -> dict[str, Array]:
    """Return {metric: [N]}, what each row adds to a score.

    Args:
        scores: Logits or standardised numbers [N, K].
        truth: int64 [N], 0/1 [N, K] or standardised float64 [N].
        task: "classify", "regress" or "label".
        scale: Of a regression: what a standardised 1 is in the target's unit.
    """
    first, second = METRICS[task]
    if task == "regress":
        apart = (scores[:, 0] - truth) * scale
        return {first: np.abs(apart), second: apart**2}
    if task == "label":
        loss = np.logaddexp(0.0, np.where(truth > 0, -scores, scores)).mean(axis=1)
        return {first: ((scores > 0) == (truth > 0)).mean(axis=1), second: loss}
    logs = log_softmax(scores)
    right = (logs.argmax(axis=1) == truth).astype(np.float64)
    return {first: right, second: -logs[np.arange(len(truth)), truth]}


def score_of(metric: str, items: Array, groups: Sequence[Any] | None = None) -> Score:
    """Return a score of rows with its interval."""
    value, drawn = _draw(metric, [items], groups)
    low, high = np.percentile(drawn[0], [2.5, 97.5])
    return Score(value[0], float(low), float(high))


def difference(metric: str, ours: Array, other: Array, groups: Sequence[Any] | None = None) -> Difference:
    """Return how much better our rows are than the other system's, with a paired interval."""
    value, drawn = _draw(metric, [ours, other], groups)
    sign = 1 if metric in HIGHER else -1
    low, high = np.percentile(sign * (drawn[0] - drawn[1]), [2.5, 97.5])
    return Difference(sign * (value[0] - value[1]), float(low), float(high))


def area_of(scores: Array, truth: npt.NDArray[Any], groups: Sequence[Any] | None = None) -> Score | None:
    """Return the area under the receiver operating characteristic of two classes, or None.

    Source: the rank statistic of Hanley & McNeil 1982; ties count one half.

    Args:
        scores: Logits [N, 2].
        truth: int64 [N].
        groups: Rows of one group are drawn together.

    Returns:
        None unless there are two classes and both have rows.
    """
    if scores.shape[1] != 2 or len(np.unique(truth)) < 2:
        return None
    margin = scores[:, 1] - scores[:, 0]
    order = np.argsort(margin, kind="stable")
    starts = np.flatnonzero(np.diff(margin[order], prepend=-np.inf) > 0)
    second = truth[order] == 1
    names = (
        np.arange(len(truth))
        if groups is None
        else np.unique([str(g) for g in groups], return_inverse=True)[1]
    )

    def areas(weights: Array) -> Array:
        rows = weights[:, names[order]]
        ones = np.add.reduceat(rows * second, starts, axis=1)
        zeros = np.add.reduceat(rows * ~second, starts, axis=1)
        below = np.cumsum(zeros, axis=1) - zeros / 2
        pairs = ones.sum(axis=1) * zeros.sum(axis=1)
        return np.where(pairs > 0, (ones * below).sum(axis=1) / np.maximum(pairs, 1e-12), np.nan)

    value = float(areas(np.ones((1, int(names.max()) + 1)))[0])
    drawn = np.concatenate([areas(w) for w in iter_weights(int(names.max()) + 1, _DRAWS, seed=12345)])
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Score(value, float(low), float(high))


def _draw(
    metric: str, systems: Sequence[Array], groups: Sequence[Any] | None
) -> tuple[list[float], list[Array]]:
    """Return each system's score and its scores in the same draws of groups."""
    count = len(systems[0])
    names = (
        np.arange(count) if groups is None else np.unique([str(g) for g in groups], return_inverse=True)[1]
    )
    sizes = np.bincount(names).astype(np.float64)
    sums = [np.bincount(names, s) for s in systems]
    drawn: list[list[Array]] = [[] for _ in systems]
    for weights in iter_weights(len(sizes), _DRAWS, seed=12345):
        for number, total in enumerate(sums):
            drawn[number].append((weights @ total) / (weights @ sizes))
    root = metric.startswith("root")
    means = [float(s.mean()) for s in systems]
    values = [np.concatenate(d) for d in drawn]
    return [m**0.5 for m in means] if root else means, [np.sqrt(v) for v in values] if root else values


def by_metric(items: Mapping[str, Array], groups: Sequence[Any] | None) -> dict[str, Score]:
    """Return every score of a system."""
    return {m: score_of(m, values, groups) for m, values in items.items()}
