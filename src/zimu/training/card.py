"""The card of a bundle that somebody trained: what it is, what it was measured on, whose work is in it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import zimu
from zimu.bundles.manifest import find_bundle
from zimu.data.manifest import read_manifest
from zimu.training.checkpoint import RunFolder, load_recipe_of, load_scores
from zimu.training.published import weights_file
from zimu.training.recipes import Recipe
from zimu.training.starting import PREFIX

__all__ = ["card_of"]

_SHOWN = ("cider_d", "bleu_4", "rouge_l", "wer", "distinct", "nll")


def card_of(run: Path) -> str:
    """Return the card of a run's bundle, Markdown.

    Args:
        run: The folder of `zimu train`; the manifest of its recipe must still be there.
    """
    recipe, scores = load_recipe_of(run), load_scores(run / "best.pt")
    languages = ", ".join(sorted(recipe.data.splitters))
    lines = [
        f"# {recipe.name}",
        "",
        f"Writes captions ({recipe.kind}; {languages}) of {' and '.join(recipe.model.encoders)}. "
        f"Trained with Zimu {zimu.__version__}.",
        "",
        "| | |",
        "|---|---|",
        f"| data | {_data(recipe, run)} |",
        f"| words | {len(RunFolder.read_vocabulary(run))} tokens |",
        *(f"| {language} | {_scores(scores, language)} |" for language in sorted(recipe.data.splitters)),
        "| recipe | `recipe.json` beside this card |",
        "",
        f"The scores are those of the part `{recipe.data.val}`, by the model's own tokens; it chose the "
        "epoch, so they flatter. `zimu evaluate` measures on a part that chose nothing.",
    ]
    for source in _sources(recipe):
        lines += ["", *_origin(source)]
    return "\n".join(lines) + "\n"


def _data(recipe: Recipe, run: Path) -> str:
    manifest = read_manifest(recipe.data.manifest)
    digest = json.loads((run / "recipe.json").read_text("utf-8"))["data"]
    splits = Counter(s.split for s in manifest)
    parts = ", ".join(f"{splits[name]} {name}" for name in (*recipe.data.train, recipe.data.val))
    return f"{manifest.path.name} ({digest[:12]}): {parts}. Its terms are yours to state"


def _scores(scores: Mapping[str, float], language: str) -> str:
    return ", ".join(f"{m} {scores[f'{m}_{language}']:.3f}" for m in _SHOWN if f"{m}_{language}" in scores)


def _sources(recipe: Recipe) -> Iterator[str]:
    """Yield the bundles and files of weights that the run began with, each once."""
    named = [PREFIX + recipe.model.start] if recipe.model.start else []
    named += [getattr(encoder, "weights", "") for encoder in recipe.model.encoders.values()]
    yield from dict.fromkeys(name for name in named if name)


def _origin(source: str) -> list[str]:
    """Return what is known of weights; a bundle's whole card, since its terms hold for what comes of it."""
    if source.startswith(PREFIX):
        bundle = find_bundle(source.removeprefix(PREFIX))
        card = [f"#{line}" if line.startswith("#") else line for line in bundle.card().strip().splitlines()]
        return [f"Begins with weights of the bundle `{bundle.name}`, whose terms hold here too:", "", *card]
    file = weights_file(source)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    return [f"Begins with the weights `{file.name}` (SHA-256 {digest}); look up the terms they came under."]
