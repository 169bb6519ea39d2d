from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zimu.data.manifest import read_manifest
from zimu.training.recipes import AugmentRecipe, Recipe, load_recipe
from zimu.training.source import SampleSource


@pytest.fixture
def recipe(tiny_run: Path) -> Recipe:
    return load_recipe(tiny_run.parent / "recipe.toml")


def source(recipe: Recipe, folder: Path, count: int = 2, **augment: Any) -> SampleSource:
    training = recipe.training.model_copy(update={"augment": AugmentRecipe(**augment)})
    samples = list(read_manifest(recipe.data.manifest))[:count]
    return SampleSource(recipe.model_copy(update={"training": training}), samples, folder)


def test_a_clip_at_another_speed_keeps_its_own_clock_in_every_stream(recipe: Recipe, tmp_path: Path) -> None:
    plain = source(recipe, tmp_path).arrays(0, None)
    lengths = set()
    for seed in range(6):
        played = source(recipe, tmp_path, speed=0.3).arrays(0, np.random.default_rng(seed))
        for name, stream in played.items():
            assert stream.times[0] == pytest.approx(plain[name].times[0], abs=0.02)
            assert stream.times[-1] == pytest.approx(plain[name].times[-1], abs=0.2)
        lengths.add(len(played["audio"].values))
    assert len(lengths) > 3


def test_louder_sound_and_holes_change_the_sound_only(recipe: Recipe, tmp_path: Path) -> None:
    plain = source(recipe, tmp_path).arrays(0, np.random.default_rng(3))
    changed = source(recipe, tmp_path, gain_db=6.0, holes=2).arrays(0, np.random.default_rng(3))
    assert plain["audio"].values.shape == changed["audio"].values.shape
    assert (changed["audio"].values == 0).sum() > (plain["audio"].values == 0).sum()
    assert not np.allclose(plain["audio"].values, changed["audio"].values)


def test_what_is_not_trained_on_is_never_changed(recipe: Recipe, tmp_path: Path) -> None:
    plain = source(recipe, tmp_path).arrays(1, None)
    augmented = source(recipe, tmp_path, speed=0.3, gain_db=6.0, holes=2).arrays(1, None)
    for name, stream in plain.items():
        assert np.array_equal(stream.values, augmented[name].values)
        assert np.array_equal(stream.times, augmented[name].times)
