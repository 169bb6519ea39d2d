"""A text without times against made speech: sentences at known times, said at a varying pace."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from zimu.clips.speech import HOP_MS, Speech
from zimu.subtitles.cue import Word
from zimu.subtitles.transcript import place_by_words, place_text, spoken_length, text_units
from zimu.timing import Span

WORDS = [
    "one",
    "two",
    "seven",
    "houses",
    "very",
    "important",
    "because",
    "they",
    "garden",
    "remember",
    "tomorrow",
]


def said(
    seed: int, count: int, unsaid: tuple[int, ...] = ()
) -> tuple[list[str], list[tuple[float, float]], Speech]:
    """Return sentences, their times, and speech; `unsaid` sentences are spoken but not in the text."""
    rng = np.random.default_rng(seed)
    at, units, times, spans = 1.0, [], [], []
    for i in range(count):
        text = " ".join(rng.choice(WORDS, rng.integers(2, 9))).capitalize() + "."
        length = spoken_length(text) * 0.2 * float(rng.lognormal(0, 0.15))
        if i not in unsaid:
            units.append(text)
            times.append((at, at + length))
        # A third of the sentences follow each other without a pause.
        if spans and rng.random() < 0.33:
            spans[-1] = Span(spans[-1].start, Fraction(round((at + length) * 1000), 1000))
        else:
            at += float(rng.choice([0.4, 0.8, 2.0]))
            times[-1:] = [(at, at + length)] if i not in unsaid else times[-1:]
            spans.append(Span(Fraction(round(at * 1000), 1000), Fraction(round((at + length) * 1000), 1000)))
        at += length
    hops = round((at + 1) * 1000 / HOP_MS)
    activity, levels = np.zeros(hops, np.float32), np.full(hops, -70, np.float32)
    for span in spans:
        inside = slice(round(span.start * 1000 / HOP_MS), round(span.end * 1000 / HOP_MS))
        activity[inside], levels[inside] = 1, -20
    return units, times, Speech(tuple(spans), activity, levels)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_most_sentences_are_put_where_they_are_said(seed: int) -> None:
    units, times, speech = said(seed, 80)
    cues = place_text(units, speech)
    errors = np.array([abs(c.start_ms / 1000 - t[0]) for c, t in zip(cues, times, strict=True)])
    assert [c.text for c in cues] == units
    assert (errors <= 0.4).mean() >= 0.8 and (errors <= 4).all(), np.sort(errors)[-20:]


def test_speech_that_is_not_in_the_text_is_passed_over() -> None:
    units, times, speech = said(4, 60, unsaid=(20, 21, 22, 23))
    cues = place_text(units, speech)
    errors = np.array([abs(c.start_ms / 1000 - t[0]) for c, t in zip(cues, times, strict=True)])
    assert np.median(errors) < 0.5 and np.median(errors[-10:]) < 1


def test_cues_keep_the_order_of_the_text_and_words_lie_in_their_cue() -> None:
    units, _, speech = said(3, 40)
    cues = place_text(units, speech)
    for first, second in pairwise(cues):
        assert first.start_ms <= first.end_ms <= second.start_ms + HOP_MS
    for cue in cues:
        assert [w.text for w in cue.words] == cue.text.rstrip(".").split()
        for word in cue.words:
            assert word.start_ms is not None and word.end_ms is not None
            assert cue.start_ms - 20 <= word.start_ms <= word.end_ms <= cue.end_ms + 20


def test_chinese_counts_characters_and_sentences_end_at_full_stops() -> None:
    assert spoken_length("今天天气很好。") == 6
    assert text_units("今天天气很好。我们出去吧！好\n\nMr. Brown left. He ran.") == [
        "今天天气很好。",
        "我们出去吧！",
        "好",
        "Mr.",
        "Brown left.",
        "He ran.",
    ]


def test_silence_gets_no_cues() -> None:
    nothing = Speech((), np.zeros(100, np.float32), np.full(100, -90, np.float32))
    assert place_text(["A sentence."], nothing) == []


def heard_words(*rows: tuple[str, int, int]) -> list[Word]:
    return [Word(text, 1.0, start, end) for text, start, end in rows]


def test_words_that_a_recogniser_heard_place_a_text_and_its_mistakes_do_not() -> None:
    heard = heard_words(
        ("Come", 1000, 1200), ("inn", 1200, 1500), ("please.", 1500, 2000),
        ("Sit", 5000, 5300), ("down", 5300, 5600), ("hair.", 5600, 6000),
    )  # fmt: skip
    first, second = place_by_words(["Come in, please.", "Sit down here."], heard) or []
    assert (first.start_ms, first.end_ms) == (1000, 2000)
    assert second.start_ms == 5000 and second.end_ms == pytest.approx(6000, abs=400)
    assert [w.text for w in second.words] == ["Sit", "down", "here"]
    assert second.confidence == pytest.approx(2 / 3, abs=1e-3)


def test_words_heard_in_chinese_are_shared_by_characters() -> None:
    cues = place_by_words(
        ["今天天气好。", "我们走吧。"],
        heard_words(("今天", 0, 400), ("天气号", 400, 1000), ("我们", 3000, 3400), ("走吧", 3400, 4000)),
    )
    assert cues is not None and [c.start_ms for c in cues] == [0, 3000]


def test_words_of_another_text_place_nothing() -> None:
    assert (
        place_by_words(["Nothing agrees here."], heard_words(("something", 0, 500), ("else", 500, 900)))
        is None
    )
