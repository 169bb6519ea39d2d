"""GRID: both layouts, and the Chinese that is made by rule."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

from zimu.data.noise import choose_babble, noise_seed
from zimu.data.readers.grid import chinese_sentence, english_sentence, read
from zimu.errors import ConfigError

_ALIGN = """0 23750 sil
23750 29500 bin
29500 34000 blue
34000 34500 sp
34500 35500 at
35500 41000 f
41000 47250 two
47250 53000 now
53000 74500 sil
"""


def test_every_sentence_of_the_grammar_is_read_back_from_its_chinese() -> None:
    sentences = {
        " ".join(words)
        for words in product(
            ("bin", "lay", "place", "set"),
            ("blue", "green", "red", "white"),
            ("at", "by", "in", "with"),
            "abcdefghijklmnopqrstuvxyz",
            ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
            ("again", "now", "please", "soon"),
        )
    }
    # Twelve letters apart are enough to see all others: the slots do not interact.
    some = sorted(sentences)[::37]
    chinese = [chinese_sentence(s) for s in some]
    assert len(sentences) == 64_000
    assert len(set(map(chinese_sentence, sentences))) == 64_000
    assert [english_sentence(c) for c in chinese] == some


@pytest.mark.parametrize("text", ["bin blue at w two now", "bin blue at f two", "blue bin at f two now"])
def test_what_is_no_sentence_of_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no GRID sentence"):
        chinese_sentence(text)


def test_the_packed_layout_keeps_its_split_and_word_times(tmp_path: Path) -> None:
    words = [{"word": "bin", "start": 0.95, "end": 1.18}]
    row = {"id": "bbaf2n", "file": "clips/bbaf2n.mp4", "text": "bin blue at f two now", "words": words}
    row |= {"speaker": "s1", "frames": 75, "split": "val"}
    (tmp_path / "transcripts.jsonl").write_text(json.dumps(row) + "\n")
    (sample,) = read(tmp_path)
    assert sample.media == {"video": tmp_path / "clips/bbaf2n.mp4"}
    assert sample.references == {"en": ("bin blue at f two now",), "zh": ("现在把蓝色投放在F二",)}
    assert sample.split == "val"
    assert sample.extra == {"words": words, "speaker": "s1", "noise_seed": noise_seed("bbaf2n")}


def test_the_original_layout_gives_words_their_times_without_silences(tmp_path: Path) -> None:
    (tmp_path / "s1").mkdir()
    (tmp_path / "align" / "s1").mkdir(parents=True)
    (tmp_path / "s1" / "bbaf2n.mpg").touch()
    (tmp_path / "align" / "s1" / "bbaf2n.align").write_text(_ALIGN)
    (sample,) = read(tmp_path)
    assert sample.id == "bbaf2n"
    assert sample.references["en"] == ("bin blue at f two now",)
    assert sample.extra["words"][0] == {"word": "bin", "start": 0.95, "end": 1.18}
    assert [w["word"] for w in sample.extra["words"]] == ["bin", "blue", "at", "f", "two", "now"]
    assert sample.split in ("train", "val", "test")


def test_a_clip_without_alignment_is_told_by_its_name_and_speakers_are_kept_apart(tmp_path: Path) -> None:
    for speaker in ("s1", "s2"):
        (tmp_path / speaker).mkdir()
        (tmp_path / speaker / "pwwwzp.mpg").touch()  # w is no letter of the corpus: not a clip
        (tmp_path / speaker / "pwwkzp.mpg").touch()
    samples = list(read(tmp_path))
    assert [s.id for s in samples] == ["s1_pwwkzp", "s2_pwwkzp"]
    assert samples[0].references["en"] == ("place white with k zero please",)


def test_the_split_of_the_original_layout_is_about_eight_to_one_to_one(tmp_path: Path) -> None:
    letters = "abcdefghijklmnopqrstuvxyz"
    names = [f"{c}{k}{p}{letter}1n" for c, k, p, letter in product("blps", "bgrw", "abiw", letters)]
    for name in names:
        (tmp_path / f"{name}.mpg").touch()
    samples = list(read(tmp_path))
    splits = [s.split for s in samples]
    shares = {name: splits.count(name) / len(names) for name in ("train", "val", "test")}
    assert shares["train"] == pytest.approx(0.8, abs=0.03)
    assert shares["val"] == pytest.approx(0.1, abs=0.03)
    training = {s.id for s in samples if s.split == "train"}
    assert all(training.issuperset(s.extra["babble"]) and s.id not in s.extra["babble"] for s in samples)
    assert samples[5].extra["babble"] == list(choose_babble(samples[5].id, training))


def test_a_folder_without_the_set_is_refused_with_the_layout(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"does not hold the set\. Expected: transcripts\.jsonl"):
        read(tmp_path)


def test_a_broken_alignment_is_named(tmp_path: Path) -> None:
    (tmp_path / "bbaf2n.mpg").touch()
    (tmp_path / "bbaf2n.align").write_text("0 x bin\n")
    with pytest.raises(ConfigError, match=r"bbaf2n.align is no GRID alignment: '0 x bin'"):
        list(read(tmp_path))
