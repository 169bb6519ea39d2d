"""Numbering words by bytes splits and equates exactly as Python does."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from zimu.metrics.words import number_words

PIECES = [
    "a",
    "b",
    " ",
    "  ",
    "\xa0",
    "\u3000",
    "\t",
    "\n",
    "\x00",
    "\x85",
    "\u2028",
    "é",
    "中",
    "\ud800",
    "😀",
]
PIECES += ["eightlet", "eightletters", "eightlettert", "a word of some length"]
TEXTS = st.lists(st.lists(st.sampled_from(PIECES), max_size=7).map("".join), max_size=6)


@given(TEXTS, st.booleans())
@settings(max_examples=400, deadline=None)
def test_words_are_those_of_split(texts, at_blanks):
    expected = [text.split(" ") if at_blanks else text.split() for text in texts]
    ids, counts, words, _ = number_words(texts, at_blanks=at_blanks)
    assert counts.tolist() == [len(e) for e in expected]
    assert [words[i] for i in ids] == [word for e in expected for word in e]
    assert len(set(words)) == len(words)


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_texts_are_known_to_split_differently_at_blanks(texts):
    differ = number_words(texts)[3]
    assert differ == any(text and text.split() != text.split(" ") for text in texts)


def test_many_words_that_share_slots_get_numbers_of_their_own():
    texts = [f"w{i} {i % 7}" for i in range(50_000)]
    ids, _, words, _ = number_words(texts)
    assert len(words) == 50_000 + 7
    assert len(np.unique(ids)) == len(words)
