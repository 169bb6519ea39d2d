"""Measures of class labels, probabilities and numbers, by scikit-learn (extra `train`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError, MissingExtraError
from zimu.metrics.bootstrap import iter_weights

__all__ = ["calibration", "classification", "interval_of", "regression"]

Array = npt.NDArray[Any]
_BINS = 15


def classification(labels: Array, predicted: Array, scores: Array | None = None) -> dict[str, float]:
    """Return accuracy, balanced accuracy, macro and weighted F1; with `scores` AUROC and average precision.

    Args:
        labels: [N], the true classes as numbers from 0, or names.
        predicted: [N], the predicted classes.
        scores: float [N, classes], probabilities, columns in the order of the sorted classes; for two classes
            also [N], of the second. AUROC of several classes is one against the rest, macro.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        ConfigError: The lengths differ, or only one class occurs and `scores` were given.
    """
    sk = _sklearn()
    _same_length(labels=labels, predicted=predicted, scores=scores)
    out = {
        "accuracy": float(sk.accuracy_score(labels, predicted)),
        # The mean recall of the classes that occur; scikit-learn's own function warns where one was predicted
        # that does not.
        "balanced_accuracy": float(
            sk.recall_score(labels, predicted, labels=np.unique(labels), average="macro", zero_division=0)
        ),
        "f1_macro": float(sk.f1_score(labels, predicted, average="macro", zero_division=0)),
        "f1_weighted": float(sk.f1_score(labels, predicted, average="weighted", zero_division=0)),
    }
    if scores is None:
        return out
    classes = np.unique(labels)
    if len(classes) < 2:
        raise ConfigError(f"AUROC needs two classes; only {classes.tolist()} occur. Leave the scores out.")
    if len(classes) == 2:
        second = scores[:, 1] if scores.ndim == 2 else scores
        truth = np.asarray(labels) == classes[1]
        ranked = sk.roc_auc_score(truth, second), sk.average_precision_score(truth, second)
    else:
        truth = np.asarray(labels)[:, None] == classes
        ranked = sk.roc_auc_score(truth, scores), sk.average_precision_score(truth, scores)
    return out | {"auroc": float(ranked[0]), "average_precision": float(ranked[1])}


def regression(targets: Array, predicted: Array) -> dict[str, float]:
    """Return mean absolute error, root mean square error, R² and Pearson's correlation.

    Args:
        targets: float [N].
        predicted: float [N].

    Raises:
        MissingExtraError: scikit-learn is not installed.
        ConfigError: The lengths differ.
    """
    sk = _sklearn()
    _same_length(targets=targets, predicted=predicted)
    constant = np.ptp(targets) == 0 or np.ptp(predicted) == 0
    return {
        "mae": float(sk.mean_absolute_error(targets, predicted)),
        "rmse": float(np.sqrt(sk.mean_squared_error(targets, predicted))),
        "r2": float(sk.r2_score(targets, predicted)),
        # A constant says nothing about the other side; its correlation is undefined and given as 0.
        "pearson": 0.0 if constant else float(np.corrcoef(targets, predicted)[0, 1]),
    }


def calibration(labels: Array, scores: Array) -> dict[str, float]:
    """Return the expected calibration error, the Brier score and the log loss.

    Args:
        labels: int [N], classes from 0.
        scores: float [N, classes], probabilities that add up to 1.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        ConfigError: The lengths differ.

    Source: Guo et al. 2017, equation 3, with 15 bins of equal width; Brier 1950 (sum over classes).
    """
    sk = _sklearn()
    _same_length(labels=labels, scores=scores)
    labels = np.asarray(labels)
    sure, guess = scores.max(axis=1), scores.argmax(axis=1)
    bins = np.minimum((sure * _BINS).astype(np.int64), _BINS - 1)
    gap = np.bincount(bins, (guess == labels) - sure, _BINS)
    truth = np.eye(scores.shape[1])[labels]
    return {
        "ece": float(np.abs(gap).sum() / len(labels)),
        "brier": float(((scores - truth) ** 2).sum(axis=1).mean()),
        "log_loss": float(sk.log_loss(labels, scores, labels=np.arange(scores.shape[1]))),
    }


def interval_of(
    measure: Callable[..., Mapping[str, float]], *columns: Array, draws: int = 1000, seed: int = 12345
) -> dict[str, tuple[float, float]]:
    """Return 95 % bootstrap intervals of a function's measures.

    Args:
        measure: `classification`, `regression`, `calibration` or another function of `columns`.
        columns: Arrays of the same length N; rows are drawn together. A sample in which the function cannot
            be computed (a class is missing) is left out.
        draws: Bootstrap samples.
        seed: Seed of the samples.
    """
    found: list[Mapping[str, float]] = []
    for weights in iter_weights(len(columns[0]), draws, seed):
        for row in weights.astype(np.int64):
            rows = np.repeat(np.arange(len(row)), row)
            try:
                found.append(measure(*[np.asarray(column)[rows] for column in columns]))
            except ConfigError:
                continue
    if not found:
        raise ConfigError("No bootstrap sample could be scored: every one lacks a class.")
    out = {}
    for name in found[0]:
        low, high = np.percentile([one[name] for one in found], [2.5, 97.5])
        out[name] = float(low), float(high)
    return out


def _sklearn() -> Any:
    try:
        import sklearn.metrics
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "train") from error
    return sklearn.metrics


def _same_length(**columns: Array | None) -> None:
    lengths = {name: len(column) for name, column in columns.items() if column is not None}
    if len(set(lengths.values())) != 1:
        told = ", ".join(f"{name} {n}" for name, n in lengths.items())
        raise ConfigError(f"The columns have different lengths ({told}). Give one value a row.")
