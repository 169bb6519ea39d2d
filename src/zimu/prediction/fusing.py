"""Several models' scores as one: weighted in the logarithm, with weights for every set of streams.

Source: logarithmic opinion pools, Heskes 1998 (NIPS 10), equation 3; for numbers a weighted mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from zimu.prediction.specs import FusingSpec, MemberSpec, Mix, PredictorSpec, pattern_key
from zimu.tasks.temperature import log_softmax

__all__ = ["able", "fuse", "mix_of", "pooled", "subsets"]

Array = npt.NDArray[np.float64]


def subsets(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return every set of names that is not empty, the small ones first."""
    return [s for size in range(1, len(names) + 1) for s in combinations(names, size)]


def able(members: Iterable[MemberSpec], streams: Iterable[str]) -> tuple[str, ...]:
    """Return the members that can answer: those of whose streams one at least is there."""
    there = set(streams)
    return tuple(m.name for m in members if there & set(m.streams))


def mix_of(fusing: FusingSpec, members: Sequence[MemberSpec], streams: Sequence[str]) -> Mix:
    """Return how the members are weighed where some streams are there; see `FusingSpec`."""
    key = pattern_key(streams)
    if key in fusing.mixes:
        return fusing.mixes[key]
    names = able(members, streams)
    if not names:
        return Mix(weights={})
    whole = fusing.mixes[max(fusing.mixes, key=lambda k: len(k.split("+")) if k else 0)]
    total = sum(whole.weights.get(n, 0.0) for n in names)
    weights = {n: whole.weights.get(n, 0.0) / total if total > 0 else 1 / len(names) for n in names}
    return Mix(weights=weights, temperature=whole.temperature, width=whole.width)


def pooled(scores: Mapping[str, Array], weights: Mapping[str, float], task: str) -> Array:
    """Return the members' scores [B, K] as one.

    Args:
        scores: {member: logits or standardised numbers [B, K]}.
        weights: {member: share}; members without one do not count.
        task: "classify", "regress" or "label".
    """
    parts = [
        share * (log_softmax(scores[name]) if task == "classify" else np.asarray(scores[name], np.float64))
        for name, share in weights.items()
        if share > 0
    ]
    total: Array = np.sum(parts, axis=0)
    return total


def fuse(
    spec: PredictorSpec, scores: Mapping[str, Array], present: npt.NDArray[np.bool_]
) -> tuple[Array, npt.NDArray[np.float64]]:
    """Return the answers' scores [B, K], at their temperature, and half the interval of each [B].

    Args:
        spec: The predictor.
        scores: {member: [B, K]}, made from the streams that are there.
        present: bool [B, streams], which streams each row has, in the order of `spec.names`.
    """
    rows = len(present)
    out = np.tile(np.asarray(spec.prior, np.float64), (rows, 1))
    widths = np.full(rows, np.nan)
    patterns, place = np.unique(present, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        there = [n for n, real in zip(spec.names, pattern, strict=True) if real]
        chosen = np.flatnonzero(place.reshape(-1) == number)
        mix = mix_of(spec.fusing, spec.members, there)
        widths[chosen] = np.nan if mix.width is None else mix.width
        if not mix.weights:
            continue
        part = pooled({n: scores[n][chosen] for n in mix.weights}, mix.weights, spec.task)
        out[chosen] = part / mix.temperature if spec.task != "regress" else part
    return out, widths
