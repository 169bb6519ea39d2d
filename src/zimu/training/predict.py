"""Training of `classify` and `regress`: in memory, stopped early, calibrated, exact by seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from zimu.errors import ConfigError
from zimu.model.predictor import PredictModel
from zimu.model.predictor_levels import EarlyModel
from zimu.model.steps import Steps
from zimu.tasks import FloatArray, PredictData, Task, find_task
from zimu.training.balance import BlendedHeads, ogm_ge
from zimu.training.predict_batches import MemoryBatches, lose_streams
from zimu.training.predict_building import build_predictor, set_standardisation
from zimu.training.predict_recipes import PredictRecipe

__all__ = ["PredictData", "PredictEvent", "Predictor", "train_predictor"]

# Samples answered at once.
_ANSWERED = 1024


@dataclass(frozen=True)
class PredictEvent:
    """One epoch.

    Attributes:
        epoch: From 1.
        epochs: The most there will be.
        loss: Of training, the mean of the epoch.
        score: The task's score on the validation part.
    """

    epoch: int
    epochs: int
    loss: float
    score: float


@dataclass
class Predictor:
    """A trained model that answers.

    Attributes:
        recipe: What it was made by.
        task: What it answers.
        model: On the CPU, ready to answer.
        shapes: {stream: shape of one step's values}.
        classes: Names of the classes; empty where the data gave none.
        temperature: Logits are divided by it, so that probabilities mean what they say on validation.
        offset: Mean of the training targets of a regression.
        scale: Their spread.
        history: The epochs.
    """

    recipe: PredictRecipe
    task: Task
    model: PredictModel | EarlyModel
    shapes: Mapping[str, tuple[int, ...]]
    classes: tuple[str, ...] = ()
    temperature: float = 1.0
    offset: float = 0.0
    scale: float = 1.0
    history: tuple[PredictEvent, ...] = field(default=(), repr=False)

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams it takes, sorted."""
        return tuple(sorted(self.recipe.encoders))

    @property
    def epochs(self) -> int:
        """How many epochs it was trained for."""
        return len(self.history)

    def batches(self, data: PredictData, only: frozenset[str] | None = None) -> MemoryBatches:
        """Return the samples as the model takes them; see `predict`."""
        return MemoryBatches(data, self.shapes, only, self.recipe.context != "none")

    def logits(self, data: PredictData, only: frozenset[str] | None = None) -> FloatArray:
        """Return float32 [N, K] logits that are calibrated, or [N, 1] values in the targets' unit.

        Args:
            data: Samples; streams that the model does not take are ignored, those that are not there are
                absent.
            only: The streams that are shown to it; the others count as absent. None: all.
        """
        batches = self.batches(data, only)
        self.model.eval()
        out = np.zeros((len(data), self.model.outputs), np.float32)
        with torch.inference_mode():
            for rows, streams, sessions in batches.in_order(_ANSWERED):
                out[rows.numpy()] = self.model(streams, sessions).numpy()
        if self.task.name == "regress":
            return out * np.float32(self.scale) + np.float32(self.offset)
        return out / np.float32(self.temperature)

    def predict(self, data: PredictData, only: frozenset[str] | None = None) -> FloatArray:
        """Return probabilities [N, K] (each class by itself where there are several at once), or values [N].

        Args:
            data: Samples.
            only: The streams that are shown to it; the others count as absent. None: all.

        Raises:
            ConfigError: A stream has another shape than in training.
        """
        return self.task.probabilities(self.logits(data, only))

    def forward(self, data: PredictData) -> Tensor:
        """Return raw logits of all samples in one batch: the pass of a training step."""
        _, streams, sessions = next(self.batches(data).in_order(len(data)))
        logits: Tensor = self.model(streams, sessions)
        return logits

    def score(self, data: PredictData, only: frozenset[str] | None = None) -> float:
        """Return the task's score."""
        return self.task.value(self.predict(data, only), data.targets)


def train_predictor(
    recipe: PredictRecipe,
    train: PredictData,
    val: PredictData,
    *,
    seed: int = 0,
    report: Callable[[PredictEvent], None] = lambda event: None,
) -> Predictor:
    """Train a model and keep its best epoch on validation; the same seed gives the same model.

    Args:
        recipe: What to make.
        train: Samples to learn from.
        val: Samples to choose the epoch and the temperature by.
        seed: Of weights, order, dropout and absent streams.
        report: Called after each epoch.

    Raises:
        ConfigError: Data and recipe do not fit.
        UnknownNameError: The recipe names what does not exist.
    """
    if not len(train) or not len(val):
        raise ConfigError(
            f"There are {len(train)} training and {len(val)} validation samples. Both parts need some."
        )
    task = find_task(recipe.task, train.targets)
    threads = torch.get_num_threads()
    torch.set_num_threads(recipe.training.threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            predictor = _start(recipe, task, train, val)
            _fit(predictor, train, val, seed, report)
            _calibrate(predictor, val)
    finally:
        torch.set_num_threads(threads)
    return predictor


def _start(recipe: PredictRecipe, task: Task, train: PredictData, val: PredictData) -> Predictor:
    outputs = 1
    if task.name == "classify":
        outputs = len(train.classes) or int(train.targets.max()) + 1
        if int(val.targets.max()) >= outputs:
            raise ConfigError(
                f"Validation has the class {int(val.targets.max())}, which training never shows."
            )
    elif task.name == "classify_several":
        outputs = train.targets.shape[1]
    shapes = {n: tuple(s.values.shape[2:]) for n, s in train.streams.items()}
    model = build_predictor(recipe, shapes, outputs, classes=task.name == "classify")
    set_standardisation(model, train.streams)
    predictor = Predictor(recipe, task, model, {n: shapes[n] for n in recipe.encoders}, train.classes)
    if task.name == "regress":
        predictor.offset = float(np.mean(train.targets))
        predictor.scale = float(np.std(train.targets)) or 1.0
    return predictor


def _fit(
    predictor: Predictor,
    train: PredictData,
    val: PredictData,
    seed: int,
    report: Callable[[PredictEvent], None],
) -> None:
    settings, model = predictor.recipe.training, predictor.model
    batches = predictor.batches(train)
    targets = _targets(predictor, train.targets)
    generator = torch.Generator().manual_seed(seed)
    blended = _blended_heads(predictor) if settings.gradient_blending else None
    parameters = [*model.parameters(), *(blended.parameters() if blended is not None else ())]
    optimiser = torch.optim.AdamW(
        parameters, settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    best, best_state, history, waited = math.inf, _copy(model), [], 0
    for epoch in range(settings.epochs):
        for group in optimiser.param_groups:
            group["lr"] = settings.rate_at(epoch, settings.epochs)
        if blended is not None and epoch % blended.every == 0:
            blended.observe(*(_head_losses(predictor, blended, part) for part in (train, val)))
        model.train()
        losses = []
        for rows, streams, sessions in batches.shuffled(settings.batch_size, generator):
            shown = lose_streams(streams, settings.absent, generator)
            loss = _batch_loss(predictor, blended, shown, sessions, targets[rows])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch's own
            if settings.ogm_ge:
                _balance(predictor, streams, sessions, targets[rows], generator)
            torch.nn.utils.clip_grad_norm_(parameters, settings.clip, foreach=True)
            optimiser.step()
            losses.append(loss.detach())
        value, score = _validate(predictor, val)
        event = PredictEvent(epoch + 1, settings.epochs, float(torch.stack(losses).mean()), score)
        history.append(event)
        report(event)
        waited += 1
        if value < best:
            best, best_state, waited = value, _copy(model), 0
        if settings.patience and waited >= settings.patience:
            break
    model.load_state_dict(best_state)
    model.eval()
    predictor.history = tuple(history)


def _batch_loss(
    predictor: Predictor,
    blended: BlendedHeads | None,
    streams: dict[str, Steps],
    sessions: Tensor | None,
    targets: Tensor,
) -> Tensor:
    """Return what is made small: the loss of the answers, or with heads on the encoders their blend."""
    task, model = predictor.task, predictor.model
    smoothing = predictor.recipe.training.label_smoothing
    if blended is None:
        return _loss(task, model(streams, sessions), targets, smoothing)
    assert isinstance(model, PredictModel)  # _blended_heads has checked it
    encoded = model.encode_streams(streams, sessions)
    fused = model.decide(encoded, sessions)
    loss = partial(_loss, task, targets=targets, smoothing=smoothing)
    return blended.blend(blended.losses(encoded, fused, loss))


def _blended_heads(predictor: Predictor) -> BlendedHeads:
    recipe, model = predictor.recipe, predictor.model
    if not isinstance(model, PredictModel):
        raise ConfigError("`training.gradient_blending` needs encoders a stream.")
    return BlendedHeads(predictor.streams, recipe.width, model.outputs, recipe.training.gradient_blending)


@torch.no_grad()
def _head_losses(predictor: Predictor, blended: BlendedHeads, data: PredictData) -> dict[str, float]:
    """Return {head: mean loss} on a part, without dropout."""
    model, task = predictor.model, predictor.task
    assert isinstance(model, PredictModel)
    targets, total = _targets(predictor, data.targets), dict.fromkeys(blended.weights, 0.0)
    model.eval()
    for rows, streams, sessions in predictor.batches(data).in_order(_ANSWERED):
        encoded = model.encode_streams(streams, sessions)
        loss = partial(_loss, task, targets=targets[rows], smoothing=0.0)
        found = blended.losses(encoded, model.decide(encoded, sessions), loss)
        for name, value in found.items():
            total[name] += float(value) * len(rows) / len(data)
    return total


def _balance(
    predictor: Predictor,
    streams: dict[str, Steps],
    sessions: Tensor | None,
    targets: Tensor,
    generator: torch.Generator,
) -> None:
    """Slow the encoders that are ahead: how right the model is with each stream alone."""
    model = predictor.model
    if predictor.task.name != "classify" or not isinstance(model, PredictModel):
        raise ConfigError("`training.ogm_ge` needs encoders a stream, and classes of which one is right.")
    scores = {}
    with torch.no_grad():
        for name in streams:
            alone = {
                n: s if n == name else s._replace(keep=torch.zeros_like(s.keep)) for n, s in streams.items()
            }
            scores[name] = model(alone, sessions).softmax(1).gather(1, targets.unsqueeze(1))[:, 0]
    ogm_ge(model.encoders, scores, predictor.recipe.training.ogm_ge, generator)  # type: ignore[arg-type]


def _copy(model: torch.nn.Module) -> dict[str, Tensor]:
    return {n: t.clone() for n, t in model.state_dict().items()}


def _targets(predictor: Predictor, targets: npt.NDArray[Any]) -> Tensor:
    if predictor.task.name == "classify":
        return torch.from_numpy(targets.astype(np.int64))
    values = torch.from_numpy(targets.astype(np.float32))
    if predictor.task.name == "regress":
        values = (values - predictor.offset) / predictor.scale
    return values


def _loss(task: Task, logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    if task.loss == "cross_entropy":
        return F.cross_entropy(logits, targets, label_smoothing=smoothing)
    if task.loss == "binary_cross_entropy":
        return F.binary_cross_entropy_with_logits(logits, targets)
    return F.smooth_l1_loss(logits[:, 0], targets)


def _validate(predictor: Predictor, val: PredictData) -> tuple[float, float]:
    """Return what chooses the epoch, small is good, and the score.

    The score chooses; the loss breaks ties, which a small validation part has many of.
    """
    logits = predictor.logits(val)
    score = predictor.task.value(predictor.task.probabilities(logits), val.targets)
    if not predictor.task.higher_is_better:
        return score, score
    loss = _loss(predictor.task, torch.from_numpy(logits), _targets(predictor, val.targets), 0.0)
    return -score + 0.1 * min(float(loss), 10.0), score


def _calibrate(predictor: Predictor, val: PredictData) -> None:
    """Choose the temperature that makes the validation loss smallest, by golden-section-like refinement.

    Source: Guo et al. 2017 (arXiv:1706.04599), section 4.2.
    """
    if predictor.task.name == "regress":
        return
    logits = torch.from_numpy(predictor.logits(val))
    targets = _targets(predictor, val.targets)
    low, high = math.log(0.05), math.log(20.0)
    for _ in range(4):
        tried = torch.linspace(low, high, 21)
        losses = [float(_loss(predictor.task, logits / t, targets, 0.0)) for t in tried.exp()]
        at = int(np.argmin(losses))
        low, high = float(tried[max(0, at - 1)]), float(tried[min(20, at + 1)])
    predictor.temperature = math.exp(0.5 * (low + high))
