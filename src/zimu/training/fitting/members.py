"""Every model that takes part, and the systems that are made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.prediction.fusing import fuse, subsets
from zimu.prediction.preparing import Prepared
from zimu.prediction.specs import FusingSpec, MemberSpec, Mix, PredictorSpec, StreamSpec, pattern_key
from zimu.tasks.shapley import EXACT_UP_TO
from zimu.training.fitting.experts import Expert, Learned, fit_linear, fit_trees
from zimu.training.fitting.networks import Network, train_network
from zimu.training.fitting.streams import Streams
from zimu.training.fitting.targets import Target
from zimu.training.fitting.weighing import weigh

__all__ = [
    "Members",
    "Settings",
    "alone",
    "present_of",
    "system_scores",
    "train_members",
    "weigh_members",
]

Array = npt.NDArray[np.float64]

# Trees on fewer rows than this learn nothing that a linear model does not.
_FEWEST_FOR_TREES = 60
# Weights from fewer validation rows than this are no better than those of all streams.
_FEWEST_FOR_WEIGHTS = 15


@dataclass(frozen=True)
class Settings:
    """How members are trained.

    Attributes:
        networks: Whether networks take part.
        fusion: The network's way of fusing, a key of `zimu.model.fusion.FUSIONS`.
        epochs: At most so many.
        seed: Of everything drawn.
        coverage: Of a regression's interval.
    """

    networks: bool = True
    fusion: str = "concat_time"
    epochs: int = 40
    seed: int = 0
    coverage: float = 0.9


@dataclass
class Members:
    """The members of a fusion.

    Attributes:
        task: "classify", "regress" or "label".
        specs: What each takes.
        experts: Those that take a summary.
        networks: Those that take steps.
        plain: Columns of a table's summary that trees take, by stream.
        notes: What was chosen, by member.
    """

    task: str
    specs: list[MemberSpec] = field(default_factory=list)
    experts: dict[str, Expert] = field(default_factory=dict)
    networks: dict[str, Network] = field(default_factory=dict)
    plain: dict[str, list[int]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def scores(
        self, prepared: Mapping[str, Prepared], only: tuple[str, ...] | None = None
    ) -> dict[str, Array]:
        """Return {member: [B, K]} of those that can answer from some streams."""
        shown = tuple(prepared) if only is None else only
        out = {}
        for spec in self.specs:
            if not set(spec.streams) & set(shown):
                continue
            if spec.name in self.experts:
                out[spec.name] = self.experts[spec.name].scores(self.summary(spec, prepared))
            else:
                out[spec.name] = self.networks[spec.name].scores(prepared, frozenset(shown))
        return out

    def summary(self, spec: MemberSpec, prepared: Mapping[str, Prepared]) -> Any:
        """Return what an expert takes: float32 [B, D], sparse for texts."""
        stream = spec.streams[0]
        found = _summary(prepared[stream])
        return found[:, self.plain[stream]] if spec.plain else found

    def again(self, streams: Streams, truth: Mapping[str, npt.NDArray[Any]]) -> Members:
        """Return the members with experts that learned from training and validation rows together.

        Networks stay: they stopped where validation was best, and cannot do so without it.
        """
        experts = dict(self.experts)
        for spec in self.specs:
            if spec.name in experts:
                taken = [_rows_of(streams.parts[p], spec.streams, truth[p]) for p in ("train", "val")]
                summaries = [self.summary(spec, prepared) for prepared, _ in taken]
                y = np.concatenate([part for _, part in taken])
                experts[spec.name] = experts[spec.name].again(_stacked(summaries), y)
        return replace(self, experts=experts)


def _summary(prepared: Prepared) -> Any:
    if prepared.words is None:
        return prepared.summary
    from scipy.sparse import csr_matrix

    from zimu.features.words import words_weights

    begins, columns, values = words_weights(prepared.words, prepared.texts)
    return csr_matrix((values, columns, begins), shape=(len(prepared.texts), len(prepared.words.grams)))


def present_of(specs: tuple[StreamSpec, ...], prepared: Mapping[str, Prepared]) -> npt.NDArray[np.bool_]:
    """Return bool [B, streams], which streams each row has."""
    return np.stack([prepared[s.name].present for s in specs], axis=1)


def train_members(
    streams: Streams,
    target: Target,
    truth: Mapping[str, npt.NDArray[Any]],
    settings: Settings,
    tell: Callable[[str], None],
) -> Members:
    """Train an expert and a network for each modality, and a network that fuses them.

    Args:
        streams: The prepared streams.
        target: What is predicted.
        truth: {"train", "val": targets}, standardised for a regression.
        settings: How.
        tell: Is told what is being trained.
    """
    members = Members(target.task)
    outputs = max(1, len(target.classes))
    for spec in streams.specs:
        _add_experts(members, spec, streams, truth, outputs)
    if not settings.networks:
        return members
    groups: list[tuple[StreamSpec, ...]] = [(s,) for s in streams.specs]
    if len(streams.specs) > 1:
        groups.append(streams.specs)
    for group in groups:
        name = "network_fused" if len(group) > 1 else f"network_{group[0].name}"
        tell(f"Training {name.replace('_', ' ')} ...")
        chosen = {p: _rows_of(streams.parts[p], [s.name for s in group], truth[p]) for p in ("train", "val")}
        if not len(chosen["train"][1]) or not len(chosen["val"][1]):
            continue
        network = train_network(
            group,
            chosen["train"],
            chosen["val"],
            task=target.task,
            classes=target.classes if target.task == "classify" else (),
            fusion=settings.fusion,
            epochs=settings.epochs,
            seed=settings.seed,
            report=lambda event: None,
        )
        members.networks[name] = network
        members.notes[name] = f"{len(network.predictor.history)} epochs"
        members.specs.append(MemberSpec(name=name, streams=tuple(s.name for s in group), takes="steps"))
    return members


def _rows_of(
    prepared: Mapping[str, Prepared], names: Sequence[str], truth: npt.NDArray[Any]
) -> tuple[dict[str, Prepared], npt.NDArray[Any]]:
    """Return the rows that have one of the streams at least."""
    rows = np.flatnonzero(np.any([prepared[n].present for n in names], axis=0))
    return {n: prepared[n].take(rows) for n in names}, truth[rows]


def _stacked(summaries: Sequence[Any]) -> Any:
    if isinstance(summaries[0], np.ndarray):
        return np.concatenate(summaries)
    from scipy.sparse import vstack

    return vstack(summaries, format="csr")


def _add_experts(
    members: Members,
    spec: StreamSpec,
    streams: Streams,
    truth: Mapping[str, npt.NDArray[Any]],
    outputs: int,
) -> None:
    chosen = {p: _rows_of(streams.parts[p], [spec.name], truth[p]) for p in ("train", "val")}
    train, val = (_summary(chosen[p][0][spec.name]) for p in ("train", "val"))
    y, y_val = chosen["train"][1], chosen["val"][1]
    if not len(y) or not len(y_val):
        return
    data = Learned(train, val, y, y_val, members.task, outputs)
    kinds: list[tuple[str, Callable[[Learned], Expert], bool]] = [("linear", fit_linear, False)]
    if spec.table is not None and len(y) >= _FEWEST_FOR_TREES:
        members.plain[spec.name] = list(spec.table.plain)
        kinds.append(("trees", fit_trees, True))
    for kind, fit, plain in kinds:
        name = f"{kind}_{spec.name}"
        if plain:
            columns = members.plain[spec.name]
            data = Learned(train[:, columns], val[:, columns], y, y_val, members.task, outputs)
        members.experts[name] = fit(data)
        members.notes[name] = members.experts[name].note
        members.specs.append(MemberSpec(name=name, streams=(spec.name,), takes="summary", plain=plain))


def weigh_members(
    members: Members,
    streams: Streams,
    truth: npt.NDArray[Any],
    base: PredictorSpec,
) -> PredictorSpec:
    """Return the predictor with weights for every set of streams, learned on the validation part.

    Args:
        members: All of them.
        streams: The prepared streams.
        truth: Targets of the validation part.
        base: Everything but the weights.
    """
    val = streams.parts["val"]
    present = present_of(streams.specs, val)
    sets = subsets(base.names)
    if len(base.names) > EXACT_UP_TO:
        sets = [s for s in sets if len(s) in (1, len(base.names))]
    mixes: dict[str, Mix] = {"": weigh({}, truth, members.task, coverage=base.coverage)}
    for chosen in sets:
        columns = [base.names.index(n) for n in chosen]
        rows = np.flatnonzero(present[:, columns].all(axis=1))
        if len(rows) < _FEWEST_FOR_WEIGHTS and len(chosen) < len(base.names):
            continue
        found = members.scores(val, chosen)
        part = {n: s[rows] for n, s in found.items()}
        if part:
            mixes[pattern_key(chosen)] = weigh(part, truth[rows], members.task, coverage=base.coverage)
    return base.model_copy(update={"members": tuple(members.specs), "fusing": FusingSpec(mixes=mixes)})


def alone(
    members: Members, streams: Streams, truth: npt.NDArray[Any], base: PredictorSpec, names: tuple[str, ...]
) -> PredictorSpec:
    """Return a predictor of some members only, weighed among themselves on the validation part."""
    specs = tuple(m for m in members.specs if m.name in names)
    used = tuple(n for n in base.names if any(n in m.streams for m in specs))
    val = streams.parts["val"]
    rows = np.flatnonzero(present_of(streams.specs, val)[:, [base.names.index(n) for n in used]].any(axis=1))
    found = members.scores(val, used)
    mix = weigh({n: found[n][rows] for n in names}, truth[rows], members.task, coverage=base.coverage)
    return base.model_copy(update={"members": specs, "fusing": FusingSpec(mixes={pattern_key(used): mix})})


def system_scores(
    members: Members, streams: Streams, spec: PredictorSpec, part: str
) -> tuple[Array, npt.NDArray[np.float64]]:
    """Return a predictor's fused scores [B, K] on a part, and half its intervals [B]."""
    prepared = streams.parts[part]
    used = {n for m in spec.members for n in m.streams}
    present = present_of(streams.specs, prepared) & np.array([n in used for n in spec.names])
    return fuse(spec, members.scores(prepared), present)
