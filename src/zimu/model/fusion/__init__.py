"""Every way to make one stream of several, by name: `build_fusion(name, names, width, **options)`.

A fusion takes {name: Steps [B, T, D]} and gives Steps [B, S, D]. `FUSIONS` says of each name what makes it
and what it promises.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_type_hints

from torch import nn

from zimu.errors import ConfigError, unknown_name
from zimu.model.fusion.aligned import Aligned
from zimu.model.fusion.bilinear import Bilinear
from zimu.model.fusion.block import Block
from zimu.model.fusion.bottleneck import Bottleneck
from zimu.model.fusion.co_attention import CoAttention
from zimu.model.fusion.concat_time import ConcatTime
from zimu.model.fusion.concat_width import ConcatWidth
from zimu.model.fusion.cross_attention import AdditiveAttention, DotAttention
from zimu.model.fusion.experts import MixtureOfExperts, ProductOfExperts
from zimu.model.fusion.film import FiLM
from zimu.model.fusion.gated_sum import GatedSum
from zimu.model.fusion.hierarchical import Apart
from zimu.model.fusion.low_rank import LowRank
from zimu.model.fusion.mcb import CompactBilinear
from zimu.model.fusion.mfb import FactorisedBilinear, HighOrderBilinear
from zimu.model.fusion.mlb import LowRankBilinear
from zimu.model.fusion.mult import MulT
from zimu.model.fusion.mutan import Mutan
from zimu.model.fusion.options import Positive
from zimu.model.fusion.stepwise import Stepwise
from zimu.model.fusion.sum import Sum
from zimu.model.fusion.tensor import TensorFusion
from zimu.model.fusion.transformer import Transformer

__all__ = ["FUSIONS", "Family", "build_fusion"]


@dataclass(frozen=True)
class Family:
    """One way of fusing, and what it promises.

    Attributes:
        make: The module's class.
        works_on: "vectors": one vector a stream and moment, `make(count, width, **options)`, put on a clock
            by `Stepwise`. "steps": whole streams, `make(names, width, **options)`.
        memory: What S is. "longest": the steps of the stream with the most; "all": the steps of all streams,
            one after the other; "in_turn": one of each stream after the other, unjoined, for a decoder that
            chooses among the streams.
        least: Fewest streams.
        symmetric: Whether it treats all streams alike: streams that change places change nothing.
    """

    make: type[nn.Module]
    works_on: Literal["vectors", "steps"]
    memory: Literal["longest", "all", "in_turn"]
    least: int = 1
    symmetric: bool = False

    def options(self) -> Mapping[str, tuple[Any, Any]]:
        """Return {option: (annotated type, default)}."""
        hints = get_type_hints(self.make.__init__, include_extras=True)
        parameters = list(inspect.signature(self.make).parameters.values())[2:]
        found = {p.name: (hints[p.name], p.default) for p in parameters}
        return found | {"sigma_s": (Positive, 0.05)} if self.works_on == "vectors" else found


def _vectors(make: type[nn.Module], symmetric: bool = False, least: int = 1) -> Family:
    return Family(make, "vectors", "longest", least, symmetric)


def _steps(make: type[nn.Module], least: int = 1) -> Family:
    return Family(make, "steps", "all", least)


FUSIONS: dict[str, Family] = {
    # Feature level.
    "concat_time": _steps(ConcatTime),
    "aligned": _steps(Aligned),
    "concat_width": _vectors(ConcatWidth),
    "sum": _vectors(Sum, symmetric=True),
    "gated_sum": _vectors(GatedSum),
    "film": _vectors(FiLM, least=2),
    "tensor": _vectors(TensorFusion),
    "low_rank": _vectors(LowRank),
    # Bilinear pooling.
    "bilinear": _vectors(Bilinear),
    "mcb": _vectors(CompactBilinear),
    "mlb": _vectors(LowRankBilinear),
    "mfb": _vectors(FactorisedBilinear),
    "mfh": _vectors(HighOrderBilinear),
    "mutan": _vectors(Mutan),
    "block": _vectors(Block),
    # Experts.
    "product_of_experts": _vectors(ProductOfExperts),
    "mixture_of_experts": _vectors(MixtureOfExperts),
    # Attention.
    "dot_attention": _steps(DotAttention, least=2),
    "additive_attention": _steps(AdditiveAttention, least=2),
    "co_attention": _steps(CoAttention, least=2),
    "hierarchical": Family(Apart, "steps", "in_turn"),
    # Transformer.
    "transformer": _steps(Transformer),
    "mult": _steps(MulT, least=2),
    "bottleneck": _steps(Bottleneck),
}


def build_fusion(name: str, names: Sequence[str], width: int, **options: Any) -> nn.Module:
    """Return a fusion with fresh weights.

    Args:
        name: A key of `FUSIONS`.
        names: The streams.
        width: D of every stream and of the result.
        options: See `FUSIONS[name].options()`.

    Raises:
        UnknownNameError: There is no such fusion.
        ConfigError: There is no such option, or the streams are too few.
    """
    if name not in FUSIONS:
        raise unknown_name("fusion", name, FUSIONS)
    family = FUSIONS[name]
    if unknown := set(options) - set(family.options()):
        raise ConfigError(
            f"The fusion {name!r} has no option {', '.join(sorted(unknown))}. "
            f"It has: {', '.join(family.options()) or 'none'}."
        )
    if len(names) < family.least:
        raise ConfigError(f"The fusion {name!r} needs {family.least} streams, found: {', '.join(names)}.")
    if family.works_on == "steps":
        return family.make(list(names), width, **options)
    sigma_s = options.pop("sigma_s", 0.05)
    return Stepwise(names, family.make(len(names), width, **options), sigma_s)
