from __future__ import annotations

from pathlib import Path

import pytest

from zimu.captions.speech_terms import Terms, read_terms, sound_code
from zimu.errors import ConfigError
from zimu.streams import Caption


def caption(text: str, tokens: tuple[str, ...] = ()) -> Caption:
    times = tuple((1000 + 100 * i, 1080 + 100 * i) for i in range(len(tokens)))
    logs = tuple(-0.1 * i for i in range(len(tokens)))
    return Caption(1000, 3000, text, "en", "speech", tokens, logs, word_times=times)


@pytest.mark.parametrize(
    ("said", "term", "put_right"),
    [
        ("We asked doctor Shmidt about it.", "Schmidt", False),
        ("We asked doctor Smit about it.", "Smith", False),
        ("We asked doctor Philips about it.", "Fillips", True),
        ("The river Themes is wide.", "Thames", True),
        ("I met jon yesterday.", "John", True),
        ("He lives in Kolcata now.", "Kolkata", True),
        ("Use pie torch for that.", "PyTorch", True),
        ("A night in shining armour.", "Knight", True),
        ("There is nothing here.", "Thames", False),
    ],
)
def test_what_sounds_like_a_term_becomes_the_term(said: str, term: str, put_right: bool) -> None:
    fixed, changes = Terms([term]).correct(caption(said))
    assert (term in fixed.text) is put_right
    assert bool(changes) is put_right


def test_what_is_spelt_right_is_left_alone_and_nothing_else_changes() -> None:
    same = caption("The river Thames is wide.")
    assert Terms(["Thames"]).correct(same) == (same, [])
    fixed, (change,) = Terms(["Thames"]).correct(caption("The river Themes is wide."))
    assert fixed.text == "The river Thames is wide."
    assert (change.start_ms, change.before, change.after) == (1000, "Themes", "Thames")


def test_tokens_are_merged_and_keep_their_times() -> None:
    said = caption("Use pie torch now.", ("Use", "pie", "torch", "now."))
    fixed, _ = Terms(["PyTorch"]).correct(said)
    assert fixed.tokens == ("Use", "PyTorch", "now.")
    assert fixed.word_times == ((1000, 1080), (1100, 1280), (1300, 1380))
    assert fixed.log_probs == pytest.approx((0.0, -0.2, -0.3))


def test_chinese_is_compared_by_pinyin_with_the_sounds_that_are_mixed_up() -> None:
    pytest.importorskip("pypinyin")
    terms = Terms(["张三丰", "南京"])
    fixed, changes = terms.correct(caption("昨天脏三疯到了蓝京。"))
    assert fixed.text == "昨天张三丰到了南京。"
    assert [(c.before, c.after) for c in changes] == [("脏三疯", "张三丰"), ("蓝京", "南京")]
    assert terms.correct(caption("今天天气很好。"))[1] == []


def test_codes_tell_different_words_apart() -> None:
    words = ["Thames", "Knight", "Schmidt", "Chicago", "garden", "Phillip", "Xavier", "wrong"]
    assert len({sound_code(w) for w in words}) == len(words)


def test_a_list_is_read_and_an_empty_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    path.write_text("# people\nJohn  # not Jon\n\nThames\n", "utf-8")
    assert read_terms(path).correct(caption("jon and the themes"))[0].text == "John and the Thames"
    path.write_text("# nothing\n", "utf-8")
    with pytest.raises(ConfigError, match="lists no term"):
        read_terms(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_terms(tmp_path / "missing.txt")
