"""What is compared: single modalities, fusions, decisions of models trained apart, training switches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from zimu.compare.recipes import CompareRecipe
from zimu.errors import unknown_name
from zimu.model.fusion import FUSIONS
from zimu.tasks import TASKS
from zimu.tasks.decision import DECISIONS
from zimu.training.predict_building import LEVELS
from zimu.training.predict_recipes import CaptionerRecipe, FusionChoice, PredictRecipe

__all__ = ["SIMPLE", "SWITCHES", "Method", "choose_methods", "recipe_of"]

# The baselines that any gain is measured against: joined features, and averaged answers.
SIMPLE = ("concat_width", "average")

# Training switches on top of the simple baseline: {name: (what of the recipe changes, whether absent streams
# are passed off as zeros)}.
SWITCHES: dict[str, tuple[dict[str, Any], bool]] = {
    "modality_dropout": ({"absent": 0.5}, False),
    "no_modality_dropout": ({"absent": 0.0}, False),
    "zero_filling": ({"absent": 0.0}, True),
    "ogm_ge": ({"ogm_ge": 0.5}, False),
    "gradient_blending": ({"gradient_blending": 3}, False),
}
# Those that captions cannot take: they look at one answer a sample.
_OF_ANSWERS = ("ogm_ge", "gradient_blending")


@dataclass(frozen=True)
class Method:
    """One row of the table.

    Attributes:
        name: Unique in a comparison; "only text" for a single modality.
        kind: "single", "fusion", "switch" or "decision".
        streams: What it sees.
        fusion: Name of the fusion, or of the decision.
        training: What it changes in the recipe's training.
        fills: Whether absent streams are passed off as zeros.
        at_steps: Whether it is a decision at each step of a search, which is a run of its own.
    """

    name: str
    kind: Literal["single", "fusion", "switch", "decision"]
    streams: tuple[str, ...]
    fusion: str
    training: dict[str, Any] = field(default_factory=dict, hash=False)
    fills: bool = False
    at_steps: bool = False

    @property
    def trained(self) -> bool:
        """Whether it is a run of its own; decisions rest on the answers of the single modalities."""
        return self.at_steps or self.fusion not in DECISIONS


def choose_methods(recipe: CompareRecipe, wanted: Sequence[str]) -> list[Method]:
    """Return the methods of a comparison: the singles and simple baselines always, then what is wanted.

    Args:
        recipe: Its `extra` methods are added.
        wanted: Names of fusions, decisions and switches; "all" for every fusion and decision.

    Raises:
        UnknownNameError: There is no such method.
    """
    streams = tuple(sorted(recipe.common.encoders))
    writes = recipe.caption is not None
    # Of each token, for captions.
    task = TASKS[recipe.predict.task].name if recipe.predict else "classify"
    decisions = [d for d in DECISIONS if task in DECISIONS[d].tasks]
    # Those that keep streams apart for a decoder to choose among are none without one.
    fusions = [
        f
        for f, family in FUSIONS.items()
        if (writes or family.memory != "in_turn") and family.least <= len(streams)
    ]
    if not writes:
        fusions += [n for n in LEVELS if not (task != "classify" and n == "late_log_linear")]
    switches = {n: s for n, s in SWITCHES.items() if not (writes and n in _OF_ANSWERS)}
    names = [n for n in SIMPLE if n in (*fusions, *decisions)]
    for name in (*wanted, *recipe.extra):
        names += [*fusions, *decisions] if name == "all" else [name]
    methods = [Method(f"only {s}", "single", (s,), "concat_time") for s in streams]
    for name in dict.fromkeys(names):
        if name in fusions:
            methods.append(Method(name, "decision" if name.startswith("late_") else "fusion", streams, name))
        elif name in switches:
            training, fills = switches[name]
            methods.append(Method(name, "switch", streams, SIMPLE[0], training, fills))
        elif name in decisions:
            methods.append(Method(name, "decision", streams, name, at_steps=writes))
        else:
            raise unknown_name("method", name, [*fusions, *decisions, *switches])
    return methods


def recipe_of(recipe: CompareRecipe, method: Method) -> PredictRecipe | CaptionerRecipe:
    """Return what a trained method is trained by: the common table, its fusion, its switch."""
    common = recipe.common
    fusion = FusionChoice(name=method.fusion, **recipe.fusions.get(method.fusion, {}))
    if method.kind == "single":
        fusion = FusionChoice(name=method.fusion)
    return common.model_copy(
        update={
            "encoders": {s: common.encoders[s] for s in method.streams},
            "fusion": fusion,
            "training": common.training.model_copy(update=method.training),
        }
    )
