"""When a model should rather say nothing: a threshold on its confidence, and what it costs in coverage.

Source: selective classification, Geifman & El-Yaniv 2017 (arXiv:1705.08500). Departs: the threshold is the
plain empirical one; their guarantee needs hundreds of validation rows. The test part shows what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError

__all__ = ["Abstention", "choose_threshold", "selective"]


@dataclass(frozen=True, slots=True)
class Abstention:
    """A threshold and what it gives.

    Attributes:
        threshold: Answers less sure than this are withheld, 0 to 1.
        coverage: The share that is answered, 0 to 1.
        accuracy: How many of those answered are right, 0 to 1; NaN where none is answered.
    """

    threshold: float
    coverage: float
    accuracy: float


def selective(confidence: npt.ArrayLike, right: npt.ArrayLike, threshold: float) -> Abstention:
    """Return what a threshold gives on answers whose truth is known.

    Args:
        confidence: [N], 0 to 1.
        right: Whether each answer is right [N].
        threshold: Answers below it are withheld.
    """
    sure, correct = np.asarray(confidence, np.float64), np.asarray(right, np.bool_)
    told = sure >= threshold
    accuracy = float(correct[told].mean()) if told.any() else float("nan")
    return Abstention(float(threshold), float(told.mean()) if len(told) else 0.0, accuracy)


def choose_threshold(
    confidence: npt.ArrayLike, right: npt.ArrayLike, wanted: float, *, least: int = 5
) -> Abstention | None:
    """Return the lowest threshold above which a wanted accuracy is reached.

    Args:
        confidence: [N], 0 to 1, of a part that was not trained on.
        right: Whether each answer is right [N].
        wanted: The accuracy wanted of the answers given, above 0, at most 1.
        least: An accuracy over fewer answers than this is not believed.

    Returns:
        The threshold with the highest coverage, or None where none reaches the accuracy.

    Raises:
        ConfigError: `wanted` is no accuracy.
    """
    if not 0 < wanted <= 1:
        raise ConfigError(f"The wanted accuracy is {wanted}. It must be above 0 and at most 1.")
    sure, correct = np.asarray(confidence, np.float64), np.asarray(right, np.bool_)
    if not len(sure):
        return None
    order = np.argsort(-sure, kind="stable")
    accuracy = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    # A threshold cannot part equal confidences: only the last of each run is a place to cut.
    ends = np.append(sure[order][:-1] > sure[order][1:], True)
    fits = np.flatnonzero(ends & (accuracy >= wanted - 1e-12) & (np.arange(1, len(order) + 1) >= least))
    if not len(fits):
        return None
    last = int(fits[-1])
    if last == len(order) - 1:
        return selective(sure, correct, 0.0)
    # Half way to the next answer, which is withheld.
    return selective(sure, correct, float((sure[order[last]] + sure[order[last + 1]]) / 2))
