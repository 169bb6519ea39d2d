"""Cross-validation inside a comparison: every training video chooses once, and all models answer together.

The training and the validation part become one pool, cut into K folds of whole groups. A method is trained K
times, each time without one fold, which chooses its epoch and is answered by that model alone; what is chosen
by these answers rests on the whole pool (Stone 1974, "Cross-validatory choice and assessment of statistical
predictions"). New samples are answered by the mean of the K models (Breiman 1996, "Bagging predictors", with
folds in the place of bootstrap samples).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from zimu.compare.results import FloatArray
from zimu.errors import ConfigError
from zimu.streams import StreamBatch
from zimu.tasks import PredictData, PredictParts, Task
from zimu.training.predict import Predictor, train_predictor
from zimu.training.predict_recipes import PredictRecipe

__all__ = ["FoldModels", "folds_of", "pooled", "train_folds"]


@dataclass(frozen=True)
class FoldModels:
    """The models of all folds, which answer as one.

    Attributes:
        members: One a fold.
    """

    members: Sequence[Predictor]

    @property
    def task(self) -> Task:
        """What is answered."""
        return self.members[0].task

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams they take, sorted."""
        return self.members[0].streams

    @property
    def epochs(self) -> int:
        """The most epochs that a member was trained for."""
        return max(m.epochs for m in self.members)

    @property
    def model(self) -> nn.Module:
        """The models of all members."""
        return nn.ModuleList([m.model for m in self.members])

    def forward(self, data: PredictData) -> list[Tensor]:
        """Return what each member's `forward` does."""
        return [m.forward(data) for m in self.members]

    def predict(self, data: PredictData, only: frozenset[str] | None = None) -> FloatArray:
        """Return the mean of the members' answers; see `Predictor.predict`."""
        return np.asarray(np.mean([m.predict(data, only) for m in self.members], 0))

    def score(self, data: PredictData, only: frozenset[str] | None = None) -> float:
        """Return the task's score."""
        return self.task.value(self.predict(data, only), data.targets)


def pooled(parts: PredictParts) -> PredictData:
    """Return training and validation samples as one part, in this order.

    Groups keep their names, so a group that is in both parts stays one group.
    """
    train, val = parts.train, parts.val
    groups = None
    if train.groups is not None and val.groups is not None:
        groups = np.concatenate([train.groups, val.groups])
    return PredictData(
        [*train.ids, *val.ids],
        {n: _stacked(train.streams[n], val.streams[n]) for n in train.streams},
        np.concatenate([train.targets, val.targets]),
        groups,
        train.classes,
    )


def _stacked(first: StreamBatch, second: StreamBatch) -> StreamBatch:
    """Return the samples of two batches in one, the shorter filled up with steps that are not real."""
    longest = max(first.keep.shape[1], second.keep.shape[1])

    def filled(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        return np.pad(array, [(0, 0), (0, longest - array.shape[1]), *[(0, 0)] * (array.ndim - 2)])

    pairs = zip(first, second, strict=True)
    return StreamBatch(*(np.concatenate([filled(a), filled(b)]) for a, b in pairs))


def folds_of(data: PredictData, count: int, seed: int) -> npt.NDArray[np.int64]:
    """Return the fold [N] of each sample, 0 to count - 1: groups stay whole, folds hold equally many groups.

    Raises:
        ConfigError: There are fewer groups than folds.
    """
    _, place = np.unique(np.arange(len(data)) if data.groups is None else data.groups, return_inverse=True)
    groups = int(place.max()) + 1
    if groups < count:
        raise ConfigError(f"folds = {count}, but there are only {groups} groups of samples. Set fewer folds.")
    return np.asarray((np.random.default_rng(seed).permutation(groups) % count)[place], np.int64)


def train_folds(
    recipe: PredictRecipe, pool: PredictData, count: int, *, seed: int = 0
) -> tuple[FoldModels, FloatArray]:
    """Return the models of all folds, and the pool's answers [N, ...], each by the model not shown it.

    Args:
        recipe: What to train.
        pool: See `pooled`.
        count: Number of folds.
        seed: Of the folds, and of weights, order, dropout and absent streams of each model.

    Raises:
        ConfigError: Data and recipe do not fit, or there are too few groups.
    """
    fold = folds_of(pool, count, seed)
    members, answers = [], None
    for k in range(count):
        held = pool.take(fold == k)
        member = train_predictor(recipe, pool.take(fold != k), held, seed=seed)
        found = member.predict(held)
        if answers is None:
            answers = np.zeros((len(pool), *found.shape[1:]), found.dtype)
        answers[fold == k] = found
        members.append(member)
    assert answers is not None  # a recipe has at least two folds
    return FoldModels(members), answers
