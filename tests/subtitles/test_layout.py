import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from zimu.streams import Caption
from zimu.subtitles.check import Violation, violations
from zimu.subtitles.cue import Cue, Mark
from zimu.subtitles.layout import lay_out
from zimu.subtitles.styles import STYLES, Style

PLAIN, ZH = STYLES["plain"], STYLES["netflix-zh"]


Captions = Callable[[random.Random, int], list[Caption]]
Find = Callable[[Sequence[Caption], Sequence[Cue], Style], list[Violation]]
Name = Callable[[Sequence[Caption]], list[Cue]]


@pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_random_captions_give_no_violation_that_was_avoidable(
    style: Style, count: int, random_captions: Captions, named: Name, avoidable_violations: Find
) -> None:
    for seed in range(count):
        captions = random_captions(random.Random(seed), 10)
        assert avoidable_violations(captions, lay_out(named(captions), style), style) == [], seed


@pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_captions_with_time_enough_break_no_rule_at_all(
    style: Style, count: int, random_captions: Captions
) -> None:
    for seed in range(count):
        captions, at = [], 0
        for caption in random_captions(random.Random(seed), 10):
            length = max(1500, len(caption.text) * 260)
            captions.append(replace(caption, start_ms=at, end_ms=at + length))
            at += length + 100
        assert violations(lay_out(captions, style), style) == [], seed


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_no_letter_is_lost_and_no_order_changed(style: Style, random_captions: Captions) -> None:
    for seed in range(30):
        captions = random_captions(random.Random(seed), 8)
        cues = lay_out(captions, style)
        shown = sorted(c for cue in cues for c in cue.text if c.isalnum())
        assert shown == sorted(c for caption in captions for c in caption.text if c.isalnum())
        assert [c.start_ms for c in cues] == sorted(c.start_ms for c in cues)


def test_a_caption_too_brief_to_be_read_lingers_where_nothing_follows() -> None:
    (cue,) = lay_out([Caption(1000, 1200, "A dog runs over a very long bridge.", "en")], PLAIN)
    assert (cue.start_ms, cue.end_ms) == (1000, 1000 + 35 * 50)


def test_a_caption_shown_too_long_ends_at_the_limit() -> None:
    (cue,) = lay_out([Caption(0, 60_000, "A dog.", "en")], PLAIN)
    assert cue.end_ms == 7000


def test_two_brief_neighbours_are_merged() -> None:
    cues = lay_out(
        [Caption(0, 300, "Hi.", "en", "speech"), Caption(300, 2000, "It's me.", "en", "speech")], PLAIN
    )
    assert [(c.start_ms, c.end_ms, c.lines) for c in cues] == [(0, 2000, ("Hi. It's me.",))]


def test_a_sound_is_never_merged_with_speech() -> None:
    cues = lay_out(
        [Caption(0, 300, "[bell]", "en", "sound"), Caption(300, 2000, "Hi.", "en", "speech")], PLAIN
    )
    assert [c.lines for c in cues] == [("[bell]",), ("Hi.",)]


def test_slow_speech_is_shown_while_it_is_said() -> None:
    cues = lay_out([Caption(0, 20_000, "One word, and another, and then one more.", "en", "speech")], PLAIN)
    assert len(cues) >= 3
    assert all(cue.duration_ms > 3000 for cue in cues)
    assert cues[-1].end_ms > 19_000


def test_netflix_chinese_has_no_final_stop_or_comma_but_keeps_question_marks() -> None:
    cues = lay_out(
        [
            Caption(0, 4000, "你好，", "zh"),
            Caption(4000, 8000, "走吧。", "zh"),
            Caption(8000, 9000, "好吗？", "zh"),
        ],
        ZH,
    )
    assert [c.lines for c in cues] == [("你好",), ("走吧",), ("好吗？",)]


def test_the_words_of_a_split_caption_go_with_their_cues() -> None:
    tokens = (
        "a",
        "man",
        "rides",
        "a",
        "bicycle",
        "along",
        "the",
        "street",
        "while",
        "two",
        "dogs",
        "run",
        "far",
        "behind",
        "him",
    )
    attention = {"video": (np.array([1.0, 2.0]), np.tile(np.float32([0.2, 0.8]), (len(tokens), 1)))}
    text = "A man rides a bicycle along the street while two dogs run far behind him"
    caption = Caption(0, 9000, text + " " + text, "en", "scene", tokens * 2, (-0.1,) * 30, attention)
    cues = lay_out([caption], PLAIN)
    assert len(cues) > 1
    for cue in cues:
        assert " ".join(w.text for w in cue.words) == " ".join(cue.lines).lower()
    assert cues[0].words[0].attention == {"video": (2.0, pytest.approx(0.8))}


def test_a_tag_that_is_open_where_a_cue_is_split_is_opened_again() -> None:
    words = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen more"
    cue = Cue(0, 9000, (words,), marks=(Mark(0, "<i>"), Mark(len(words), "</i>")))
    first, second = lay_out([cue], PLAIN)
    assert first.marks == (Mark(0, "<i>"), Mark(len(first.text), "</i>"))
    assert second.marks == (Mark(0, "<i>"), Mark(len(second.text), "</i>"))


def test_nothing_in_nothing_out() -> None:
    assert lay_out([], PLAIN) == []
    assert lay_out([Caption(0, 10, " \n ", "en")], PLAIN) == []
