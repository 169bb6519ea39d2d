from __future__ import annotations

from pathlib import Path

import pytest

from zimu.errors import ConfigError
from zimu.training.recipes import load_recipe

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*/recipe.toml"))

SMALL = """
name = "small"
[data]
manifest = "m.jsonl"
[audio]
[model.encoders.audio]
name = "wavenet"
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "recipe.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.parent.name)
def test_every_shipped_recipe_is_read(path: Path) -> None:
    assert load_recipe(path).name == path.parent.name
    assert path.read_text("utf-8").startswith("# zimu train recipes/")


def test_values_are_set_over_the_file(tmp_path: Path) -> None:
    recipe = load_recipe(
        write(tmp_path, SMALL), ["model.decoder.hidden=32", "training.absent={audio=0.5}", "name=other"]
    )
    assert recipe.model.decoder.hidden == 32
    assert recipe.training.absent == {"audio": 0.5}
    assert recipe.name == "other"


def test_all_errors_are_told_together_with_the_nearest_right_key(tmp_path: Path) -> None:
    text = SMALL + "strids = [2]\n[training]\nepochs = 0\nbatchsize = 3\n"
    with pytest.raises(ConfigError) as caught:
        load_recipe(write(tmp_path, text))
    message = str(caught.value)
    assert "`model.encoders.audio.wavenet.strids` (did you mean `strides`?)" in message
    assert "`training.batchsize` (did you mean `batch_size`?)" in message
    assert "`training.epochs`" in message and "found 0" in message


def test_a_stream_without_its_contract_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"`model.encoders.audio` needs the table `\[audio\]`"):
        load_recipe(write(tmp_path, SMALL.replace("[audio]\n", "")))


@pytest.mark.parametrize("own", ["zh = 'words'", "en = 'characters'", "en = 'syllables'"])
def test_a_splitter_that_does_not_cut_the_language_is_refused(own: str, tmp_path: Path) -> None:
    language, splitter = own[:2], own[6:-1]
    with pytest.raises(ConfigError, match=rf"`data.splitters.{language}`: '{splitter}' does not cut it"):
        load_recipe(write(tmp_path, SMALL), [f"data.splitters={{{own}}}"])


def test_likelihood_does_not_choose_among_epochs_that_raise_another_reward(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"`training\.metric`: after `self_critical`"):
        load_recipe(write(tmp_path, SMALL), ["training.metric=nll", "self_critical.epochs=1"])


def test_a_missing_or_broken_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.toml cannot be read: No such file"):
        load_recipe(tmp_path / "nowhere.toml")
    with pytest.raises(ConfigError, match="is not TOML"):
        load_recipe(write(tmp_path, "name = "))
    with pytest.raises(ConfigError, match="has no '='"):
        load_recipe(write(tmp_path, SMALL), ["model.decoder.hidden"])
