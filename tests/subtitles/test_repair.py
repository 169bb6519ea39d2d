import random
from collections.abc import Callable

import pytest

from zimu.streams import Caption
from zimu.subtitles.cue import Cue, Mark, Track
from zimu.subtitles.formats import FORMATS
from zimu.subtitles.repair import Change, repair
from zimu.subtitles.report import report_on
from zimu.subtitles.styles import STYLES

PLAIN, ZH = STYLES["plain"], STYLES["netflix-zh"]


def _fixed(*cues: Cue, style: str = "plain", script: str | None = None) -> tuple[list[Cue], list[Change]]:
    track, changes = repair(Track(cues), STYLES[style], script)
    return list(track.cues), changes


def _content(cues: list[Cue]) -> list[tuple[int, int, tuple[str, ...]]]:
    return [(c.start_ms, c.end_ms, c.lines) for c in cues]


def test_what_is_right_is_not_touched() -> None:
    cues = (
        Cue(0, 2000, ("Two dogs", "run away."), marks=(Mark(0, "<i>"), Mark(8, "</i>")), name="x"),
        Cue(2500, 5000, ("He said: go, go, go!",), settings=(("align", "start"),)),
        Cue(6000, 8000, ("你好，世界。",), language="zh"),
    )
    assert _fixed(*cues) == (list(cues), [])


@pytest.mark.parametrize(
    ("cues", "fixed"),
    [
        # an overlap is cut, the gap of the style left
        (
            [Cue(0, 3000, ("One dog",)), Cue(2000, 4000, ("two",))],
            [(0, 1960, ("One dog",)), (2000, 4000, ("two",))],
        ),
        # order
        (
            [Cue(5000, 7000, ("One dog",)), Cue(1000, 3000, ("two",))],
            [(1000, 3000, ("two",)), (5000, 7000, ("One dog",))],
        ),
        # start and end exchanged
        ([Cue(3000, 1000, ("One dog",))], [(1000, 3000, ("One dog",))]),
        # an end before everything: as long as it takes to read
        (
            [Cue(5000, 6000, ("One dog",)), Cue(8000, 10, ("two",))],
            [(5000, 6000, ("One dog",)), (8000, 9000, ("two",))],
        ),
        # before the file
        ([Cue(-3000, -1000, ("One dog",)), Cue(-500, 2000, ("two",))], [(0, 2000, ("two",))]),
        # too brief, with room after it
        ([Cue(0, 100, ("One dog runs over the bridge.",))], [(0, 1450, ("One dog runs over the bridge.",))]),
        # one line shown as two cues
        ([Cue(0, 2000, ("One dog",)), Cue(2000, 4000, ("One dog.",))], [(0, 4000, ("One dog",))]),
        # a stuck recogniser
        (
            [Cue(3000 * i, 3000 * i + 2000, ("Over and over",)) for i in range(6)],
            [(0, 7000, ("Over and over",))],
        ),
        ([Cue(0, 3000, ("I go I go I go I go home",))], [(0, 3000, ("I go home",))]),
        # nothing to show
        ([Cue(0, 3000, ()), Cue(4000, 6000, ("One dog",))], [(4000, 6000, ("One dog",))]),
        # an article at the end of a line
        ([Cue(0, 3000, ("One dog sees a", "very old man"))], [(0, 3000, ("One dog sees a very old man",))]),
        # a word cut at the end of a line, and between cues
        ([Cue(0, 3000, ("我们在公", "园里跑步"))], [(0, 3000, ("我们在公园里跑步",))]),
        (
            [Cue(0, 2000, ("我们在公",)), Cue(2040, 4000, ("园里跑步",))],
            [(0, 2000, ("我们在",)), (2040, 4000, ("公园里跑步",))],
        ),
        # width
        ([Cue(0, 3000, ("我有３只狗,你呢?",))], [(0, 3000, ("我有3只狗，你呢？",))]),
    ],
)  # fmt: skip
def test_each_fault_is_repaired_and_listed(
    cues: list[Cue], fixed: list[tuple[int, int, tuple[str, ...]]]
) -> None:
    result, changes = _fixed(*cues)
    assert _content(result) == fixed
    assert changes and all(change.reason for change in changes)


def test_a_line_too_long_is_split_at_a_phrase_and_its_time_shared() -> None:
    text = "我们今天要讲的是人工智能在医疗领域的应用，特别是它如何帮助医生更快地诊断疾病。"
    result, (change,) = _fixed(Cue(0, 6000, (text,)), style="netflix-zh")
    assert change.what == "split"
    assert [c.text for c in result] == [
        "我们今天要讲的是人工智能\n在医疗领域的应用",
        "特别是它如何帮助\n医生更快地诊断疾病",
    ]


def test_a_few_lines_of_the_other_script_are_unified_but_not_half_a_file() -> None:
    texts = ["我们说这个", "他们来了", "你们看见了", "这是谁", "我们走吧", "你們說什麼"]
    result, (change,) = _fixed(*(Cue(3000 * i, 3000 * i + 2000, (t,)) for i, t in enumerate(texts)))
    assert result[5].text == "你们说什么" and change.cues == (5,)
    half = [Cue(0, 2000, ("我们说这个",)), Cue(3000, 5000, ("你們說什麼",))]
    assert _fixed(*half) == (half, [])
    result, _ = _fixed(*half, script="traditional")
    assert [c.text for c in result] == ["我們說這個", "你們說什麼"]


def test_tags_and_settings_stay_where_they_were_when_a_cue_is_repaired() -> None:
    head = "WEBVTT\n\nNOTE kept\n\na\n00:00:01.000 -->"
    text = f"{head} 00:00:01.200 align:start\n<v Ann>We <i>saw</i> a\nvery old man.\n"
    track, changes = repair(FORMATS["vtt"].read(text), PLAIN)
    assert len(changes) == 1
    fixed = f"{head} 00:00:02.100 align:start\n<v Ann>We <i>saw</i> a very old man.\n"
    assert FORMATS["vtt"].write(track) == fixed


def test_only_what_goes_on_or_flashes_by_is_merged() -> None:
    parts = ("these", "are", "words", "of", "one", "sentence")
    words = [Cue(300 * i, 300 * i + 280, (part,)) for i, part in enumerate(parts)]
    result, _ = _fixed(*words)
    assert [c.text for c in result] == ["these are words of one sentence"]
    talk = [Cue(0, 900, ("What are you doing here?",)), Cue(940, 3000, ("Nothing at all.",))]
    result, _ = _fixed(*talk)
    assert [c.text for c in result] == ["What are you doing here?", "Nothing at all."]


def test_two_speakers_are_never_merged() -> None:
    cues = [Cue(0, 300, ("Who's there?",)), Cue(340, 700, ("- Me.",)), Cue(740, 3000, ("Ann: Oh.",))]
    result, _ = _fixed(*cues)
    assert [c.text for c in result] == ["Who's there?", "- Me.", "Ann: Oh."]


def test_invented_lines_stay_for_a_person_to_judge() -> None:
    cues = [Cue(0, 3000, ("字幕由Amara.org社区提供",))]
    assert _fixed(*cues) == (cues, [])


@pytest.mark.parametrize("name", sorted(STYLES))
def test_repairing_twice_changes_nothing_more(
    name: str, random_captions: Callable[..., list[Caption]]
) -> None:
    for seed in range(25):
        rng = random.Random(seed)
        captions = random_captions(rng, 8)
        rng.shuffle(captions)
        cues = [Cue(c.start_ms - 2000, c.end_ms - 2000, (c.text,), "speech") for c in captions]
        cues = [c if rng.random() < 0.8 else Cue(c.end_ms, c.start_ms, c.lines, "speech") for c in cues]
        once, _ = repair(Track(tuple(cues)), STYLES[name])
        twice, changes = repair(once, STYLES[name])
        assert changes == [], seed
        assert twice == once


def test_after_a_repair_a_check_finds_only_what_no_repair_could_help() -> None:
    cues = (
        Cue(5000, 7500, ("One dog", "runs over the", "old bridge")),
        Cue(1000, 5500, ("He sees a", "big man, and then he goes away from there quickly")),
        Cue(9000, 8000, ("字幕由Amara.org社区提供",)),
        Cue(20_000, 20_100, ("x" * 60,)),
    )
    track, _ = repair(Track(cues), PLAIN)
    left = {(row.index, kind) for row in report_on(track, PLAIN).rows for kind, _ in row.reasons}
    assert {kind for _, kind in left} == {"credit", "line-width"}


def test_rolling_captions_of_a_video_site_show_each_line_once() -> None:
    text = (
        "WEBVTT\n\n"
        "00:00.000 --> 00:02.000 align:start position:0%\nso<00:00:00.500><c> today</c><00:00:01.000> we\n\n"
        "00:02.000 --> 00:02.010 align:start position:0%\nso today we\n\n"
        "00:02.010 --> 00:04.000 align:start position:0%\nso today we\nlook<00:00:02.500><c> at</c> dogs\n\n"
        "00:04.000 --> 00:04.010 align:start position:0%\nlook at dogs\n\n"
        "00:04.010 --> 00:06.000 align:start position:0%\nlook at dogs\nand<00:00:05.000><c> cats</c>\n"
    )
    track, changes = repair(FORMATS["vtt"].read(text), PLAIN)
    assert [c.lines for c in track.cues] == [("so today we",), ("look at dogs",), ("and cats",)]
    assert [c.start_ms for c in track.cues] == [0, 2010, 4010]
    assert len(changes) == 3
    assert repair(track, PLAIN)[1] == []


def test_a_line_that_is_said_twice_in_a_file_that_does_not_roll_stays() -> None:
    cues = [
        Cue(0, 2000, ("Where are you?", "Here.")), Cue(2040, 4000, ("Here.", "And now?")),
        Cue(5000, 7000, ("In the garden.",)), Cue(8000, 9500, ("Oh no.",)),
    ]  # fmt: skip
    assert _fixed(*cues) == (cues, [])
