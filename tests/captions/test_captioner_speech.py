"""Captions of what is said in the one pass: a real sentence, and an engine that is played."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from zimu.bundles.manifest import find_bundle
from zimu.captions.captioner import Captioner, load
from zimu.captions.speech_engine import Said, SaidWord, find_whisper, is_whisper
from zimu.clips.speech import RATE_HZ, Speech
from zimu.errors import BundleError, MissingExtraError, UnknownNameError


class Played:
    """Says one line for all that it gets."""

    name = "played"

    def transcribe(self, values: np.ndarray, language: str | None) -> Sequence[Said]:
        end = len(values) / RATE_HZ
        return [
            Said(
                0.2,
                end - 0.2,
                "bin blue",
                "en",
                (SaidWord("bin", 0.2, 0.5, 0.9), SaidWord("blue", 0.5, end - 0.2, 0.8)),
            )
        ]


def test_what_is_said_stands_where_it_is_said_whatever_language_is_asked_for(shared: Path) -> None:
    heard: list[Speech] = []
    captioner = Captioner([find_bundle("sounds")], speaking=Played())
    path = shared / "grid_s1" / "clips" / "bbaf2n.mp4"
    captions = list(captioner.iter_captions(path, languages=["zh"], watch_speech=heard.append))
    (said,) = [c for c in captions if c.kind == "speech"]
    assert captioner.name == "sounds+played"
    assert (said.language, said.text) == ("en", "bin blue")
    assert said.start_ms == pytest.approx(950, abs=200) and said.end_ms == pytest.approx(2120, abs=200)
    assert len(heard) == 1 and len(heard[0].spans) == 1


def test_nobody_listens_for_speech_where_nobody_asks(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def listen(*_: object) -> None:
        raise AssertionError("somebody listens")

    monkeypatch.setattr("zimu.captions.speech.speech_finder", listen)
    path = shared / "grid_s1" / "clips" / "bbaf2n.mp4"
    captioner = Captioner([find_bundle("sounds")])
    assert list(captioner.iter_captions(path, languages=["en"])) == []
    with pytest.raises(AssertionError):
        list(captioner.iter_captions(path, languages=["en"], watch_speech=print))


def test_the_bundle_speech_alone_finds_speech_and_tells_nothing(shared: Path) -> None:
    heard: list[Speech] = []
    captioner = load("speech")
    path = shared / "grid_s1" / "clips" / "bbaf2n.mp4"
    assert list(captioner.iter_captions(path, languages=["en"], watch_speech=heard.append)) == []
    assert len(heard[0].spans) == 1


def test_a_whisper_is_known_by_its_name_or_folder(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"")
    (tmp_path / "config.json").write_text("{}")
    assert is_whisper("whisper:small") and is_whisper(tmp_path)
    assert not is_whisper("sounds") and not is_whisper(tmp_path / "elsewhere")


def test_a_whisper_that_is_not_there_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown Whisper model 'smal'\. Did you mean 'small'\?"):
        find_whisper("whisper:smal")
    (tmp_path / "half").mkdir()
    with pytest.raises(BundleError, match=r"has no model\.bin"):
        find_whisper(f"whisper:{tmp_path / 'half'}")
    with pytest.raises(BundleError, match="One Whisper can run at a time"):
        load(["whisper:small", "whisper:tiny"])
    with pytest.raises((BundleError, MissingExtraError), match=r"nothing is downloaded|zimu\[speech\]"):
        load("whisper:tiny")
