"""The bundle `sounds` that ships: its words, and what it hears."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from zimu.bundles.manifest import Bundle
from zimu.captions.sounds import SoundTagger
from zimu.captions.wording import Wording, read_wording
from zimu.errors import BundleError
from zimu.media.reader import iter_media
from zimu.media.requests import SampleRequest
from zimu.streams import Samples
from zimu.text.languages import is_han

FOLDER = Path(__file__).parents[2] / "bundles" / "sounds"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle(FOLDER)


@pytest.fixture(scope="module")
def wording(bundle: Bundle) -> Wording:
    return read_wording(bundle.file("wording"))


def heard(bundle: Bundle, values: np.ndarray, language: str = "en") -> list[str]:
    tagger = SoundTagger.from_bundle(bundle)
    tagger.feed(Samples(Fraction(0), 16000, values.astype(np.float32)))
    return [c.text for c in tagger.captions(language)]


def read(path: Path) -> np.ndarray:
    items = iter_media(path, frames=None, samples=SampleRequest(16000))
    return np.concatenate([i.values for i in items if isinstance(i, Samples)])


def test_the_bundle_is_whole_and_small(bundle: Bundle) -> None:
    bundle.verify()
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) < 4_000_000
    assert "Apache" in (FOLDER / "LICENSE.yamnet").read_text("utf-8")
    assert "YAMNet" in bundle.card()


def test_what_a_viewer_must_not_be_told_is_not_worded(wording: Wording) -> None:
    worded = {name for sound in wording.sounds for name in sound.names}
    hidden = set(wording.class_names) - worded
    assert {"Speech", "Silence", "Inside, small room", "White noise", "Field recording", "Echo"} <= hidden
    assert {wording.class_names[i] for i in wording.speech} >= {"Speech", "Narration, monologue"}


def test_the_words_are_subtitle_words(wording: Wording) -> None:
    for sound in wording.sounds:
        english, chinese = sound.texts["en"], sound.texts["zh"]
        assert 1 <= len(english.split()) <= 5, english
        assert english == english.strip() and english[0] not in "[(" and not english.endswith(".")
        assert 2 <= len(chinese) <= 9, chinese
        assert all(is_han(c) for c in chinese), chinese


def test_words_known_from_subtitles_are_used(wording: Wording) -> None:
    words = {name: s.texts for s in wording.sounds for name in s.names}
    assert words["Applause"] == {"en": "applause", "zh": "掌声"}
    assert words["Bark"] == {"en": "dog barking", "zh": "狗叫声"}
    assert words["Helicopter"]["zh"] == "直升机声"
    assert words["Telephone bell ringing"] == {"en": "phone ringing", "zh": "电话铃声"}


def test_the_same_words_are_never_two_sounds(wording: Wording) -> None:
    for language in ("en", "zh"):
        texts = [s.texts[language] for s in wording.sounds]
        assert sorted(texts) == sorted(set(texts))


def test_a_beep_is_told_and_silence_is_not(bundle: Bundle) -> None:
    time = np.arange(4 * 16000) / 16000
    beep = 0.3 * np.sin(2 * np.pi * 1000 * time) * (time % 1 < 0.5)
    values = np.concatenate((np.zeros(32000), beep, np.zeros(32000)))
    assert heard(bundle, values) == ["[beeping]"]
    assert heard(bundle, values, "zh") == ["【哔哔声】"]
    assert heard(bundle, np.zeros(160_000)) == []


@pytest.mark.parametrize(
    ("kind", "zh"),
    [("dog_bark", "【狗叫声】"), ("baby_cry", "【婴儿啼哭声】"), ("rooster", "【公鸡打鸣声】")],
)
def test_real_sounds_are_told(shared: Path, bundle: Bundle, kind: str, zh: str) -> None:
    rows = (shared / "esc10" / "meta.csv").read_text("utf-8").splitlines()
    files = [r.split(",")[0] for r in rows if f",{kind}," in r][:4]
    told = [heard(bundle, read(shared / "esc10" / "audio" / f), "zh") for f in files]
    assert sum(zh in t for t in told) >= 3, told


def test_speech_alone_is_told_nothing(shared: Path, bundle: Bundle) -> None:
    files = sorted((shared / "speech" / "audio").iterdir())[:3]
    assert [heard(bundle, read(f)) for f in files] == [[], [], []]


def test_a_bundle_of_another_task_is_refused() -> None:
    with pytest.raises(BundleError, match=r"is a bundle of task 'segment', not \"tag\""):
        SoundTagger.from_bundle(Bundle(FOLDER.parent / "speech"))
