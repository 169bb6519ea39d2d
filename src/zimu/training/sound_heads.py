"""What a frozen sound classifier is worth on labelled clips: by its own class names, and with a small head.

Source: the protocol of K. J. Piczak, ESC: Dataset for Environmental Sound Classification, ACM MM 2015: five
folds, clips of one recording in one fold, mean accuracy over the folds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["PENALTIES", "FoldScore", "RidgeHead", "five_folds", "name_by_classes", "summarise"]

_Array = npt.NDArray[np.float64]

PENALTIES = (0.02, 0.05, 0.1, 0.2, 0.3)


def summarise(features: npt.NDArray[np.float32]) -> _Array:
    """Return mean, maximum and standard deviation over the patches of a clip: [P, D] to float64 [3 D]."""
    return np.concatenate((features.mean(0), features.max(0), features.std(0))).astype(np.float64)


def name_by_classes(
    scores: npt.NDArray[np.float32], kinds: Mapping[str, Sequence[int]], pooling: str = "mean"
) -> str:
    """Return the kind of a clip without any training.

    Args:
        scores: float32 [P, C], a classifier's scores of the patches.
        kinds: {kind: its classes by index}.
        pooling: "mean" or "max" over the patches of the best class of the kind.
    """
    values = {kind: scores[:, list(classes)].max(1) for kind, classes in kinds.items()}
    return max(values, key=lambda k: float(values[k].mean() if pooling == "mean" else values[k].max()))


@dataclass(frozen=True, slots=True)
class RidgeHead:
    """A linear classifier, least squares on one-hot targets with an L2 penalty.

    Attributes:
        weights: float64 [D, kinds].
        offset: float64 [kinds].
        kinds: Their names.
    """

    weights: _Array
    offset: _Array
    kinds: tuple[str, ...]

    @classmethod
    def fit(cls, inputs: _Array, labels: Sequence[str], penalty: float) -> RidgeHead:
        """Train a head.

        Args:
            inputs: float64 [N, D]; each column is standardised.
            labels: The kind of each row.
            penalty: Relative to the mean of the kernel's diagonal, which standardising makes 1.
        """
        kinds = tuple(sorted(set(labels)))
        targets = np.array([[float(label == kind) for kind in kinds] for label in labels])
        mean, spread = inputs.mean(0), inputs.std(0) + 1e-3
        rows = (inputs - mean) / spread
        # N is far below D: solve the dual.
        kernel = rows @ rows.T / inputs.shape[1] + penalty * np.eye(len(rows))
        dual = np.linalg.solve(kernel, targets - targets.mean(0))
        weights = rows.T @ dual / inputs.shape[1] / spread[:, None]
        return cls(weights, targets.mean(0) - mean @ weights, kinds)

    def outputs(self, inputs: _Array) -> _Array:
        """Return float64 [N, kinds]; the largest names the kind."""
        result: _Array = inputs @ self.weights + self.offset
        return result

    def name(self, inputs: _Array) -> list[str]:
        """Return the kind of each row."""
        return [self.kinds[i] for i in self.outputs(inputs).argmax(1)]


@dataclass(frozen=True, slots=True)
class FoldScore:
    """Accuracy by fold.

    Attributes:
        accuracy: {fold: share named right}.
        wrong: (row, what it was named) of each clip named wrongly.
        penalties: {fold: the penalty that the other folds chose}.
    """

    accuracy: Mapping[int, float]
    wrong: tuple[tuple[int, str], ...]
    penalties: Mapping[int, float]

    @property
    def mean(self) -> float:
        """The mean over the folds."""
        return float(np.mean(list(self.accuracy.values())))


def five_folds(inputs: _Array, labels: Sequence[str], folds: Sequence[int]) -> FoldScore:
    """Test a head on each fold after training it on the others.

    The penalty is chosen within the training folds: each is left out in turn, and the penalty with the most
    clips named right there, and of those the least squared error, is taken. The test fold decides nothing.

    Args:
        inputs: float64 [N, D].
        labels: The kind of each row.
        folds: The fold of each row.
    """
    names, where = np.array(labels), np.array(folds)
    accuracy, penalties = {}, {}
    wrong: list[tuple[int, str]] = []
    for fold in sorted(set(folds)):
        train, test = np.flatnonzero(where != fold), np.flatnonzero(where == fold)
        penalties[fold] = max(PENALTIES, key=lambda p: _inner(inputs, names, where, train, p))
        head = RidgeHead.fit(inputs[train], names[train].tolist(), penalties[fold])
        found = head.name(inputs[test])
        wrong += [(int(i), n) for i, n in zip(test, found, strict=True) if n != names[i]]
        accuracy[fold] = float(np.mean(names[test] == found))
    return FoldScore(accuracy, tuple(wrong), penalties)


def _inner(
    inputs: _Array,
    names: npt.NDArray[np.str_],
    where: npt.NDArray[np.int_],
    rows: npt.NDArray[np.int_],
    penalty: float,
) -> tuple[int, float]:
    """Return the clips named right and minus the squared error over the folds within `rows`."""
    right, error = 0, 0.0
    for fold in np.unique(where[rows]):
        train, test = rows[where[rows] != fold], rows[where[rows] == fold]
        head = RidgeHead.fit(inputs[train], names[train].tolist(), penalty)
        outputs = head.outputs(inputs[test])
        truth = names[test][:, None] == np.array(head.kinds)
        right += int((outputs.argmax(1) == truth.argmax(1)).sum())
        error += float(((outputs - truth) ** 2).sum())
    return right, -error
