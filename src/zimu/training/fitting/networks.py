"""Networks: one for each modality alone, and one that fuses them all; trained, and written as graphs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.jit._trace import TracerWarning

from zimu.model.steps import Steps
from zimu.prediction.preparing import Prepared
from zimu.prediction.specs import StreamSpec
from zimu.tasks import PredictData
from zimu.training.predict import PredictEvent, Predictor, train_predictor
from zimu.training.predict_recipes import (
    EncoderChoice,
    FeaturesChoice,
    FusionChoice,
    PredictRecipe,
    PredictTraining,
    SeriesChoice,
    TableChoice,
    TextChoice,
)

__all__ = ["Network", "train_network"]

Array = npt.NDArray[np.float64]

_OPSET = 18
# Fewer rows than this learn with a narrower network.
_FEW = 1000


@dataclass(frozen=True)
class Network:
    """A trained network.

    Attributes:
        streams: What it takes.
        predictor: The network.
    """

    streams: tuple[str, ...]
    predictor: Predictor

    def scores(self, prepared: Mapping[str, Prepared], only: frozenset[str] | None = None) -> Array:
        """Return logits or standardised numbers [B, K]; see `Predictor.logits`."""
        data = _data(prepared, self.streams, None)
        found = self.predictor.logits(data, only).astype(np.float64)
        return (found - self.predictor.offset) / self.predictor.scale

    def write(self, path: Path) -> None:
        """Write the graph: for each stream `<name>`, `<name>_keep`, `<name>_times`; gives `scores` [B, K]."""
        _export(_Answer(self.predictor, self.streams), self.streams, self.predictor.shapes, path)


def train_network(
    specs: Sequence[StreamSpec],
    train: tuple[Mapping[str, Prepared], npt.NDArray[Any]],
    val: tuple[Mapping[str, Prepared], npt.NDArray[Any]],
    *,
    task: str,
    classes: tuple[str, ...],
    fusion: str,
    epochs: int,
    seed: int,
    report: Callable[[PredictEvent], None],
) -> Network:
    """Return a network over some streams, the best epoch on validation.

    Args:
        specs: The streams.
        train: {stream: rows} and targets.
        val: The same of the validation part.
        task: "classify", "regress" or "label".
        classes: Names of the classes.
        fusion: A key of `zimu.model.fusion.FUSIONS`.
        epochs: At most so many.
        seed: Of everything drawn.
        report: Called after each epoch.
    """
    names = tuple(s.name for s in specs)
    rows = len(train[1])
    recipe = PredictRecipe(
        task="regress" if task == "regress" else "classify",
        width=32 if rows < _FEW else 64,
        encoders={s.name: _encoder(s) for s in specs},
        fusion=FusionChoice(name=fusion if len(names) > 1 else "concat_time"),
        pooling="attention",
        dropout=0.3,
        training=PredictTraining(
            epochs=epochs,
            batch_size=max(16, min(128, rows // 8)),
            # Any stream may be missing when the model is used, so each is missing now and then in training.
            absent=0.25,
            patience=10,
            weight_decay=0.05,
        ),
    )
    parts = [_data(prepared, names, targets, classes) for prepared, targets in (train, val)]
    return Network(names, train_predictor(recipe, *parts, seed=seed, report=report))


def _encoder(spec: StreamSpec) -> EncoderChoice:
    if spec.kind == "table":
        return TableChoice(dropout=0.3)
    if spec.words is not None:
        return TextChoice(vocabulary=spec.words.vocabulary, dropout=0.4)
    if spec.kind == "series":
        return SeriesChoice(strides=(2, 2, 2), kernel=7)
    return FeaturesChoice(context="conv" if spec.kind != "image" else "none", dropout=0.4)


def _data(
    prepared: Mapping[str, Prepared],
    names: Sequence[str],
    targets: npt.NDArray[Any] | None,
    classes: tuple[str, ...] = (),
) -> PredictData:
    streams = {n: prepared[n].steps for n in names}
    count = len(next(iter(streams.values())).keep)
    values = np.zeros(count, np.int64) if targets is None else targets
    return PredictData([str(i) for i in range(count)], streams, values, None, classes)


class _Answer(nn.Module):
    """Raw streams to scores at their temperature, as one graph with named inputs."""

    def __init__(self, predictor: Predictor, names: Sequence[str]) -> None:
        super().__init__()
        self.model: nn.Module = predictor.model
        self.names = list(names)
        self.temperature = predictor.temperature if predictor.task.name != "regress" else 1.0

    def forward(self, *arrays: Tensor) -> Tensor:
        streams = {n: Steps(*arrays[3 * i : 3 * i + 3]) for i, n in enumerate(self.names)}
        logits: Tensor = self.model(streams)
        return logits / self.temperature


def _export(
    module: nn.Module, names: Sequence[str], shapes: Mapping[str, tuple[int, ...]], path: Path
) -> None:
    inputs: dict[str, Tensor] = {}
    axes: dict[str, dict[int, str]] = {"scores": {0: "rows"}}
    for number, name in enumerate(names):
        steps = 16 + 8 * number
        inputs[name] = torch.zeros(2, steps, *shapes[name])
        inputs[f"{name}_keep"] = torch.ones(2, steps, dtype=torch.bool)
        inputs[f"{name}_times"] = torch.arange(steps).float().expand(2, -1).clone()
        for key in (name, f"{name}_keep", f"{name}_times"):
            axes[key] = {0: "rows", 1: f"{name}_steps"}
    with warnings.catch_warnings():
        # What the tracer warns of is held against torch on other lengths when the bundle is checked.
        warnings.simplefilter("ignore", TracerWarning)
        warnings.filterwarnings("ignore", "You are using the legacy TorchScript-based ONNX export")
        warnings.filterwarnings("ignore", "Constant folding - Only steps=1")
        torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            path,
            input_names=list(inputs),
            output_names=["scores"],
            dynamic_axes=axes,
            opset_version=_OPSET,
            dynamo=False,
        )
