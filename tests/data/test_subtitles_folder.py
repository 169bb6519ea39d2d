"""Folders of media with subtitle or text files beside them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from zimu.data.readers.subtitles import read_folder, share_out
from zimu.errors import ConfigError

_CUE = "1\n00:00:01,000 --> 00:00:02,500\n{}\n\n"


def _put(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_every_cue_becomes_a_sample_with_its_times(tmp_path: Path) -> None:
    _put(tmp_path / "a/talk.mp4")
    _put(tmp_path / "a/talk.srt", _CUE.format("Hello\nthere.") + "2\n00:00:03,000 --> 00:00:04,000\nBye.\n")
    first, second = read_folder(tmp_path)
    assert (first.id, first.start, first.end) == ("a/talk#0001", Fraction(1), Fraction(5, 2))
    assert first.references == {"en": ("Hello there.",)}
    assert second.references == {"en": ("Bye.",)}
    assert first.media == {"video": tmp_path / "a/talk.mp4"}


def test_files_of_two_languages_meet_in_one_sample_where_their_cues_agree(tmp_path: Path) -> None:
    _put(tmp_path / "talk.mp4")
    _put(tmp_path / "talk.en.srt", _CUE.format("Hello."))
    _put(tmp_path / "talk.zh-Hans.vtt", "WEBVTT\n\n00:01.000 --> 00:02.500\n你好。\n")
    (sample,) = read_folder(tmp_path)
    assert sample.references == {"en": ("Hello.",), "zh": ("你好。",)}


def test_bilingual_cues_are_told_apart_by_their_script(tmp_path: Path) -> None:
    _put(tmp_path / "talk.mp4")
    _put(tmp_path / "talk.srt", _CUE.format("你好，世界。\nHello, world."))
    (sample,) = read_folder(tmp_path)
    assert sample.references == {"zh": ("你好，世界。",), "en": ("Hello, world.",)}


def test_a_latin_line_does_not_make_a_chinese_file_bilingual(tmp_path: Path) -> None:
    _put(tmp_path / "talk.mp4")
    _put(tmp_path / "talk.srt", "".join(_CUE.format(t) for t in ("你好", "世界", "再见", "谢谢", "42", "OK")))
    assert [s.references for s in read_folder(tmp_path)] == [
        {"zh": ("你好", "世界", "再见", "谢谢", "42", "OK")}
    ]


def test_the_whole_text_becomes_one_sample_on_request(tmp_path: Path) -> None:
    _put(tmp_path / "talk.mp4")
    _put(tmp_path / "talk.zh.srt", _CUE.format("你好，") + _CUE.format("世界。"))
    (sample,) = read_folder(tmp_path, whole=True)
    assert (sample.id, sample.span, sample.references) == ("talk", None, {"zh": ("你好，世界。",)})


def test_a_text_file_is_one_reference_or_one_a_line(tmp_path: Path) -> None:
    _put(tmp_path / "dog.jpg")
    _put(tmp_path / "dog.txt", "A dog.\nA wet dog.\n")
    (one,) = read_folder(tmp_path)
    (two,) = read_folder(tmp_path, lines=True)
    assert one.references == {"en": ("A dog. A wet dog.",)}
    assert two.references == {"en": ("A dog.", "A wet dog.")}
    assert one.media == {"image": tmp_path / "dog.jpg"}


def test_media_without_text_are_told_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("a", "b"):
        _put(tmp_path / f"{name}.mp4")
    _put(tmp_path / "a.txt", "A dog.")
    assert [s.id for s in read_folder(tmp_path)] == ["a"]
    assert "b.mp4 has no subtitle or text file beside it" in caplog.text


def test_a_folder_without_pairs_is_refused(tmp_path: Path) -> None:
    _put(tmp_path / "a.mp4")
    _put(tmp_path / "b.srt", _CUE.format("x"))
    with pytest.raises(ConfigError, match="does not hold the set"):
        read_folder(tmp_path)


def test_a_text_whose_language_cannot_be_told_needs_to_be_told(tmp_path: Path) -> None:
    _put(tmp_path / "a.mp4")
    _put(tmp_path / "a.txt", "42")
    with pytest.raises(ConfigError, match=r"Name it a\.en\.txt, or pass --language"):
        list(read_folder(tmp_path))
    (sample,) = read_folder(tmp_path, language="zh")
    assert sample.references == {"zh": ("42",)}


def test_cues_of_one_file_stay_in_one_split_and_every_split_gets_one(tmp_path: Path) -> None:
    for name in "abcdefghij":
        _put(tmp_path / f"{name}.mp4")
        _put(tmp_path / f"{name}.srt", _CUE.format("Hello.") + "2\n00:00:03,000 --> 00:00:04,000\nBye.\n")
    samples = list(share_out(read_folder(tmp_path), 0.1, 0.2))
    assert [s.split for s in samples[::2]] == [s.split for s in samples[1::2]]
    splits = [s.split for s in samples[::2]]
    assert {name: splits.count(name) for name in set(splits)} == {"train": 7, "val": 1, "test": 2}
    again = list(share_out(reversed(samples), 0.1, 0.2))
    assert {s.id: s.split for s in again} == {s.id: s.split for s in samples}


def test_two_files_are_too_few_to_be_split(tmp_path: Path) -> None:
    for name in "ab":
        _put(tmp_path / f"{name}.mp4")
        _put(tmp_path / f"{name}.txt", "A dog.")
    assert {s.split for s in share_out(read_folder(tmp_path), 0.1, 0.1)} == {"train"}
