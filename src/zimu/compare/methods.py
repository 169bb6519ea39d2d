"""What is compared: single modalities, fusions, decisions of models trained apart, training switches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from zimu.compare.recipes import CompareRecipe
from zimu.errors import unknown_name
from zimu.model.fusion import FUSIONS
from zimu.tasks.decision import DECISIONS
from zimu.training.predict_building import LEVELS
from zimu.training.predict_recipes import FusionChoice, PredictRecipe

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
}


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
    """

    name: str
    kind: Literal["single", "fusion", "switch", "decision"]
    streams: tuple[str, ...]
    fusion: str
    training: dict[str, Any] = field(default_factory=dict, hash=False)
    fills: bool = False

    @property
    def trained(self) -> bool:
        """Whether it is trained by itself; decisions rest on the models of the single modalities."""
        return self.fusion not in DECISIONS


def choose_methods(recipe: CompareRecipe, wanted: Sequence[str]) -> list[Method]:
    """Return the methods of a comparison: the singles and simple baselines always, then what is wanted.

    Args:
        recipe: Its `extra` methods are added.
        wanted: Names of fusions, decisions and switches; "all" for every fusion and decision.

    Raises:
        UnknownNameError: There is no such method.
    """
    streams = tuple(sorted(recipe.predict.encoders))
    decisions = [d for d in DECISIONS if recipe.predict.task in DECISIONS[d].tasks]
    # Those that keep streams apart for a decoder to choose among are none without one.
    fusions = [
        f for f, family in FUSIONS.items() if family.memory != "in_turn" and family.least <= len(streams)
    ]
    numbers = recipe.predict.task == "regress"
    fusions += [n for n in LEVELS if not (numbers and n == "late_log_linear")]
    names = [n for n in SIMPLE if n in (*fusions, *decisions)]
    for name in (*wanted, *recipe.extra):
        names += [*fusions, *decisions] if name == "all" else [name]
    methods = [Method(f"only {s}", "single", (s,), "concat_time") for s in streams]
    for name in dict.fromkeys(names):
        if name in fusions:
            methods.append(Method(name, "decision" if name.startswith("late_") else "fusion", streams, name))
        elif name in SWITCHES:
            training, fills = SWITCHES[name]
            methods.append(Method(name, "switch", streams, SIMPLE[0], training, fills))
        elif name in decisions:
            methods.append(Method(name, "decision", streams, name))
        else:
            raise unknown_name("method", name, [*fusions, *decisions, *SWITCHES])
    return methods


def recipe_of(recipe: CompareRecipe, method: Method) -> PredictRecipe:
    """Return what a trained method is trained by: the common table, its fusion, its switch."""
    common = recipe.predict
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
