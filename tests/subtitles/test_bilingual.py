import pytest

from zimu.errors import UnknownNameError
from zimu.subtitles.bilingual import merge_languages
from zimu.subtitles.cue import Cue, Track
from zimu.subtitles.shifting import shift


def _zh(start: int, end: int, *lines: str) -> Cue:
    return Cue(start, end, lines, language="zh")


def _en(start: int, end: int, *lines: str) -> Cue:
    return Cue(start, end, lines, language="en")


def test_cues_of_the_same_time_are_put_together_in_the_order_asked_for() -> None:
    zh, en = (
        [_zh(0, 2000, "你好"), _zh(2100, 4000, "再见")],
        [_en(100, 2100, "Hello"), _en(2200, 3900, "Goodbye")],
    )
    merged = merge_languages(zh, en)
    assert [(c.start_ms, c.end_ms, c.lines, c.language) for c in merged] == [
        (0, 2100, ("你好", "Hello"), "mul"),
        (2100, 4000, ("再见", "Goodbye"), "mul"),
    ]
    assert merge_languages(zh, en, "en-zh")[0].lines == ("Hello", "你好")


def test_one_cue_against_two_is_one_bilingual_cue() -> None:
    merged = merge_languages(
        [_zh(0, 2000, "你好吗"), _zh(2000, 4000, "我很好")], [_en(0, 4000, "How are you? Fine.")]
    )
    assert [(c.start_ms, c.end_ms, c.lines) for c in merged] == [
        (0, 4000, ("你好吗 我很好", "How are you? Fine."))
    ]


def test_what_has_no_partner_stays_alone_and_nothing_overlaps() -> None:
    merged = merge_languages(
        [_zh(0, 2000, "你好")], [_en(1900, 5000, "Later"), _en(9000, 9500, "Much later")]
    )
    assert [(c.start_ms, c.end_ms, c.text) for c in merged] == [
        (0, 1900, "你好"),
        (1900, 5000, "Later"),
        (9000, 9500, "Much later"),
    ]


def test_two_lines_of_a_language_become_one_where_it_holds_them() -> None:
    (cue,) = merge_languages([_zh(0, 3000, "他说，", "走吧")], [_en(0, 3000, "He said,", "let us go")])
    assert cue.lines == ("他说，走吧", "He said, let us go")


def test_an_unknown_order_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"'zh'.*Known: en-zh, zh-en"):
        merge_languages([], [], "zh")


def test_a_shift_moves_words_and_notes_and_says_what_fell_off() -> None:
    track = Track(
        (Cue(0, 900, ("a",)), Cue(1000, 3000, ("b",)), Cue(4000, 5000, ("c",))), notes=((1, "NOTE"),)
    )
    moved, cut, dropped = shift(track, -1500)
    assert [(c.start_ms, c.end_ms, c.text) for c in moved.cues] == [(0, 1500, "b"), (2500, 3500, "c")]
    assert (cut, dropped, moved.notes) == ([1], [0], ((0, "NOTE"),))
    assert shift(track, 1500)[0].cues[0].start_ms == 1500
