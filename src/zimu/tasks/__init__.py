"""What a task is: targets in, the loss by name, how an answer is scored, how sure it is. No torch.

A class takes `int64 [N]` targets, several classes at once `0/1 [N, K]`, a number `float [N]`. Every task
scores each sample by itself, so that two models can be compared sample by sample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError, unknown_name
from zimu.streams import StreamBatch

__all__ = ["TASKS", "FloatArray", "PredictData", "PredictParts", "SpokenWords", "Task", "find_task"]

FloatArray = npt.NDArray[np.floating[Any]]


class SpokenWords(NamedTuple):
    """When each word of N samples is said, W of them at most.

    Attributes:
        ids: int64 [N, W], the word's token; zeros fill up.
        starts: float32 [N, W], seconds on the clock of the streams.
        ends: float32 [N, W]; what fills up ends where it starts.
    """

    ids: npt.NDArray[np.int64]
    starts: npt.NDArray[np.float32]
    ends: npt.NDArray[np.float32]

    def take(self, rows: npt.NDArray[Any]) -> SpokenWords:
        """Return those of the samples at the rows (indices)."""
        return SpokenWords(self.ids[rows], self.starts[rows], self.ends[rows])


@dataclass(frozen=True)
class PredictData:
    """Samples with their answers, all in memory.

    Attributes:
        ids: N names.
        streams: {name: values [N, T, ...], keep [N, T], times [N, T]}; a sample without a stream keeps none
            of its steps.
        targets: int64 [N] classes, 0/1 [N, K] for several at once, or float [N].
        groups: [N], samples that belong together (a patient, a video), in the order in which they follow
            each other; None where each stands alone.
        classes: The names of the classes, K.
        words: When the words of the samples are said, for captions of speech; None where nobody knows.
    """

    ids: Sequence[str]
    streams: Mapping[str, StreamBatch]
    targets: npt.NDArray[Any]
    groups: npt.NDArray[Any] | None = None
    classes: tuple[str, ...] = ()
    words: SpokenWords | None = None

    def __post_init__(self) -> None:
        lengths = {"targets": len(self.targets)} | {n: len(s.values) for n, s in self.streams.items()}
        if self.groups is not None:
            lengths["groups"] = len(self.groups)
        if self.words is not None:
            lengths |= {f"words.{n}": len(a) for n, a in self.words._asdict().items()}
        if wrong := {n: k for n, k in lengths.items() if k != len(self.ids)}:
            raise ConfigError(f"There are {len(self.ids)} samples, but not as many of: {wrong}.")

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: npt.NDArray[Any]) -> PredictData:
        """Return the samples at the rows (indices, or a mask [N])."""
        rows = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return replace(
            self,
            ids=[self.ids[i] for i in rows.tolist()],
            streams={
                n: StreamBatch(s.values[rows], s.keep[rows], s.times[rows]) for n, s in self.streams.items()
            },
            targets=self.targets[rows],
            groups=None if self.groups is None else self.groups[rows],
            words=None if self.words is None else self.words.take(rows),
        )

    def with_streams(self, streams: Mapping[str, StreamBatch]) -> PredictData:
        """Return the same samples with other streams."""
        return replace(self, streams=dict(streams))


class PredictParts(NamedTuple):
    """A data set cut in three: to learn from, to choose by, to look at once."""

    train: PredictData
    val: PredictData
    test: PredictData


@dataclass(frozen=True)
class Task:
    """One kind of answer.

    Attributes:
        name: What is answered, a class, classes or a number.
        loss: What training makes small: "cross_entropy", "binary_cross_entropy" or "smooth_l1".
        score: The name of the score that is printed.
        higher_is_better: False for errors.
        probabilities: float [N, K] logits to probabilities, or [N, 1] to values [N].
        items: (answers, targets) to the score [N] of every sample.
    """

    name: str
    loss: str
    score: str
    higher_is_better: bool
    probabilities: Callable[[FloatArray], FloatArray] = field(repr=False)
    items: Callable[[FloatArray, npt.NDArray[Any]], FloatArray] = field(repr=False)

    def value(self, answers: FloatArray, targets: npt.NDArray[Any]) -> float:
        """Return the mean score of all samples."""
        return float(np.mean(self.items(answers, targets)))

    def better(self, a: float, b: float) -> bool:
        """Return whether score a is better than b."""
        return a > b if self.higher_is_better else a < b


def find_task(name: str, targets: npt.NDArray[Any]) -> Task:
    """Return the task of a name and the shape of its targets.

    Args:
        name: "classify", "regress", or "polarity": numbers are learnt, and judged by their sign.
        targets: [N], or [N, K] for several classes at once.

    Raises:
        UnknownNameError: There is no such task.
        ConfigError: The targets do not fit it.
    """
    if name not in ("classify", "regress", "polarity"):
        raise unknown_name("task", name, ("classify", "regress", "polarity"))
    if name != "classify":
        if targets.ndim != 1 or not np.isfinite(targets.astype(np.float64)).all():
            raise ConfigError(f"The task `{name}` takes one finite number a sample; leave out those without.")
        return TASKS[name]
    if targets.ndim == 2:
        return TASKS["classify_several"]
    if targets.dtype.kind not in "iub" or (len(targets) and int(targets.min()) < 0):
        raise ConfigError(
            f"The task `classify` takes classes as whole numbers from 0 (found {targets.dtype}). "
            "Number the classes, or choose the task `regress`."
        )
    return TASKS["classify"]


def _softmax(logits: FloatArray) -> FloatArray:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def _sigmoid(logits: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))


def _values(logits: FloatArray) -> FloatArray:
    return logits[:, 0]


def _right(answers: FloatArray, targets: npt.NDArray[Any]) -> FloatArray:
    return np.asarray(answers.argmax(1) == targets, np.float64)


def _set_f1(answers: FloatArray, targets: npt.NDArray[Any]) -> FloatArray:
    """Return each sample's F1 of the classes given; 1 where there are none and none were given."""
    given, right = answers >= 0.5, targets.astype(bool)
    total = given.sum(1) + right.sum(1)
    return np.asarray(np.where(total > 0, 2.0 * (given & right).sum(1) / np.maximum(total, 1), 1.0))


def _same_sign(answers: FloatArray, targets: npt.NDArray[Any]) -> FloatArray:
    return np.asarray((answers >= 0) == (targets >= 0), np.float64)


def _distance(answers: FloatArray, targets: npt.NDArray[Any]) -> FloatArray:
    return np.asarray(np.abs(answers.astype(np.float64) - targets), np.float64)


TASKS: dict[str, Task] = {
    "classify": Task("classify", "cross_entropy", "accuracy", True, _softmax, _right),
    "classify_several": Task("classify_several", "binary_cross_entropy", "f1", True, _sigmoid, _set_f1),
    "regress": Task("regress", "smooth_l1", "mean_absolute_error", False, _values, _distance),
    # How strong a feeling is teaches more than which one it is. Most report this accuracy for MOSI.
    "polarity": Task("regress", "smooth_l1", "accuracy", True, _values, _same_sign),
}
