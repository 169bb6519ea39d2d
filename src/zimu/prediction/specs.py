"""`predictor.json` of a bundle of task "predict": how rows become streams, and scores an answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from zimu.features.kernels import KernelsSpec
from zimu.features.table import TableSpec
from zimu.features.words import WordsSpec

__all__ = ["FusingSpec", "MemberSpec", "Mix", "PredictorSpec", "StreamSpec", "pattern_key"]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StreamSpec(_Frozen):
    """One modality: the columns that it is made of, and how."""

    name: str
    kind: Literal["table", "text", "series", "image", "audio", "video"]
    columns: tuple[str, ...] = Field(min_length=1)
    table: TableSpec | None = None
    words: WordsSpec | None = None
    kernels: KernelsSpec | None = None


class MemberSpec(_Frozen):
    """One model of those that are fused; its graph in the bundle has its name.

    A graph that takes a "summary" has an input `summary` float32 [B, D]; one that takes "steps" has three
    inputs a stream: `<stream>`, `<stream>_keep`, `<stream>_times`. Either gives `scores` [B, K].
    """

    name: str
    streams: tuple[str, ...] = Field(min_length=1)
    takes: Literal["summary", "steps"]
    plain: bool = Field(default=False, description="of a table, only the features without bins")


class Mix(_Frozen):
    """How the members are weighed where certain streams are there."""

    weights: dict[str, float] = Field(description="{member: share}; they sum to 1")
    temperature: float = Field(default=1.0, gt=0)
    width: float | None = Field(default=None, description="half the interval of a regression")


class FusingSpec(_Frozen):
    """Weights for each set of streams that may be there, learned on validation; "" is the empty set.

    What is not listed takes the weights of all streams, shared among the members that can answer.
    """

    mixes: dict[str, Mix]


class PredictorSpec(_Frozen):
    """Everything that is needed to answer, beside the graphs."""

    task: Literal["classify", "regress", "label"]
    target: str
    classes: tuple[str, ...] = ()
    prior: tuple[float, ...] = Field(description="scores of the answer to nothing")
    centre: float = Field(default=0.0, description="of a regression: scores are (target - centre) / scale")
    scale: float = Field(default=1.0, gt=0)
    streams: tuple[StreamSpec, ...] = Field(min_length=1)
    members: tuple[MemberSpec, ...] = Field(min_length=1)
    fusing: FusingSpec
    threshold: float = Field(default=0.0, description="answers less sure than this are withheld")
    wanted_accuracy: float | None = None
    coverage: float = Field(default=0.9, description="of a regression's interval")

    @property
    def names(self) -> tuple[str, ...]:
        """The streams' names, in order."""
        return tuple(s.name for s in self.streams)


def pattern_key(streams: Iterable[str]) -> str:
    """Return the name of a set of streams in `FusingSpec.mixes`."""
    return "+".join(sorted(streams))
