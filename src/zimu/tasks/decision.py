"""Decision level: one answer of several models' answers, each trained apart on its own stream.

A rule is fitted on validation answers and then takes the answers of those streams that are there. `DECISIONS`
knows them by name. Soft voting is `average`; several classes at once are decided class by class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError, MissingExtraError
from zimu.tasks import FloatArray

__all__ = ["DECISIONS", "Answers", "Decision", "Rule", "combine_masses"]

Answers = Mapping[str, FloatArray]
Rule = Callable[[Answers], FloatArray]

_SMALL = 1e-6
_ROUNDS = 200


@dataclass(frozen=True)
class Decision:
    """A way of making one answer of several.

    Attributes:
        fit: ({stream: answers on validation}, targets) to a rule, which takes {stream: answers} of those
            streams that are there. Answers are probabilities [N, K] of classes, or values [N] of numbers.
        tasks: Those that it serves.
    """

    fit: Callable[[Answers, npt.NDArray[Any]], Rule]
    tasks: tuple[str, ...] = ("classify",)


def _fit_average(answers: Answers, targets: npt.NDArray[Any]) -> Rule:
    """p = Σ pᵢ / N; for classes it is soft voting (Kittler et al. 1998, the sum rule)."""
    return lambda given: np.mean([given[n] for n in _names(given)], 0)


def _fit_weighted(answers: Answers, targets: npt.NDArray[Any]) -> Rule:
    """p = Σ wᵢ pᵢ, w ≥ 0 with the sum 1: the linear opinion pool of highest likelihood, or smallest square.

    For classes by expectation and maximisation (Jacobs 1995, Neural Computation 7); for numbers by projected
    gradients.
    """
    names = _names(answers)
    if np.issubdtype(targets.dtype, np.floating) and answers[names[0]].ndim == 1:
        weights = _least_squares(np.stack([answers[n] for n in names], 1), targets)
    else:
        rows = np.arange(len(targets))
        right = np.stack([answers[n][rows, targets] for n in names], 1) + _SMALL
        weights = np.full(len(names), 1 / len(names))
        for _ in range(_ROUNDS):
            shares = right * weights
            weights = (shares / shares.sum(1, keepdims=True)).mean(0)
    return _pool(dict(zip(names, weights.tolist(), strict=True)), lambda parts, w: np.tensordot(w, parts, 1))


def _fit_log_linear(answers: Answers, targets: npt.NDArray[Any]) -> Rule:
    """p ∝ Π pᵢ^wᵢ, w of highest likelihood: the logarithmic opinion pool (Genest & Zidek 1986, section 3).

    By Newton's method; a weak pull (1e-3 a sample) towards weights of 1 keeps it from running away.
    """
    names = _names(answers)
    logs = np.stack([_log(answers[n]) for n in names], 2)  # [N, K, M]
    rows = np.arange(len(targets))
    weights = np.full(len(names), 1.0 / len(names))
    for _ in range(25):
        p = _softmax(logs @ weights)
        mean = np.einsum("nk,nkm->nm", p, logs)
        slope = (mean - logs[rows, targets]).mean(0) + 1e-3 * (weights - 1.0)
        centred = logs - mean[:, None]
        curve = np.einsum("nk,nkm,nkl->ml", p, centred, centred) / len(rows) + 1e-3 * np.eye(len(names))
        weights = weights - np.clip(np.linalg.solve(curve, slope), -1.0, 1.0)
    found = dict(zip(names, weights.tolist(), strict=True))
    return lambda given: _softmax(np.sum([found[n] * _log(given[n]) for n in _names(given)], 0))


def _fit_majority(answers: Answers, targets: npt.NDArray[Any]) -> Rule:
    """Each stream has one vote; the average probability, which is below one vote, decides a tie."""

    def rule(given: Answers) -> FloatArray:
        parts = np.stack([given[n] for n in _names(given)])
        votes = np.eye(parts.shape[2])[parts.argmax(2)].sum(0)
        return np.asarray((votes + parts.mean(0)) / (len(parts) + 1))

    return rule


def _fit_stacking(answers: Answers, targets: npt.NDArray[Any]) -> Rule:
    """A linear model over all answers, fitted on validation (Wolpert 1992, Neural Networks 5).

    For classes logistic regression over log-probabilities, for numbers ridge regression. A stream that is not
    there answers what it did on average on validation.
    """
    names = _names(answers)
    numbers = answers[names[0]].ndim == 1
    columns = {n: answers[n][:, None] if numbers else _log(answers[n]) for n in names}
    usual = {n: c.mean(0) for n, c in columns.items()}
    known = np.concatenate([columns[n] - usual[n] for n in names], 1)
    model = _linear_model(numbers).fit(known, targets)

    def rule(given: Answers) -> FloatArray:
        count = len(given[_names(given)[0]])
        parts = []
        for n in names:
            own = given.get(n)
            if own is None:
                parts.append(np.zeros((count, len(usual[n]))))
            else:
                parts.append((own[:, None] if numbers else _log(own)) - usual[n])
        joined = np.concatenate(parts, 1)
        if numbers:
            return np.asarray(model.predict(joined))
        out = np.zeros((count, answers[names[0]].shape[1]))
        out[:, model.classes_] = model.predict_proba(joined)
        return out

    return rule


def _fit_dempster_shafer(answers: Answers, targets: npt.NDArray[Any]) -> Rule:
    """Evidence of which a part says nothing: mᵢ({k}) = rᵢ pᵢ(k), mᵢ(all) = 1 - rᵢ.

    rᵢ is the accuracy on validation. Combined by Dempster's rule; what stays unknown is shared out evenly
    (the pignistic probability).

    Source: Shafer 1976, "A mathematical theory of evidence", chapters 3 and 11 (discounting); Smets & Kennes
    1994 (Artificial Intelligence 66), section 3.1.
    """
    trust = {n: float((a.argmax(1) == targets).mean()) for n, a in answers.items()}

    def rule(given: Answers) -> FloatArray:
        names = _names(given)
        masses, unknown = combine_masses(
            [trust[n] * given[n] for n in names], [np.full(len(given[n]), 1.0 - trust[n]) for n in names]
        )
        return np.asarray(masses + unknown[:, None] / masses.shape[1])

    return rule


def combine_masses(
    singles: Sequence[FloatArray], unknown: Sequence[FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Return the masses [N, K] of single classes and [N] of "any of them" by Dempster's rule.

    Args:
        singles: Of each source, [N, K].
        unknown: Of each source, [N]; with its singles the sum is 1.

    Raises:
        ConfigError: Sources contradict each other entirely, where the rule says nothing.
    """
    mass, rest = np.asarray(singles[0], np.float64), np.asarray(unknown[0], np.float64)
    for other, other_rest in zip(singles[1:], unknown[1:], strict=True):
        agreed = mass * other + mass * other_rest[:, None] + rest[:, None] * other
        rest = rest * other_rest
        total = agreed.sum(1) + rest
        if not (total > 0).all():
            raise ConfigError(
                f"Dempster's rule says nothing on sample {int(np.argmin(total))}: its sources contradict "
                "each other entirely. Use another decision, or sources that leave some mass unknown."
            )
        mass, rest = agreed / total[:, None], rest / total
    return mass, rest


def _names(answers: Answers) -> list[str]:
    if not answers:
        raise ConfigError("There is no answer to decide by: every stream is absent.")
    return sorted(answers)


def _log(probabilities: FloatArray) -> FloatArray:
    return np.log(np.maximum(probabilities, _SMALL))


def _softmax(logits: FloatArray) -> FloatArray:
    grown = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(grown / grown.sum(1, keepdims=True))


def _pool(weights: Mapping[str, float], mix: Callable[[FloatArray, FloatArray], FloatArray]) -> Rule:
    """Return a rule whose weights are shared out anew among the streams that are there."""

    def rule(given: Answers) -> FloatArray:
        names = _names(given)
        own = np.array([weights[n] for n in names])
        own = own / own.sum() if own.sum() > 0 else np.full(len(names), 1 / len(names))
        return np.asarray(mix(np.stack([given[n] for n in names]), own))

    return rule


def _least_squares(values: FloatArray, targets: npt.NDArray[Any]) -> FloatArray:
    """Return weights [M] ≥ 0 with the sum 1 for which values [N, M] come closest to the targets [N]."""
    gram, reach = values.T @ values / len(values), values.T @ targets / len(values)
    step = 1.0 / max(float(np.linalg.eigvalsh(gram)[-1]), _SMALL)
    weights = np.full(values.shape[1], 1 / values.shape[1])
    for _ in range(10 * _ROUNDS):
        weights = _onto_simplex(weights - step * (gram @ weights - reach))
    return weights


def _onto_simplex(values: FloatArray) -> FloatArray:
    """Return the nearest weights (Duchi et al. 2008, ICML, figure 1)."""
    falling = np.sort(values)[::-1]
    excess = (np.cumsum(falling) - 1.0) / np.arange(1, len(values) + 1)
    return np.asarray(np.maximum(values - excess[np.flatnonzero(falling > excess)[-1]], 0.0))


def _linear_model(numbers: bool) -> Any:
    try:
        from sklearn.linear_model import LogisticRegression, Ridge
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "train") from error
    return Ridge(1.0) if numbers else LogisticRegression(C=1.0, max_iter=1000)


def _each_class(fit: Callable[[Answers, npt.NDArray[Any]], Rule]) -> Callable[..., Rule]:
    """Return `fit` that also takes 0/1 targets [N, K]: each class of each sample is a yes or no."""

    def apart(answers: Answers) -> Answers:
        return {n: np.stack((1.0 - a.ravel(), a.ravel()), 1) for n, a in answers.items()}

    def wrapped(answers: Answers, targets: npt.NDArray[Any]) -> Rule:
        if targets.ndim == 1:
            return fit(answers, targets)
        rule, classes = fit(apart(answers), targets.ravel().astype(np.int64)), targets.shape[1]
        return lambda given: rule(apart(given))[:, 1].reshape(-1, classes)

    return wrapped


DECISIONS: dict[str, Decision] = {
    "average": Decision(_fit_average, ("classify", "regress")),
    "weighted": Decision(_each_class(_fit_weighted), ("classify", "regress")),
    "log_linear": Decision(_each_class(_fit_log_linear)),
    "majority": Decision(_each_class(_fit_majority)),
    "stacking": Decision(_each_class(_fit_stacking), ("classify", "regress")),
    "dempster_shafer": Decision(_each_class(_fit_dempster_shafer)),
}
