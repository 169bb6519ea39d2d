import pytest

from zimu.subtitles.check import violations
from zimu.subtitles.cue import Cue
from zimu.subtitles.styles import STYLES


def _rules(style: str, *cues: Cue) -> list[str]:
    return [v.rule for v in violations(cues, STYLES[style])]


@pytest.mark.parametrize(
    ("rule", "style", "cues"),
    [
        ("line-width", "netflix-en", [Cue(0, 6000, ("x" * 43,))]),
        ("line-width", "netflix-zh", [Cue(0, 6000, ("一" * 17,))]),
        ("line-count", "netflix-en", [Cue(0, 6000, ("x", "y", "z"))]),
        ("reading-speed", "netflix-en", [Cue(0, 1000, ("x" * 21,))]),
        ("reading-speed", "netflix-zh", [Cue(0, 1000, ("一" * 10,))]),
        ("too-short", "netflix-en", [Cue(0, 833, ("a",))]),
        ("too-long", "ted", [Cue(0, 7001, ("a",))]),
        ("gap", "netflix-en", [Cue(0, 1000, ("a",)), Cue(1083, 3000, ("b",))]),
        ("overlap", "bbc", [Cue(0, 2000, ("a",)), Cue(1999, 4000, ("b",))]),
        ("order", "bbc", [Cue(5000, 7000, ("a",)), Cue(1000, 2000, ("b",))]),
        ("reversed", "bbc", [Cue(5000, 4000, ("a",))]),
        ("negative", "bbc", [Cue(-1000, 1000, ("a",))]),
        ("empty", "bbc", [Cue(0, 1000, ())]),
        ("final-stop", "netflix-zh", [Cue(0, 2000, ("好。",))]),
        ("line-break", "netflix-zh", [Cue(0, 2000, ("你好", "，走"))]),
        ("line-break", "netflix-zh", [Cue(0, 2000, ("你要去", "吗？"))]),
        ("line-break", "netflix-en", [Cue(0, 2000, ("he sees a", "dog"))]),
    ],
)
def test_each_rule_is_found_alone(rule: str, style: str, cues: list[Cue]) -> None:
    assert _rules(style, *cues) == [rule]


@pytest.mark.parametrize(
    ("style", "cues"),
    [
        ("netflix-en", [Cue(0, 2100, ("x" * 42,)), Cue(2184, 3018, ("b",))]),
        ("netflix-zh", [Cue(0, 1778, ("一" * 16,))]),
        ("netflix-zh", [Cue(0, 2000, ("等等...", "好的…"))]),
        ("netflix-zh", [Cue(0, 3000, ("过了一会儿", "地上"))]),
        ("bbc", [Cue(0, 1000, ("a",)), Cue(1000, 2000, ("b",))]),
    ],
)
def test_what_is_just_allowed_is_not_reported(style: str, cues: list[Cue]) -> None:
    assert _rules(style, *cues) == []


def test_a_bilingual_cue_is_read_in_one_language_and_has_lines_for_both() -> None:
    cue = Cue(0, 2000, ("一只狗在跑", "A dog is running over", "the old bridge"), language="mul")
    assert _rules("netflix-en", cue) == []


def test_a_violation_says_what_was_found_and_what_is_allowed_in_the_houses_own_unit() -> None:
    (found,) = violations([Cue(0, 6000, ("一" * 18,))], STYLES["netflix-zh"])
    assert str(found) == "a line is too long (18 characters, allowed 16)"
