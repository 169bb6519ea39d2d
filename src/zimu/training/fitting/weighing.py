"""How much each member counts, learned on the validation part for every set of streams that may be there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from zimu.prediction.fusing import pooled
from zimu.prediction.specs import Mix
from zimu.tasks.temperature import conformal_width, fit_temperature, log_softmax

__all__ = ["weigh"]

Array = npt.NDArray[np.float64]

# Equal weights and a temperature of 1 count as much as so many validation rows: a few dozen rows cannot tell
# good members apart, and make an answer too sure or too shy.
_PRIOR_ROWS = 8.0
# A member that counts less than this is left out: it costs time and says nothing.
_LEAST = 0.02


def weigh(scores: Mapping[str, Array], truth: npt.NDArray[Any], task: str, *, coverage: float = 0.9) -> Mix:
    """Return the weights with which the members' pooled scores explain held-out targets best.

    Args:
        scores: {member: logits or standardised numbers [N, K]} of rows that were not trained on.
            With no member at all the answer is what is usual.
        truth: int64 [N], 0/1 [N, K] or standardised float64 [N].
        task: "classify", "regress" or "label".
        coverage: Of a regression's interval.
    """
    names = sorted(scores)
    if not names:
        return Mix(weights={}, width=_width(truth, coverage) if task == "regress" else None)
    if len(names) == 1 or not len(truth):
        shares = np.full(len(names), 1 / len(names))
    else:
        shares = _solve([_shaped(scores[n], task) for n in names], truth, task)
        shares = np.where(shares < _LEAST, 0, shares)
        shares = shares / shares.sum()
    weights = {n: float(w) for n, w in zip(names, shares, strict=True) if w > 0}
    found = pooled(scores, weights, task)
    if task == "regress":
        return Mix(weights=weights, width=_width(found[:, 0] - truth, coverage))
    temperature = fit_temperature(found, truth, several=task == "label", prior_rows=_PRIOR_ROWS)
    return Mix(weights=weights, temperature=temperature)


def _width(errors: Array, coverage: float) -> float | None:
    width = conformal_width(errors, coverage)
    # Too few rows for the coverage: the largest error seen is the best there is.
    if not np.isfinite(width):
        width = float(np.abs(errors).max()) if len(errors) else float("nan")
    return width if np.isfinite(width) else None


def _shaped(scores: Array, task: str) -> Array:
    return log_softmax(scores) if task == "classify" else np.asarray(scores, np.float64)


def _solve(scores: Sequence[Array], truth: npt.NDArray[Any], task: str) -> Array:
    """Return shares that sum to 1, by quasi-Newton over their logarithms and, for classes, a sharpness."""
    stacked, rows = np.stack(scores), len(truth)
    even = 1 / len(scores)

    def value(at: Array) -> tuple[float, Array]:
        shares = np.exp(log_softmax(at[:-1]))
        sharp = float(np.exp(at[-1])) if task != "regress" else 1.0
        mixed = np.einsum("m,mnk->nk", shares, stacked)
        loss, slope = _loss(sharp * mixed, truth, task)
        by_share = sharp * np.einsum("nk,mnk->m", slope, stacked)
        penalty = _PRIOR_ROWS / rows
        loss += penalty * float((even * np.log(even / shares)).sum()) + 0.01 * at[-1] ** 2
        # The penalty is the divergence of even shares from these ones.
        slope_at = shares * (by_share - shares @ by_share) + penalty * (shares - even)
        sharpness = sharp * float((slope * mixed).sum()) if task != "regress" else 0.0
        return loss, np.append(slope_at, sharpness + 0.02 * at[-1])

    found = minimize(value, np.zeros(len(scores) + 1), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return np.exp(log_softmax(found.x[:-1]))


def _loss(scores: Array, truth: npt.NDArray[Any], task: str) -> tuple[float, Array]:
    """Return the mean loss and its slope in the scores."""
    rows = len(truth)
    if task == "regress":
        apart = scores - truth[:, None]
        return float((apart**2).mean()), 2 * apart / rows
    if task == "label":
        loss = float(np.logaddexp(0.0, np.where(truth > 0, -scores, scores)).mean())
        return loss, (0.5 * (1 + np.tanh(0.5 * scores)) - truth) / scores.size
    logs = log_softmax(scores)
    slope = np.exp(logs)
    slope[np.arange(rows), truth] -= 1
    return float(-logs[np.arange(rows), truth].mean()), slope / rows
