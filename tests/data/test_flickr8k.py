"""Flickr8k and Flickr8k-CN in each of the layouts they are found in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zimu.data.readers.flickr8k import read, read_cn
from zimu.errors import ConfigError


@pytest.fixture
def original(tmp_path: Path) -> Path:
    text = tmp_path / "Flickr8k_text"
    pictures = tmp_path / "Flicker8k_Dataset"
    text.mkdir()
    pictures.mkdir()
    for stem in ("100_ab", "200_cd", "300_ef"):
        (pictures / f"{stem}.jpg").touch()
    (text / "Flickr8k.token.txt").write_text(
        "100_ab.jpg#0\tA dog digs .\n100_ab.jpg#1\tA dog digs .\n200_cd.jpg#0\tTwo boys sing .\n"
        "300_ef.jpg.1#0\tA boat sails .\n"
    )
    for name, stem in (("train", "100_ab"), ("dev", "200_cd")):
        (text / f"Flickr_8k.{name}Images.txt").write_text(f"{stem}.jpg\n")
    return tmp_path


@pytest.fixture
def chinese(original: Path) -> Path:
    folder = original / "flickr8kcn" / "data"
    folder.mkdir(parents=True)
    (folder / "flickr8kzhc.caption.txt").write_text(
        "100_ab.jpg#zhc#0 挖土的狗。\n100_ab.jpg#zhc#1 一只狗。\n", encoding="utf-8"
    )
    (folder / "flickr8kzhmtest.captions.txt").write_text(
        "100_ab.jpg#zhm#0 一只狗在挖土。\n", encoding="utf-8"
    )
    return original


def test_the_original_layout_gives_every_sentence_and_the_standard_split(original: Path) -> None:
    samples = {s.id: s for s in read(original)}
    assert {name: s.split for name, s in samples.items()} == {
        "100_ab": "train",
        "200_cd": "val",
        "300_ef": "extra",
    }
    assert samples["100_ab"].references == {"en": ("A dog digs .", "A dog digs .")}
    assert samples["300_ef"].references == {"en": ("A boat sails .",)}
    assert samples["100_ab"].media == {"image": original / "Flicker8k_Dataset/100_ab.jpg"}


def test_chinese_sentences_join_the_english_ones(chinese: Path) -> None:
    (sample,) = read_cn(chinese)
    assert sample.id == "100_ab"
    assert sample.references["zh"] == ("挖土的狗。", "一只狗。")
    assert sample.references["en"] == ("A dog digs .", "A dog digs .")
    assert sample.extra == {"translations_zh": ["一只狗在挖土。"]}


def test_one_table_of_pictures_and_captions_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "captions.txt").write_text('image,caption\n1_a.jpg,"A dog , wet ."\n1_a.jpg,A dog .\n')
    (sample,) = read(tmp_path)
    assert sample.references == {"en": ("A dog , wet .", "A dog .")}


def test_the_packed_layout_names_members_of_its_archive(tmp_path: Path) -> None:
    row = {
        "id": "1_a",
        "image": "1_a.webp",
        "split": "test",
        "references_en": ["A dog ."],
        "references_zh": ["狗。"],
    }
    bare = {"id": "2_b", "image": "2_b.webp", "split": "extra", "references_en": ["A cat ."]}
    rows = (row | {"translations_zh": ["一只狗。"]}, bare)
    (tmp_path / "captions.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    (tmp_path / "images.zip").touch()
    first, second = read(tmp_path)
    assert str(first.path) == f"{tmp_path}/images.zip!/1_a.webp"
    assert first.references == {"en": ("A dog .",), "zh": ("狗。",)}
    assert first.extra == {"translations_zh": ["一只狗。"]}
    assert second.references == {"en": ("A cat .",)}
    assert [s.id for s in read_cn(tmp_path)] == ["1_a"]


@pytest.mark.parametrize("reader", [read, read_cn])
def test_a_folder_without_the_set_is_refused(tmp_path: Path, reader: object) -> None:
    with pytest.raises(ConfigError, match="does not hold the set"):
        reader(tmp_path)  # type: ignore[operator]
