"""A predict recipe and its training data to a model whose standardisation is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
from torch import nn

from zimu.errors import ConfigError, unknown_name
from zimu.model.captioner import CaptionModel
from zimu.model.encoders.registry import build_encoder
from zimu.model.encoders.standardise import Standardise
from zimu.model.fusion import FUSIONS, build_fusion
from zimu.model.fusion.early import EarlyJoin
from zimu.model.fusion.late import LateHeads
from zimu.model.predictor import Head, PredictModel
from zimu.model.predictor_levels import EarlyModel, LateModel
from zimu.model.steps import Steps
from zimu.streams import StreamBatch
from zimu.training.predict_recipes import CaptionerRecipe, PredictRecipe

__all__ = ["LEVELS", "build_predictor", "encoders_of", "set_standardisation"]

# Enough to know a mean and a spread by; joined raw streams are large.
_JOINED_SAMPLES = 500


# No fusion of encoded streams: raw streams joined, or one head a stream and a rule over their answers.
LEVELS: dict[str, Literal["average", "weighted", "log_linear"] | None] = {
    "early": None,
    "late_average": "average",
    "late_weighted": "weighted",
    "late_log_linear": "log_linear",
}


def build_predictor(
    recipe: PredictRecipe, shapes: Mapping[str, tuple[int, ...]], outputs: int, classes: bool = True
) -> PredictModel | EarlyModel:
    """Return an untrained model.

    Args:
        recipe: What it is made of; its fusion is one of `zimu.model.fusion` or of `LEVELS`.
        shapes: {stream: shape of one step's values}.
        outputs: K.
        classes: Whether one of K classes is right.

    Raises:
        ConfigError: The recipe names a stream that the data lack, or an option that the method lacks.
        UnknownNameError: It names an encoder or a fusion that does not exist.
    """
    _check_streams(recipe, shapes)
    names, name = sorted(recipe.encoders), recipe.fusion.name
    head = Head(outputs, recipe.pooling, recipe.hidden, recipe.dropout, recipe.context)
    if name == "early":
        join = _early(recipe, {n: shapes[n] for n in names})
        return EarlyModel(join, _encoder(recipe, join.onto, join.shape), recipe.width, head)
    encoders = encoders_of(recipe, shapes)
    if name in LEVELS:
        rule = LEVELS[name] or "average"
        if recipe.fusion.options:
            raise ConfigError(f"The fusion {name!r} has no options.")
        return LateModel(encoders, LateHeads(names, recipe.width, outputs, rule, classes), recipe.width, head)
    if name not in FUSIONS:
        raise unknown_name("fusion", name, [*FUSIONS, *LEVELS])
    fusion = build_fusion(name, names, recipe.width, **recipe.fusion.options)
    return PredictModel(encoders, fusion, recipe.width, head)


def encoders_of(
    recipe: PredictRecipe | CaptionerRecipe, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, nn.Module]:
    """Return {stream: untrained encoder}, sorted.

    Raises:
        ConfigError: The recipe names a stream that the data lack.
        UnknownNameError: It names an encoder that does not exist.
    """
    _check_streams(recipe, shapes)
    return {n: _encoder(recipe, n, shapes[n]) for n in sorted(recipe.encoders)}


def _check_streams(recipe: PredictRecipe | CaptionerRecipe, shapes: Mapping[str, tuple[int, ...]]) -> None:
    if missing := sorted(set(recipe.encoders) - set(shapes)):
        raise ConfigError(
            f"The recipe has encoders for {', '.join(missing)}, "
            f"but the data have {', '.join(sorted(shapes))}."
        )


def _encoder(recipe: PredictRecipe | CaptionerRecipe, name: str, shape: tuple[int, ...]) -> nn.Module:
    choice = recipe.encoders[name]
    return build_encoder(choice.name, shape, recipe.width, **choice.model_dump(exclude={"name"}))


def _early(recipe: PredictRecipe, shapes: Mapping[str, tuple[int, ...]]) -> EarlyJoin:
    """Return the join of raw streams, onto the pictures where there are some."""
    options = dict(recipe.fusion.options)
    pictures = [n for n in shapes if len(shapes[n]) == 3]
    onto = options.pop("onto", (pictures or sorted(shapes))[0])
    if unknown := set(options) - {"rate_hz", "window"}:
        raise ConfigError(
            f"The fusion 'early' has no option {', '.join(sorted(unknown))}. It has: onto, rate_hz, window."
        )
    return EarlyJoin(shapes, onto, **options)


def set_standardisation(
    model: PredictModel | EarlyModel | CaptionModel, streams: Mapping[str, StreamBatch]
) -> None:
    """Set mean and spread of every stream from the real steps of the training part."""
    if isinstance(model, EarlyModel):
        some = {
            n: Steps(*(torch.from_numpy(np.array(a[:_JOINED_SAMPLES])) for a in s))
            for n, s in streams.items()
        }
        with torch.inference_mode():
            joined = model.join({n: s._replace(values=s.values.float()) for n, s in some.items()})
        arrays = StreamBatch(*(t.numpy() for t in joined))
        _set(next(iter(model.model.encoders.values())), arrays)
        return
    for name, encoder in model.encoders.items():
        _set(encoder, streams[name])


def _set(encoder: nn.Module, stream: StreamBatch) -> None:
    part = getattr(encoder, "standardise", None)
    if isinstance(part, Standardise):
        mean, scale = _moments(stream, tuple(part.mean.shape))
        part.mean.copy_(torch.from_numpy(mean))
        part.scale.copy_(torch.from_numpy(scale))


def _moments(stream: StreamBatch, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return float32 mean and spread over all real steps and over the axes that `shape` has as 1."""
    real = np.asarray(stream.values[stream.keep], np.float64)
    if not len(real):
        return np.zeros(shape, np.float32), np.ones(shape, np.float32)
    axes = (0, *(i + 1 for i, size in enumerate(shape) if size == 1 and real.shape[i + 1] != 1))
    mean, spread = real.mean(axes).reshape(shape), real.std(axes).reshape(shape)
    # A column that never changes says nothing; left as it is it becomes zero.
    return mean.astype(np.float32), np.where(spread > 1e-6, spread, 1.0).astype(np.float32)
