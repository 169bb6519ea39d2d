import pytest

from zimu.subtitles.audit import findings
from zimu.subtitles.cue import Cue, Mark
from zimu.subtitles.hallucinations import how_known
from zimu.subtitles.loops import collapse, inner_loop, runs
from zimu.subtitles.recognise import tell_languages
from zimu.subtitles.report import report_on
from zimu.subtitles.script import evidence, main_script, to_script
from zimu.subtitles.splitwords import cut_word, unwrapped
from zimu.subtitles.styles import STYLES
from zimu.subtitles.width import even_width


def _cues(*texts: str) -> list[Cue]:
    cues = [Cue(4000 * i, 4000 * i + 3000, tuple(text.split("\n"))) for i, text in enumerate(texts)]
    return tell_languages(cues)


def _kinds(cues: list[Cue], language: str | None = None) -> list[tuple[int, str]]:
    return [(f.index, f.kind) for f in findings(cues, language)]


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("I'm going to I'm going to I'm going to I'm going to the shop", 4),
        ("的的的的的的的的", 8),
        ("我想说我想说我想说我想说今天天气好", 4),
        ("we will see, we will see, we will see, we will see.", 4),
        ("no no no", None),
        ("Ha ha ha ha ha ha ha!", None),
        ("哈哈哈哈哈哈", None),
        ("really really really good", None),
        ("1, 2, 3, 4, 5", None),
    ],
)
def test_loops_are_told_from_what_people_say(text: str, times: int | None) -> None:
    loop = inner_loop(text)
    assert (loop[2] if loop else None) == times


def test_a_loop_is_collapsed_to_one_round_and_the_rest_of_the_text_stays() -> None:
    assert collapse("Well, I go I go I go I go home.") == "Well, I go home."
    assert collapse("我想说我想说我想说我想说今天") == "我想说今天"


def test_runs_of_any_period_are_found() -> None:
    assert runs("aaaxbcbcbcy", 1) == [(0, 3)]
    assert runs("aaaxbcbcbcy", 2) == [(4, 3)]


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("Thanks for watching!", "farewell"),
        ("Thanks for watching! Thanks for watching!", "farewell"),
        ("Subtitles by the Amara.org community", "credit"),
        ("字幕由Amara.org社区提供", "credit"),
        ("请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", "credit"),
        ("中文字幕志愿者 杨栋梁", "credit"),
        ("謝謝大家", "phrase"),
        ("Thank you. Thank you.", "phrase"),
        ("I thank you for coming", None),
        ("谢谢你来看我", None),
        ("", None),
    ],
)
def test_invented_lines_are_known(text: str, how: str | None) -> None:
    assert how_known(text) == how


def test_a_thank_you_within_a_conversation_is_no_finding_but_alone_in_silence_it_is() -> None:
    talk = [
        Cue(0, 1000, ("Here you are.",)),
        Cue(1100, 2000, ("Thank you.",)),
        Cue(2100, 3000, ("Bye now.",)),
    ]
    assert _kinds(tell_languages(talk)) == []
    alone = [Cue(0, 1000, ("Here you are.",)), Cue(60_000, 62_000, ("Thank you.",))]
    assert _kinds(tell_languages(alone)) == [(1, "phrase")]


def test_a_file_in_one_script_names_the_lines_in_the_other() -> None:
    assert _kinds(_cues("我们说这个", "他们来了", "你們說什麼", "后面里面")) == [(2, "script")]
    assert _kinds(_cues("我們說這個", "他們來了", "你们说什么", "后面里面")) == [(2, "script")]


def test_characters_of_both_scripts_and_japanese_are_no_evidence() -> None:
    assert evidence("后面里面只台") == {"simplified": 0, "traditional": 0}
    assert evidence("私は学生です、体国") == {"simplified": 0, "traditional": 0}
    assert main_script(["后面", "hello"]) is None
    assert to_script("後面的頭髮", "simplified") == "后面的头发"


def test_a_line_in_another_language_is_found_where_a_language_is_asked_for() -> None:
    assert _kinds(_cues("我们走吧", "Let's go now", "123"), "zh") == [(1, "language")]
    assert _kinds(_cues("我们走吧", "Let's go now"), None) == []


@pytest.mark.parametrize(
    ("upper", "lower", "halves"),
    [
        ("我们在公", "园里跑步", ("公", "园")),
        ("我已经把这件事", "情告诉他们", ("事", "情")),
        ("这只狗", "在跑", None),
        ("我觉得这", "是一个问题", None),
        ("没有人", "知道", None),
        ("We are in", "the park", None),
        ("", "园", None),
    ],
)
def test_chinese_words_cut_by_a_boundary_are_found(
    upper: str, lower: str, halves: tuple[str, str] | None
) -> None:
    assert cut_word(upper, lower) == halves


def test_lines_are_joined_as_their_author_meant_them() -> None:
    assert unwrapped(("我们在公", "园里")) == "我们在公园里"
    assert unwrapped(("你好", "再见")) == "你好 再见"
    assert unwrapped(("他说，", "走吧")) == "他说，走吧"
    assert unwrapped(("two", "dogs")) == "two dogs"


def test_width_is_evened_in_latin_and_in_marks_after_ideographs_only() -> None:
    assert even_width("我有３只狗,你呢?OK, yes... Ｗｏｗ") == "我有3只狗，你呢？OK, yes... Wow"
    assert even_width("比分是3:2，10,000人") == "比分是3:2，10,000人"


@pytest.mark.parametrize(
    ("cues", "found"),
    [
        ([Cue(5000, 6000, ("a",)), Cue(1000, 2000, ("b",))], [(1, "order")]),
        ([Cue(0, 3000, ("aa",)), Cue(2000, 4000, ("b",))], [(1, "overlap")]),
        ([Cue(3000, 1000, ("ab",))], [(0, "reversed")]),
        ([Cue(-500, 1000, ("ab",))], [(0, "negative")]),
        ([Cue(0, 1000, ())], [(0, "empty")]),
        ([Cue(0, 300, ("what nobody can say in so short a time",))], [(0, "dense")]),
        ([Cue(0, 300, ("没有人能这么快说完",))], [(0, "dense")]),
        ([Cue(0, 25_000, ("Hm.",))], [(0, "sparse")]),
        ([Cue(0, 2000, ("It\ufffds broken",))], [(0, "garbled")]),
        ([Cue(0, 2000, ("itâ€™s broken",))], [(0, "garbled")]),
        ([Cue(0, 2000, ("maybe",), confidence=0.2)], [(0, "unsure")]),
        ([Cue(0, 2000, ("Again.",)), Cue(2000, 4000, ("again",))], [(1, "repeat")]),
        ([Cue(0, 2000, ("Again.",)), Cue(9000, 11_000, ("again",))], []),
    ],
)
def test_each_fault_is_found_where_it_is(cues: list[Cue], found: list[tuple[int, str]]) -> None:
    assert _kinds(tell_languages(cues)) == found


def test_rounds_of_several_cues_are_a_loop_from_the_second_round_on() -> None:
    cues = _cues("One line", "Other line", "One line", "Other line", "One line", "Other line", "New")
    assert _kinds(cues) == [(i, "loop") for i in (2, 3, 4, 5)]


def test_cues_of_different_places_on_the_screen_may_be_shown_together() -> None:
    sign = Cue(0, 9000, ("SIGN",), marks=(Mark(0, "{\\an8}"),))
    assert _kinds(tell_languages([sign, Cue(1000, 3000, ("Hello",)), Cue(4000, 6000, ("You",))])) == []


def test_a_bilingual_file_is_known_by_most_of_its_cues() -> None:
    both = [
        Cue(0, 2000, ("你好吗", "How are you")),
        Cue(2000, 4000, ("我很好", "Fine")),
        Cue(4000, 5000, ("走",)),
    ]
    assert [c.language for c in tell_languages(both)] == ["mul", "mul", "zh"]
    quoted = [Cue(0, 2000, ("他说", "Hello")), Cue(2000, 4000, ("我很好",)), Cue(4000, 5000, ("走",))]
    assert [c.language for c in tell_languages(quoted)] == ["zh", "zh", "zh"]


def test_the_report_ranks_what_is_surest_first_and_says_each_thing_once() -> None:
    from zimu.subtitles.cue import Track

    cues = (Cue(0, 1000, ("３",)), Cue(9000, 8000, ("字幕由Amara.org社区提供",)), Cue(7000, 8000, ("aa",)))
    report = report_on(Track(cues), STYLES["plain"])
    assert [row.index for row in report.rows] == [1, 2, 0]
    kinds = [kind for kind, _ in report.rows[0].reasons]
    assert kinds[:2] == ["reversed", "credit"] and len(kinds) == len(set(kinds))
