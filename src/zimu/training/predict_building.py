"""A predict recipe and its training data to a model whose standardisation is set."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from zimu.errors import ConfigError
from zimu.model.encoders.registry import build_encoder
from zimu.model.encoders.standardise import Standardise
from zimu.model.fusion import build_fusion
from zimu.model.predictor import Head, PredictModel
from zimu.streams import StreamBatch
from zimu.training.predict_recipes import PredictRecipe

__all__ = ["build_predictor", "set_standardisation"]


def build_predictor(
    recipe: PredictRecipe, shapes: Mapping[str, tuple[int, ...]], outputs: int
) -> PredictModel:
    """Return an untrained model.

    Args:
        recipe: What it is made of.
        shapes: {stream: shape of one step's values}.
        outputs: K.

    Raises:
        ConfigError: The recipe names a stream that the data lack.
        UnknownNameError: It names an encoder or a fusion that does not exist.
    """
    if missing := sorted(set(recipe.encoders) - set(shapes)):
        raise ConfigError(
            f"The recipe has encoders for {', '.join(missing)}, "
            f"but the data have {', '.join(sorted(shapes))}."
        )
    encoders = {
        name: build_encoder(choice.name, shapes[name], recipe.width, **choice.model_dump(exclude={"name"}))
        for name, choice in sorted(recipe.encoders.items())
    }
    fusion = build_fusion(recipe.fusion.name, sorted(encoders), recipe.width, **recipe.fusion.options)
    head = Head(outputs, recipe.pooling, recipe.hidden, recipe.dropout, recipe.context)
    return PredictModel(encoders, fusion, recipe.width, head)


def set_standardisation(model: nn.Module, streams: Mapping[str, StreamBatch]) -> None:
    """Set mean and spread of every stream from the real steps of the training part."""
    encoders = model.get_submodule("encoders")
    for name, encoder in encoders.named_children():
        part = getattr(encoder, "standardise", None)
        if isinstance(part, Standardise):
            mean, scale = _moments(streams[name], tuple(part.mean.shape))
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
