"""Probabilities made honest by one number, and intervals by held-out errors.

Source: Guo, Pleiss, Sun, Weinberger 2017 (arXiv:1706.04599), equation 9; split conformal prediction, Lei et
al. 2018 (arXiv:1604.04173), algorithm 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError

__all__ = ["Bin", "conformal_width", "fit_temperature", "log_softmax", "reliability", "tempered"]

Array = npt.NDArray[np.float64]

# Colder than a tenth or hotter than twenty says more about a small validation part than about the model.
_COLDEST, _HOTTEST = 0.1, 20.0
_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of similar confidence.

    Attributes:
        confidence: Their mean confidence, 0 to 1.
        accuracy: How many of them are right, 0 to 1.
        count: How many they are.
    """

    confidence: float
    accuracy: float
    count: int


def log_softmax(scores: npt.ArrayLike) -> Array:
    """Return scores [..., K] as natural log-probabilities [..., K]."""
    values = np.asarray(scores, np.float64)
    shifted = values - values.max(axis=-1, keepdims=True)
    out: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return out


def tempered(scores: npt.ArrayLike, temperature: float, *, several: bool = False) -> Array:
    """Return the probabilities [B, K] that scores [B, K] stand for at a temperature.

    Args:
        scores: Logits or log-probabilities [B, K].
        temperature: Above 0; above 1 makes every answer less sure.
        several: Each of the K labels is a question of its own (a sigmoid each instead of one softmax).
    """
    values = np.asarray(scores, np.float64) / temperature
    if several:
        out: Array = 0.5 * (1.0 + np.tanh(0.5 * values))
        return out
    return np.exp(log_softmax(values))


def _loss(scores: Array, truth: npt.NDArray[np.int64], temperature: float, several: bool) -> float:
    values = scores / temperature
    if several:
        return float(np.logaddexp(0.0, np.where(truth > 0, -values, values)).mean())
    return float(-log_softmax(values)[np.arange(len(truth)), truth].mean())


def fit_temperature(
    scores: npt.ArrayLike, truth: npt.ArrayLike, *, several: bool = False, prior_rows: float = 0.0
) -> float:
    """Return the temperature that makes held-out answers most probable.

    The likelihood has one peak in 1 / temperature, so a golden-section search finds it.

    Args:
        scores: Logits or log-probabilities [N, K] of a part that was not trained on.
        truth: The right classes [N], or with `several` 0 and 1 for each label [N, K].
        several: Each label is a question of its own.
        prior_rows: How many rows the belief that 1 is right counts as; 0 believes the rows alone.

    Returns:
        The temperature, 0.1 to 20; 1 where there is nothing to learn it from.

    Raises:
        ConfigError: `scores` and `truth` have different lengths.
    """
    values, labels = np.asarray(scores, np.float64), np.asarray(truth, np.int64)
    if len(values) != len(labels):
        raise ConfigError(f"There are {len(values)} answers and {len(labels)} truths. They must be as many.")
    if not len(values):
        return 1.0
    pull = prior_rows / len(values)

    def loss(logarithm: float) -> float:
        return _loss(values, labels, float(np.exp(logarithm)), several) + pull * logarithm**2

    low, high = float(np.log(_COLDEST)), float(np.log(_HOTTEST))
    for _ in range(60):
        a, b = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if loss(a) < loss(b):
            high = b
        else:
            low = a
    return float(np.exp((low + high) / 2))


def reliability(confidence: npt.ArrayLike, right: npt.ArrayLike, bins: int = 10) -> list[Bin]:
    """Return how often answers of like confidence are right, in bins of equal width, rising.

    Args:
        confidence: [N], 0 to 1.
        right: Whether each answer is right [N].
        bins: Number of bins; empty ones are left out.

    Raises:
        ConfigError: The two have different lengths.
    """
    sure, correct = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    if sure.shape != correct.shape:
        raise ConfigError(f"confidence is {sure.shape}, right is {correct.shape}. They must be as many.")
    place = np.minimum((sure * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    said, was = np.bincount(place, sure, bins), np.bincount(place, correct, bins)
    return [Bin(float(said[i] / n), float(was[i] / n), int(n)) for i, n in enumerate(count) if n]


def conformal_width(errors: npt.ArrayLike, coverage: float = 0.9) -> float:
    """Return the half width of an interval that holds a new target with a wanted probability.

    Args:
        errors: Absolute errors [N] on a part that was not trained on.
        coverage: The wanted share, between 0 and 1.

    Returns:
        The width in the target's unit; infinite where N is too small for the coverage.

    Raises:
        ConfigError: `coverage` is not between 0 and 1.
    """
    if not 0 < coverage < 1:
        raise ConfigError(f"coverage is {coverage}. It must lie between 0 and 1.")
    values = np.sort(np.abs(np.asarray(errors, np.float64)))
    rank = int(np.ceil((len(values) + 1) * coverage))
    return float(values[rank - 1]) if rank <= len(values) else float("inf")
