from __future__ import annotations

import itertools
import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zimu.errors import SubtitleError
from zimu.streams import Caption
from zimu.subtitles.cue import Cue, Track
from zimu.subtitles.files import write_track
from zimu.subtitles.timeline import arrange, read_speech
from zimu.timing import Span


def caption(kind: str, start_ms: int, end_ms: int, text: str = "a short text") -> Caption:
    return Caption(start_ms, end_ms, text, "en", kind)


def test_speech_is_never_covered_or_moved() -> None:
    speech = caption("speech", 1000, 3000)
    shown = arrange([caption("scene", 0, 8000), caption("sound", 900, 2900), speech])
    assert speech in shown
    assert not [c for c in shown if c.kind != "speech" and c.start_ms < 3000 and c.end_ms > 1000]


def test_a_sound_is_named_when_it_begins_and_the_scene_gives_way() -> None:
    shown = arrange([caption("scene", 0, 9000), caption("sound", 500, 9000, "[rain]")])
    sound, scene = shown
    assert (sound.kind, sound.start_ms, sound.end_ms) == ("sound", 500, 3000)
    assert scene.kind == "scene" and scene.start_ms >= 3000 and scene.end_ms == 9000


def test_a_scene_that_cannot_be_read_in_what_is_left_is_left_out() -> None:
    long = "a text that takes much longer to read than the half second that is left for it"
    shown = arrange([caption("speech", 500, 9000), caption("scene", 0, 9000, long)])
    assert [c.kind for c in shown] == ["speech"]


def test_a_scene_as_short_as_its_shot_is_still_shown() -> None:
    assert len(arrange([caption("scene", 0, 600)])) == 1


@given(
    st.lists(
        st.tuples(st.sampled_from(["speech", "sound", "scene"]), st.integers(0, 20000), st.integers(1, 6000)),
        max_size=12,
    )
)
def test_nothing_ever_overlaps(rows: list[tuple[str, int, int]]) -> None:
    shown = arrange([caption(kind, start, start + length) for kind, start, length in rows])
    for first, second in itertools.pairwise(shown):
        assert first.start_ms < first.end_ms <= second.start_ms


def span(start_ms: int, end_ms: int) -> Span:
    return Span(Fraction(start_ms, 1000), Fraction(end_ms, 1000))


def test_a_description_keeps_out_of_speech_that_has_no_words_here() -> None:
    scene = caption("scene", 0, 9000)
    (shown,) = arrange([scene], spoken=[span(500, 3000), span(7000, 8000)])
    assert 3000 <= shown.start_ms < shown.end_ms <= 7000
    assert arrange([scene], spoken=[span(300, 8900)]) == []
    assert arrange([caption("sound", 1000, 3000)], spoken=[span(0, 9000)])  # a name on the screen may stay


@pytest.mark.parametrize("suffix", ["srt", "vtt", "json"])
def test_what_others_say_is_said_becomes_speech_in_its_language(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"said.{suffix}"
    cues = (
        Cue(1000, 2000, ("How are", "you?"), "speech", "en"),
        Cue(3000, 4000, ("你好吗？",), "speech", "zh"),
    )
    write_track(Track(cues), path)
    found = read_speech(path, None)
    told = [(c.kind, c.start_ms, c.text) for c in found]
    assert told == [("speech", 1000, "How are you?"), ("speech", 3000, "你好吗？")]
    assert [c.language for c in found] == ["en", "zh"] or suffix == "json"


def test_bilingual_cues_speak_both_languages(tmp_path: Path) -> None:
    cues = tuple(Cue(1000 * i, 1000 * i + 900, ("你好。", "Hello.")) for i in range(1, 4))
    write_track(Track(cues), tmp_path / "both.srt")
    found = read_speech(tmp_path / "both.srt", None)
    assert [c.text for c in found if c.language == "zh"] == ["你好。"] * 3
    assert [c.text for c in found if c.language == "en"] == ["Hello."] * 3


def test_words_of_whisper_keep_their_times(tmp_path: Path) -> None:
    word = {"word": "Hello", "start": 1.1, "end": 1.5, "probability": 0.5}
    segment = {"start": 1.0, "end": 2.0, "text": " Hello", "words": [word]}
    (tmp_path / "w.json").write_text(json.dumps({"language": "en", "segments": [segment]}))
    (found,) = read_speech(tmp_path / "w.json", None)
    assert found.tokens == ("Hello",) and found.word_times == ((1100, 1500),)
    assert found.confidence == pytest.approx(0.5)


def test_a_text_without_times_needs_a_sound(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("One line.\n")
    with pytest.raises(SubtitleError, match="has no times"):
        read_speech(tmp_path / "t.txt", None)
