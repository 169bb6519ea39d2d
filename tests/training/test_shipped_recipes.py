"""Every recipe that ships makes two steps on a handful of clips, with all its sizes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from zimu.training import own
from zimu.training.loop import train
from zimu.training.recipes import load_recipe

ROOT = Path(__file__).parents[2]
RECIPES = [*sorted((ROOT / "recipes").glob("*/recipe.toml")), Path(own.__file__).with_name("own.toml")]


@pytest.fixture(scope="module")
def manifest(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight short videos with word times, and with what is true when, as the scenes have it."""
    made = tiny_run.parent / "manifest.jsonl"
    rows = [json.loads(line) for line in made.read_text("utf-8").splitlines()]
    for row in rows:
        row["video"] = str(made.parent / row["video"])
        row["presence"] = dict.fromkeys(("video", "audio", "memory"), row["words"])
    path = tmp_path_factory.mktemp("clips") / "manifest.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.parent.name if p.stem == "recipe" else p.stem)
def test_a_shipped_recipe_makes_two_steps(path: Path, manifest: Path, tmp_path: Path) -> None:
    settings = [f"data.manifest={manifest.as_posix()}", "training.batch_size=2"]
    if "describe" in path.parts:  # the published weights lie in no checkout
        settings.append("model.encoders.video.weights=bundle:describe")
    recipe = load_recipe(path, settings)
    train(recipe, tmp_path, max_steps=2)
    kept = torch.load(tmp_path / "last.pt", weights_only=True)
    assert (kept["progress"]["epoch"], kept["progress"]["step"]) == (0, 2)
    assert all(torch.isfinite(v).all() for v in kept["weights"].values())
