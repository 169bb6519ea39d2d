"""Subtitles against speech whose place is known."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from zimu.clips.speech import HOP_MS, Speech
from zimu.subtitles.cue import Cue, Track
from zimu.subtitles.listening import repair_heard
from zimu.subtitles.page import review_page
from zimu.subtitles.report import Report, report_on
from zimu.subtitles.styles import STYLES
from zimu.timing import Span

PLAIN = STYLES["plain"]


def speech_at(*spans: tuple[int, int], total_ms: int = 120_000) -> Speech:
    activity = np.full(total_ms // HOP_MS, 0.02, np.float32)
    for start, end in spans:
        activity[start // HOP_MS : end // HOP_MS] = 0.95
    exact = tuple(Span(Fraction(a, 1000), Fraction(b, 1000)) for a, b in spans)
    return Speech(exact, activity, np.where(activity > 0.5, -20, -70).astype(np.float32))


TIMES = [
    (4000 + 6000 * i + 400 * (i % 4), 7000 + 6000 * i + 400 * (i % 4) + 400 * (i % 3)) for i in range(15)
]
NAMES = [
    "Ann",
    "Bob",
    "Cem",
    "Dan",
    "Eva",
    "Fay",
    "Gil",
    "Han",
    "Ida",
    "Jan",
    "Kim",
    "Lea",
    "Max",
    "Ned",
    "Oz",
]
CUES = tuple(
    Cue(a, b, (f"{name} went home after the rain.",), "speech")
    for (a, b), name in zip(TIMES, NAMES, strict=True)
)
SPEECH = speech_at(*TIMES)


def report(cues: tuple[Cue, ...], speech: Speech = SPEECH) -> Report:
    return report_on(Track(cues), PLAIN, speech=speech)


def kinds(found: Report) -> dict[int, set[str]]:
    return {row.index: {kind for kind, _ in row.reasons} for row in found.rows}


def test_a_file_that_fits_has_nothing_to_tell() -> None:
    found = report(CUES)
    assert (found.rows, found.unsaid, found.whole) == ((), (), None)


def test_a_line_over_silence_is_told_and_a_known_one_is_told_to_be_invented() -> None:
    extra = (Cue(100_000, 102_000, ("He was never here.",)), Cue(110_000, 112_000, ("Thank you.",)))
    found = kinds(report(CUES + tuple(replace(c, kind="speech") for c in extra)))
    assert "unspoken" in found[15] and "invented" in found[16]


@pytest.mark.parametrize("text", ["[door slams]", "【铃声】", "♪ la la ♪", "(laughs)"])
def test_what_is_no_speech_needs_none(text: str) -> None:
    assert report((*CUES, Cue(100_000, 102_000, (text,), "speech"))).rows == ()


def test_speech_without_a_line_is_found_with_its_place() -> None:
    found = report(CUES[:6] + CUES[7:])
    assert len(found.unsaid) == 1
    assert found.unsaid[0].start_ms == pytest.approx(TIMES[6][0], abs=20)
    assert 0.4 < found.unsaid[0].score < 1


def test_a_line_that_comes_late_is_told_and_moved() -> None:
    late = (*CUES[:4], replace(CUES[4], start_ms=CUES[4].start_ms + 450), *CUES[5:])
    found = report(late)
    assert "off" in kinds(found)[4]
    assert "0.45 s after" in found.rows[0].reasons[0][1]
    track, changes, _ = repair_heard(Track(late), PLAIN, None, SPEECH)
    assert track.cues[4].start_ms == TIMES[4][0]
    assert [(c.cues, c.what) for c in changes] == [((4,), "moved")]


def test_a_file_that_is_late_as_a_whole_is_told_once_and_not_line_by_line() -> None:
    late = tuple(replace(c, start_ms=c.start_ms + 3000, end_ms=c.end_ms + 3000) for c in CUES)
    found = report(late)
    assert found.whole is not None and "late as a whole" in found.whole and "3.0" in found.whole
    assert found.rows == () and found.unsaid == ()
    track, changes, whole = repair_heard(Track(late), PLAIN, None, SPEECH)
    assert track.cues == late and changes == [] and whole == found.whole


def test_invented_lines_over_silence_are_dropped_and_positions_are_those_of_the_file() -> None:
    invented = Cue(1000, 2500, ("Thanks for watching!",), "speech")
    turned = replace(CUES[3], start_ms=CUES[3].end_ms, end_ms=CUES[3].start_ms)
    cues = (invented, *CUES[:3], turned)
    track, changes, _ = repair_heard(Track(cues), PLAIN, None, SPEECH)
    assert [c.lines for c in track.cues[:3]] == [c.lines for c in CUES[:3]]
    assert [(c.cues, c.what) for c in changes] == [((0,), "dropped"), ((4,), "moved")]


def test_nothing_is_dropped_where_somebody_speaks() -> None:
    said = replace(CUES[2], lines=("Thanks for watching!",))
    track, changes, _ = repair_heard(Track((*CUES[:2], said, *CUES[3:])), PLAIN, None, SPEECH)
    assert len(track.cues) == 15 and changes == []


def test_the_page_plays_each_place_of_the_video_beside_it() -> None:
    page = review_page("a.srt", report(CUES[:6] + CUES[7:]), "films/我的 #1.mp4")
    assert '<video controls hidden preload="metadata" src="films/%E6%88%91%E7%9A%84%20%231.mp4">' in page
    assert f'data-start="{TIMES[6][0] / 1000:.3f}"' in page and "speech without a subtitle" in page
    assert "src=" not in review_page("a.srt", report(CUES)).split("<video")[1].split(">")[0]
