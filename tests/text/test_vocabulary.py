from __future__ import annotations

import pytest

from zimu.errors import UnknownNameError
from zimu.text.languages import join, normalise, split
from zimu.text.vocabulary import END, UNKNOWN, Vocabulary

SPLITTERS = {"en": "words", "zh": "characters"}


@pytest.fixture
def vocabulary() -> Vocabulary:
    texts = {"en": ["a dog runs", "a cat"], "zh": ["一只狗", "一只猫"]}
    return Vocabulary.build(texts, SPLITTERS, {"en": 2})


def test_a_sentence_comes_back_as_it_was(vocabulary: Vocabulary) -> None:
    ids = vocabulary.encode("一只猫", "zh")
    assert ids[0] == vocabulary.start("zh") and ids[-1] == END
    assert vocabulary.decode(ids, "zh") == "一只猫"


def test_each_language_has_its_own_threshold(vocabulary: Vocabulary) -> None:
    assert "a" in vocabulary.tokens and "dog" not in vocabulary.tokens
    assert "猫" in vocabulary.tokens
    assert vocabulary.encode("a dog", "en")[2] == UNKNOWN


def test_nothing_after_the_end_is_read(vocabulary: Vocabulary) -> None:
    cat = vocabulary.encode("猫", "zh")[1]
    assert vocabulary.words([cat, END, cat]) == ["猫"]


def test_a_language_that_is_not_there_is_named_with_those_that_are(vocabulary: Vocabulary) -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown language 'fr'.*en, zh"):
        vocabulary.start("fr")


def test_full_width_letters_are_folded_and_punctuation_is_left_out() -> None:
    assert normalise("ＡＢ１ ，好") == "AB1 ，好"
    assert split("Ａ dog's T-shirt, 2 cats!", "words") == ["a", "dog's", "t-shirt", "2", "cats"]
    assert split("两只狗，在２号road。", "characters") == ["两", "只", "狗", "在", "2", "号", "road"]
    assert "".join(split("厨房里切蔬菜", "jieba")) == "厨房里切蔬菜"


def test_chinese_is_joined_without_blanks_and_latin_words_with() -> None:
    assert join(["红", "色", "t", "shirt", "的", "人"], "zh") == "红色t shirt的人"
    assert join([], "en") == ""


def test_an_unknown_splitter_is_named() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'words'"):
        split("a", "word")
