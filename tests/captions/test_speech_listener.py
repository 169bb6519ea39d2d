"""What is said, by an engine that is played: which sound it gets, and what becomes of its words."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from zimu.captions.speech_engine import Said, SaidWord
from zimu.captions.speech_listener import LONGEST_S, SpeechListener
from zimu.clips.speech import RATE_HZ, SpeechFinder, SpeechSettings
from zimu.streams import Samples


def by_loudness(chunks: np.ndarray) -> np.ndarray:
    return (np.abs(chunks).mean(1) > 0.02).astype(np.float32)


class Echo:
    """Says "one two" in the second third of what it gets, in a language, and notes what it got."""

    name = "echo"

    def __init__(self, language: str = "en", at: float | None = None) -> None:
        self.language, self.at = language, at
        self.got: list[tuple[np.ndarray, str | None]] = []

    def transcribe(self, values: np.ndarray, language: str | None) -> Sequence[Said]:
        self.got.append((values, language))
        third = len(values) / RATE_HZ / 3
        start = third if self.at is None else self.at
        words = (
            SaidWord("one", start, start + third / 2, 0.9),
            SaidWord("two", start + third / 2, start + third, 0.4),
        )
        return [Said(start, start + third, "one two", self.language, words)]


def listen(
    engine: Echo | None, parts: list[tuple[float, float]], language: str | None = None
) -> SpeechListener:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0, loud, round(s * RATE_HZ)) for loud, s in parts]).astype(np.float32)
    finder = SpeechFinder(by_loudness, SpeechSettings(longest_s=LONGEST_S))
    listener = SpeechListener(finder, engine, language)
    for first in range(0, len(values), RATE_HZ):
        listener.feed(Samples(Fraction(first, RATE_HZ), RATE_HZ, values[first : first + RATE_HZ]))
        held = sum(len(piece.values) for piece in listener._kept) / RATE_HZ
        assert held < 2 * LONGEST_S + 10, "memory grows with the file"
    return listener


LOUD, QUIET = 0.2, 0.001


def test_words_get_the_clock_of_the_file() -> None:
    engine = Echo()
    (caption,) = listen(engine, [(QUIET, 10), (LOUD, 3), (QUIET, 8)]).captions()
    assert (caption.kind, caption.language, caption.text) == ("speech", "en", "one two")
    assert 10_500 < caption.start_ms < 11_500 and 11_500 < caption.end_ms < 13_000
    assert caption.tokens == ("one", "two")
    assert caption.word_times[0][0] == caption.start_ms and caption.word_times[1][1] == caption.end_ms
    assert caption.confidence == pytest.approx(0.6, abs=0.01)


def test_an_engine_gets_only_what_is_spoken_and_never_more_than_it_takes() -> None:
    engine = Echo()
    listen(
        engine, [(QUIET, 5), (LOUD, 40), (QUIET, 0.6), (LOUD, 20), (QUIET, 10), (LOUD, 2), (QUIET, 3)]
    ).captions()
    lengths = [len(values) / RATE_HZ for values, _ in engine.got]
    assert max(lengths) <= LONGEST_S + 0.5
    assert sum(lengths) == pytest.approx(62.6, abs=3)
    for values, _ in engine.got:
        assert np.abs(values).mean() > 0.1


def test_the_language_is_settled_after_some_lines_and_a_given_one_at_once() -> None:
    parts = [(QUIET, 5.0), (LOUD, 1.0)] * 6 + [(QUIET, 5.0)]
    engine, told = Echo("zh"), Echo("zh")
    listen(engine, parts).captions()
    assert [language for _, language in engine.got] == [None] * 3 + ["zh"] * 3
    listen(told, parts, language="en").captions()
    assert {language for _, language in told.got} == {"en"}


def test_lines_that_an_engine_invents_in_a_pause_are_left_out() -> None:
    assert (
        listen(Echo(at=1.5), [(QUIET, 5), (LOUD, 1), (QUIET, 2.8), (LOUD, 0.3), (QUIET, 3)]).captions() == []
    )


def test_without_an_engine_speech_is_found_and_no_sound_is_kept() -> None:
    listener = listen(None, [(QUIET, 5), (LOUD, 2), (QUIET, 5)])
    assert listener._kept == [] and listener.captions() == []
    assert len(listener.speech().spans) == 1
