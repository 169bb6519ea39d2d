from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from zimu.captions.engine import _by_word
from zimu.search.beam import Hypothesis
from zimu.text.languages import join
from zimu.text.subwords import cut_word, learn_pieces, word_starts, words_of
from zimu.text.vocabulary import UNKNOWN, Vocabulary

# The example of Sennrich et al. 2016, algorithm 1.
PAPER = {"low": 5, "lower": 2, "newest": 6, "widest": 3}
TEXTS = ["the lowest of all", "a newer, wider road", "the widest road", "low and lower", "the newest"] * 3


def test_the_most_frequent_pairs_are_joined_first() -> None:
    pieces = learn_pieces(PAPER, 100)
    # e+s, then es+t, before everything that is rarer.
    joined = [p for p in pieces if len(p.removeprefix("##")) > 1]
    assert joined[:2] == ["##es", "##est"]
    assert {"low", "newest", "widest"} <= set(pieces)
    assert cut_word("lowest", pieces) == ["low", "##est"]
    assert cut_word("newer", pieces) == ["n", "##ew", "##er"]


def test_pieces_are_as_many_as_wanted_and_the_same_in_any_order() -> None:
    pieces = learn_pieces(PAPER, 14)
    assert len(pieces) == 14 == len(set(pieces))
    assert learn_pieces(dict(reversed(PAPER.items())), 14) == pieces
    characters = learn_pieces(PAPER, 1)
    assert set(characters) == {"l", "n", "w", *(f"##{c}" for c in "oweridstn")} - {"##n"}


def naive(counts: dict[str, int], size: int) -> list[str]:
    """Count everything anew for each pair, as algorithm 1 of the paper does."""
    words = {w: [w[0], *(f"##{c}" for c in w[1:])] for w in counts}
    pieces = dict.fromkeys(sorted({p for parts in words.values() for p in parts}))
    while len(pieces) < size:
        pairs: dict[tuple[str, str], int] = {}
        for word, parts in words.items():
            for pair in pairwise(parts):
                pairs[pair] = pairs.get(pair, 0) + counts[word]
        if not pairs or max(pairs.values()) < 2:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        pieces[best[0] + best[1][2:]] = None
        for word, parts in words.items():
            out: list[str] = []
            for part in parts:
                if out and (out[-1], part) == best:
                    out[-1] += part[2:]
                else:
                    out.append(part)
            words[word] = out
    return list(pieces)


@pytest.mark.parametrize("seed", range(8))
def test_the_queue_finds_what_counting_anew_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Two or three letters: many repeats within a word, where joined pairs overlap.
    words = {"".join(rng.choice(list("abc"), int(rng.integers(1, 9)))) for _ in range(40)}
    counts = {w: int(rng.integers(1, 9)) for w in sorted(words)}
    for size in (10, 40, 200):
        assert learn_pieces(counts, size) == naive(counts, size)


def test_every_text_of_the_language_comes_back_and_new_words_are_made_of_pieces() -> None:
    vocabulary = Vocabulary.build({"en": TEXTS}, {"en": "subwords"}, subwords=40)
    assert len(vocabulary) == 40 + 4
    for text in (*TEXTS, "the new lower road widest of all", "a wide wall"):
        ids = vocabulary.encode(text, "en")
        assert UNKNOWN not in ids
        assert vocabulary.decode(ids[1:], "en").lower() == text.replace(",", "")
    assert vocabulary.encode("a zebra road", "en").count(UNKNOWN) == 1  # no z: the word, not its letters


def test_rare_words_are_made_of_pieces_however_rare() -> None:
    vocabulary = Vocabulary.build({"en": ["aab aab", "aac"]}, {"en": "subwords"}, {"en": 2}, subwords=9)
    assert UNKNOWN not in vocabulary.encode("aac", "en")


def test_pieces_become_words_again() -> None:
    assert words_of(["a", "slow", "##er", "##ly", "dog"]) == ["a", "slowerly", "dog"]
    assert word_starts(["##er", "dog", "##s"]) == [0, 1]  # a model may begin with what cannot begin a word
    assert join(["##er", "dog", "##s"], "en") == "##er dogs"


def test_a_word_is_as_likely_as_all_its_pieces() -> None:
    looked = np.float32([[1, 0], [0, 1], [0.5, 0.5]])
    found = Hypothesis((7, 8, 9), (-0.1, -0.2, -0.3), -0.6, looked)
    words, log_probs, attention = _by_word(["a", "slow", "##er"], found)
    assert words == ("a", "slower")
    np.testing.assert_allclose(log_probs, [-0.1, -0.5])
    np.testing.assert_allclose(attention, [[1, 0], [0.25, 0.75]])
    assert _by_word(["a", "slow", "dog"], found)[2] is looked
