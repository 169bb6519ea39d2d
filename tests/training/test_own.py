"""`zimu train FOLDER`: a recipe for videos that nobody has described to the program."""

from __future__ import annotations

from pathlib import Path

import pytest

from zimu.data.manifest import read_manifest
from zimu.errors import ConfigError
from zimu.training.own import own_recipe


def fill(folder: Path, texts: list[str]) -> Path:
    """Write videos, that nobody opens here, with a text beside each."""
    folder.mkdir()
    for number, text in enumerate(texts):
        (folder / f"{number}.mp4").write_bytes(b"film")
        (folder / f"{number}.txt").write_text(text, "utf-8")
    return folder


def test_a_folder_becomes_a_manifest_and_a_recipe_in_its_languages(tmp_path: Path) -> None:
    folder = fill(tmp_path / '我的 "films"', ["A dog runs.", "A cat sleeps.", "A man walks.", "Rain falls."])
    told: list[str] = []
    recipe = own_recipe(folder, ["training.epochs=2"], told.append)
    assert recipe.name == '我的 "films"' and recipe.training.epochs == 2
    assert recipe.data.splitters == {"en": "words"}
    assert recipe.model.start == "describe"
    manifest = read_manifest(recipe.data.manifest)
    assert {s.split for s in manifest} == {"train", "val", "test"}
    assert told == [f"{folder / 'manifest.jsonl'}: 4 samples in en"]


def test_a_manifest_that_is_there_is_kept(tmp_path: Path) -> None:
    folder = fill(tmp_path / "films", ["一只狗在跑。", "一只猫在睡觉。", "一个人在走路。"])
    own_recipe(folder)
    before = (folder / "manifest.jsonl").read_bytes()
    fill(tmp_path / "more", ["下雨了。"])
    (tmp_path / "more" / "0.mp4").rename(folder / "9.mp4")
    (tmp_path / "more" / "0.txt").rename(folder / "9.txt")
    recipe = own_recipe(folder / "manifest.jsonl")
    assert (folder / "manifest.jsonl").read_bytes() == before
    assert recipe.name == "films" and recipe.data.splitters == {"zh": "characters"}


def test_too_few_videos_are_refused_and_leave_nothing_behind(tmp_path: Path) -> None:
    folder = fill(tmp_path / "films", ["A dog runs.", "A cat sleeps."])
    with pytest.raises(ConfigError, match="at least three"):
        own_recipe(folder)
    assert not (folder / "manifest.jsonl").exists()


def test_texts_in_a_language_that_the_recipe_does_not_write_are_refused(tmp_path: Path) -> None:
    manifest = tmp_path / "clips.jsonl"
    manifest.write_text('{"video": "a.mp4", "split": "train", "references_fr": ["Un chien."]}\n', "utf-8")
    with pytest.raises(ConfigError, match="no references in en or zh"):
        own_recipe(manifest)
