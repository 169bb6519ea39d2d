import random

import pytest

from zimu.subtitles.breaks import break_lines, split_text
from zimu.subtitles.measure import clusters, columns, join_lines

WIDTHS = range(30, 43)
BAD_ENDS = " a the his my in with through while that i so all had orange white young of "


@pytest.mark.parametrize(
    "text",
    [
        "A fluffy white dog runs through the woods with his ears flapping in the wind.",
        "I told him that I had never been so happy in all of my life.",
        "The young boy in the orange shirt is sticking his tongue out while riding a bicycle.",
    ],
)
def test_an_english_line_never_ends_in_an_article_preposition_or_pronoun(text: str) -> None:
    for width in WIDTHS:
        for line in (line for cue in split_text(text, "en", width, 2) for line in cue):
            assert f" {line.split()[-1].lower()} " not in BAD_ENDS, (width, line)


def test_english_breaks_before_a_preposition_rather_than_in_the_middle() -> None:
    broken = break_lines("A black and tan dog jumping in the air in a grassy area in front.", "en", 42, 2)
    assert broken is not None and broken[1].startswith("in ")


def test_english_breaks_after_a_comma_and_before_a_conjunction() -> None:
    broken = break_lines("We went to the market early, but nobody was there.", "en", 42, 2)
    assert broken == ("We went to the market early,", "but nobody was there.")


def test_names_titles_and_numbers_stay_together_in_english() -> None:
    for text, kept in (
        ("Yesterday evening we met Mr. Smith at the station again", "Mr. Smith"),
        ("The people of the town all came to New York by train", "New York"),
        ("They had to wait for more than three hours before the train came", "three hours"),
    ):
        for width in WIDTHS:
            lines = [line for cue in split_text(text, "en", width, 2) for line in cue]
            assert any(kept in line for line in lines), (width, lines)


def test_a_text_that_fits_one_line_is_not_broken() -> None:
    assert break_lines("Two dogs run.", "en", 42, 2) == ("Two dogs run.",)


def test_of_two_equal_breaks_the_lower_line_is_the_longer() -> None:
    upper, lower = break_lines("aaaa bbbb cccc dddd eeee", "en", 15, 2) or ("", "")
    assert len(upper) < len(lower)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("我觉得人工智能在医疗领域的应用会越来越多", "人工智能"),
        ("他们一共卖出了三千五百多辆新型电动汽车", "三千五百"),
        ("去年的总收入比前年提高了37.5%左右吧真的吗", "37.5%"),
        ("这个新的模型是由OpenAI公司在美国训练的", "OpenAI"),
        ("导演John Smith先生昨天晚上来到了北京", "John Smith"),
    ],
)
def test_chinese_words_numbers_and_latin_names_are_never_cut(text: str, kept: str) -> None:
    for width in range(20, 34):
        broken = break_lines(text, "zh", width, 2)
        assert broken is None or kept in "\n".join(broken)


@pytest.mark.parametrize(
    "text",
    [
        "你今天晚上真的要一个人去那个地方吗？",
        "我已经把这件事情告诉他们了。",
        "那是一只非常非常可爱的小花猫吧！",
    ],
)
def test_a_particle_or_a_mark_never_begins_a_chinese_line(text: str) -> None:
    for width in range(12, 36, 2):
        for cue in split_text(text, "zh", width, 2):
            assert not any(line[0] in "的了吗吧呢，。！？" for line in cue)


def test_full_width_counts_two_columns_and_latin_one() -> None:
    assert columns("字幕 OK！") == 9
    assert break_lines("一二三四五六七八九十一二三四五六", "zh", 32, 1) is not None
    assert break_lines("一二三四五六七八九十一二三四五六七", "zh", 32, 1) is None


def test_marks_and_joined_emoji_take_no_columns_of_their_own() -> None:
    assert columns("e\u0301") == 1
    assert columns("\U0001f468\u200d\U0001f469\u200d\U0001f467") == 2
    assert columns("\U0001f1e8\U0001f1f3") == 2
    assert list(clusters("\U0001f44d\U0001f3fd!")) == ["\U0001f44d\U0001f3fd", "!"]


def test_a_long_text_is_split_at_the_ends_of_phrases_and_keeps_every_character() -> None:
    text = (
        "我们今天要讲的是人工智能在医疗领域的应用，特别是它如何帮助医生更快地诊断疾病。效率提高了37.5%，"
        "但是很多病人还是不太相信机器的判断。"
    )
    cues = split_text(text, "zh", 32, 2)
    assert "".join(join_lines(lines) for lines in cues) == text
    assert all(lines[-1][-1] in "，。" for lines in cues)
    assert all(columns(line) <= 32 for lines in cues for line in lines)


def test_a_word_wider_than_a_line_stands_alone() -> None:
    cues = split_text("see " + "x" * 60 + " now", "en", 42, 2)
    assert ("x" * 60,) in cues


def test_a_text_of_100_kb_is_split_in_linear_time() -> None:
    rng = random.Random(0)
    text = " ".join(rng.choice(["alpha", "of", "the", "gamma,", "a", "delta."]) for _ in range(20_000))
    cues = split_text(text, "en", 42, 2)
    assert " ".join(line for lines in cues for line in lines) == text
