"""Recipes of `classify` and `regress`: frozen, strict, every error with its key."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from zimu.training.recipes import DecoderRecipe, SearchRecipe

__all__ = [
    "CaptionerRecipe",
    "EncoderChoice",
    "FeaturesChoice",
    "FusionChoice",
    "ImageChoice",
    "PointsChoice",
    "PredictRecipe",
    "PredictTraining",
    "SeriesChoice",
    "TableChoice",
    "TextChoice",
]

Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FeaturesChoice(_Frozen):
    """Precomputed features; see `zimu.model.encoders.features`."""

    name: Literal["features"] = "features"
    layers: Count = 1
    context: Literal["none", "conv", "gru", "transformer"] = "none"
    dropout: Share = 0.2


class SeriesChoice(_Frozen):
    """Measurements; see `zimu.model.encoders.series`."""

    name: Literal["series"] = "series"
    strides: tuple[int, ...] = (2, 2)
    kernel: Count = 5
    context: int = Field(default=0, ge=0)
    dropout: Share = 0.2


class PointsChoice(_Frozen):
    """Skeletons and clouds; see `zimu.model.encoders.points`."""

    name: Literal["points"] = "points"
    kind: Literal["ordered", "cloud"] = "ordered"
    strides: tuple[int, ...] = (2, 2)
    kernel: Count = 5
    dropout: Share = 0.2


class TableChoice(_Frozen):
    """Columns; see `zimu.model.encoders.table`."""

    name: Literal["table"] = "table"
    blocks: int = Field(default=1, ge=0)
    dropout: Share = 0.2


class ImageChoice(_Frozen):
    """Small pictures; see `zimu.model.encoders.image`."""

    name: Literal["image"] = "image"
    planes: tuple[int, ...] = (16, 32)
    dropout: Share = 0.2


class TextChoice(_Frozen):
    """Tokens; see `zimu.model.encoders.text`."""

    name: Literal["text"] = "text"
    vocabulary: Count
    context: Literal["conv", "gru"] = "conv"
    dropout: Share = 0.3


EncoderChoice = Annotated[
    FeaturesChoice | SeriesChoice | PointsChoice | TableChoice | ImageChoice | TextChoice,
    Field(discriminator="name"),
]


class FusionChoice(BaseModel):
    """A method by its name in `zimu.model.fusion`, with that method's own options beside it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = "concat_time"

    @property
    def options(self) -> dict[str, Any]:
        """What stands beside the name."""
        return dict(self.model_extra or {})


class PredictTraining(_Frozen):
    """How the model is trained."""

    epochs: Count = 30
    batch_size: Count = Field(default=128, description="samples, or more where groups are kept together")
    learning_rate: float = Field(default=2e-3, gt=0)
    final_rate: float = Field(default=0.05, ge=0, le=1, description="share left after cosine decay")
    weight_decay: float = Field(default=1e-2, ge=0)
    label_smoothing: Share = 0.0
    clip: float = Field(default=5.0, gt=0, description="largest gradient norm")
    patience: int = Field(default=8, ge=0, description="epochs without gain before stopping; 0: never")
    absent: float | dict[str, float] = Field(
        default=0.1,
        description="share of training samples that lose a stream, for all or each; never all of them",
    )
    ogm_ge: float = Field(
        default=0.0, ge=0, description="how hard encoders that are ahead are slowed; 0: not at all"
    )
    gradient_blending: int = Field(
        default=0, ge=0, description="epochs after which the heads' losses are weighed anew; 0: no such heads"
    )
    threads: Count = Field(default=1, description="more are slower on small data")

    def rate_at(self, done: float, total: float) -> float:
        """Return the learning rate after `done` of `total`, whatever they count: cosine decay."""
        left = 0.5 * (1 + math.cos(math.pi * done / total))
        return self.learning_rate * (self.final_rate + (1 - self.final_rate) * left)


class PredictRecipe(_Frozen):
    """One predictor."""

    task: Literal["classify", "regress", "polarity"] = "classify"
    width: Count = 64
    encoders: dict[str, EncoderChoice]
    fusion: FusionChoice = FusionChoice()
    pooling: Literal["mean", "max", "attention"] = "mean"
    hidden: int = Field(default=0, ge=0, description="units of a layer before the last; 0: none")
    dropout: Share = 0.2
    context: Literal["none", "gru", "attention"] = Field(
        default="none", description="over the samples of a group, in their order"
    )
    training: PredictTraining = PredictTraining()


class CaptionerRecipe(_Frozen):
    """One captioner over arrays: encoders, a fusion and the caption decoder.

    Of the training table the switches `ogm_ge`, `gradient_blending` and `patience` mean nothing here.
    """

    width: Count = 64
    encoders: dict[str, EncoderChoice]
    fusion: FusionChoice = FusionChoice()
    decoder: DecoderRecipe = DecoderRecipe()
    search: SearchRecipe = SearchRecipe()
    metric: Literal["cider_d", "wer"] = Field(default="cider_d", description="by the model's own tokens")
    average: float = Field(default=0.99, ge=0, lt=1, description="decay of the running mean of the weights")
    alignment: float = Field(
        default=0.0, ge=0, description="weight of the loss on which word is said at each step; 0: none"
    )
    looking: float = Field(
        default=0.0, ge=0, description="weight of the loss on whether the decoder looks at the word; 0: none"
    )
    training: PredictTraining = PredictTraining()
