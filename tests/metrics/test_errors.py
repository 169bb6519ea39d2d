"""Error rates and alignments."""

import random

import pytest

from zimu.metrics.corpus import Corpus
from zimu.metrics.errors import align, error_counts, error_rate


def test_an_alignment_tells_every_error():
    found = align(["the", "cat", "sat", "on", "the", "mat"], ["a", "cat", "sat", "the", "big", "mat"])
    assert found.steps == (
        ("substitute", "the", "a"),
        ("equal", "cat", "cat"),
        ("equal", "sat", "sat"),
        ("delete", "on", None),
        ("equal", "the", "the"),
        ("insert", None, "big"),
        ("equal", "mat", "mat"),
    )
    assert (found.substitutions, found.deletions, found.insertions, found.errors) == (1, 1, 1, 3)


def test_batches_count_what_alignments_count():
    rng = random.Random(0)
    caption = lambda: [rng.randrange(4) for _ in range(rng.randint(0, 9))]  # noqa: E731
    for _ in range(100):
        references = [[caption() for _ in range(rng.randint(1, 4))] for _ in range(4)]
        candidates = [caption() for _ in range(4)]
        counts = error_counts(Corpus.from_tokens(references, candidates)).tolist()
        for row, refs, candidate in zip(counts, references, candidates, strict=True):
            best = min(refs, key=lambda r: align(r, candidate).errors / max(1, len(r)))
            found = align(best, candidate)
            assert row == [found.substitutions, found.deletions, found.insertions, len(best)]


def test_the_corpus_rate_divides_all_errors_by_all_reference_words():
    corpus = Corpus.from_texts([["a b c d"], ["a"]], ["a b c d", "b c"])
    counts = error_counts(corpus)
    assert counts.tolist() == [[0, 0, 0, 4], [1, 0, 1, 1]]
    assert error_rate(counts) == pytest.approx(2 / 5)


def test_characters_may_be_counted_instead_of_words():
    corpus = Corpus.from_characters([["一只狗"]], ["一只小猫"])
    assert error_counts(corpus).tolist() == [[1, 0, 1, 3]]


def test_a_long_caption_is_no_trouble():
    words = " ".join(map(str, range(3000)))
    corpus = Corpus.from_texts([[words], ["a"]], [words.replace(" 7 ", " x "), "a"])
    assert error_counts(corpus).tolist() == [[1, 0, 0, 3000], [0, 0, 0, 1]]
