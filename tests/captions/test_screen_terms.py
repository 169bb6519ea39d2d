from __future__ import annotations

import pytest

from zimu.captions.screen_terms import terms_of_screen


@pytest.mark.parametrize(
    ("line", "terms"),
    [
        ("Dr. Grace Hopper, US Navy", ["Grace Hopper", "US Navy"]),
        ("an introduction to PyTorch and GPT4", ["PyTorch", "GPT4"]),
        ("主持人：王小明", ["主持人", "王小明"]),
        ("王小明 Wang Xiaoming", ["Wang Xiaoming", "王小明"]),
        ("今天我们来看看怎么训练一个模型", []),
        ("CHAPTER TWO", []),
        ("Yesterday it rained", []),
    ],
)
def test_names_and_terms_are_taken_and_sentences_are_not(line: str, terms: list[str]) -> None:
    assert terms_of_screen([line]) == terms


def test_what_is_shown_most_comes_first() -> None:
    shown = ["Ada Lovelace", "Grace Hopper", "Grace Hopper"]
    assert terms_of_screen(shown) == ["Grace Hopper", "Ada Lovelace"]
