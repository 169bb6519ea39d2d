"""Every fusion in a caption recipe: built, trained a step, and in a bundle that writes what torch writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from zimu.errors import ConfigError
from zimu.model.captioner import CaptionModel
from zimu.search.beam import SearchOptions
from zimu.streams import Stream, pad_streams
from zimu.text.vocabulary import END, Vocabulary
from zimu.training import export as exporting
from zimu.training.building import build_model
from zimu.training.half import halve_precision
from zimu.training.recipes import FUSION_RECIPES, Recipe, load_recipe
from zimu.training.stepper import to_steps


def recipe(fusion: dict[str, Any]) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "fused",
            "data": {"manifest": "none", "splitters": {"en": "words"}},
            "video": {"rate_hz": 5.0, "max_frames": 4, "width": 32, "height": 24},
            "audio": {},
            "model": {
                "width": 16,
                "encoders": {
                    "video": {"name": "frames", "planes": 4, "stem": "medium"},
                    "audio": {"name": "wavenet", "channels": 8, "layers": 2, "stacks": 1},
                },
                "fusion": fusion,
                "decoder": {"hidden": 16, "embedding": 12, "attention": 8},
            },
        }
    )


def vocabulary() -> Vocabulary:
    return Vocabulary.build({"en": ["a red wave moves", "a blue wave"]}, {"en": "words"})


def clips(count: int) -> list[dict[str, Stream]]:
    rng = np.random.default_rng(0)

    def stream(length: int, rate_hz: float, *shape: int) -> Stream:
        values = rng.normal(size=(length, *shape)).astype(np.float32)
        return Stream(values, np.ones(length, np.bool_), np.arange(length) / rate_hz)

    return [
        {
            "video": stream(0 if i % 4 == 3 else 1 + i % 4, 5.0, 3, 24, 32),
            "audio": stream(0 if i % 3 == 2 else 20 + 17 * i, 100.0, 64),
        }
        for i in range(count)
    ]


def fresh(fusion: dict[str, Any]) -> CaptionModel:
    torch.manual_seed(0)
    return build_model(recipe(fusion), len(vocabulary()))


@pytest.mark.parametrize("name", sorted(FUSION_RECIPES))
def test_a_caption_model_with_any_fusion_takes_a_training_step(name: str) -> None:
    model, given = fresh({"name": name}).train(), clips(4)
    batch = {n: to_steps(pad_streams([c[n] for c in given])) for n in given[0]}
    tokens = torch.tensor([[3, 5, 6, END]]).repeat(4, 1)
    logits, _, _ = model(batch, tokens)
    logits.square().mean().backward()
    missing = [n for n, p in model.named_parameters() if p.grad is None and "residual_skip" not in n]
    # What no clip lacks needs no stand-in; early fusion has no encoder but one.
    assert [n for n in missing if not n.startswith("absent")] == []
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize("name", ["early", "hierarchical", "mcb"])
def test_a_bundle_writes_what_torch_writes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, model = vocabulary(), fresh({"name": name}).eval()
    monkeypatch.setattr(exporting, "load_run", lambda run: (recipe({"name": name}), words, model))
    bundle = exporting.export(tmp_path / "run", tmp_path / "bundle", card="# fused")
    halve_precision(model)
    options = SearchOptions(max_length=5)
    assert exporting.check_parity(bundle, model, words, clips(6), options, batch_size=4) == 6


def test_options_of_a_fusion_are_checked_with_the_nearest_right_name(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    text = """
name = "small"
[data]
manifest = "m.jsonl"
[audio]
[model.encoders.audio]
name = "wavenet"
[model.fusion]
name = "low_rank"
"""
    path.write_text(text + "rang = 3\n", "utf-8")
    with pytest.raises(ConfigError, match=r"`model.fusion.low_rank.rang` \(did you mean `rank`\?\)"):
        load_recipe(path)
    path.write_text(text + "rank = 0\n", "utf-8")
    with pytest.raises(ConfigError, match=r"`model.fusion.low_rank.rank`: .*greater than or equal to 1"):
        load_recipe(path)
    path.write_text(text + "rank = 7\n", "utf-8")
    assert load_recipe(path).model.fusion.options() == {"rank": 7, "sigma_s": 0.05}
