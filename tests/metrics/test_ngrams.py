"""N-gram tables, and what is computed on them, against slow and plain implementations."""

import random

import numpy as np
import pytest

from zimu.metrics import grams
from zimu.metrics.cider import cider
from zimu.metrics.corpus import Corpus
from zimu.metrics.frequencies import DocumentFrequencies
from zimu.metrics.ngrams import bleu
from zimu.metrics.rouge import rouge_l


def random_corpus(seed, longest=15, items=6):
    rng = random.Random(seed)
    caption = lambda: " ".join(rng.choice("abcdefg") for _ in range(rng.randint(0, longest)))  # noqa: E731
    return [[caption() for _ in range(rng.randint(1, 4))] for _ in range(items)], [
        caption() for _ in range(items)
    ]


def common_length(a, b):
    rows = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            rows[i + 1][j + 1] = rows[i][j] + 1 if x == y else max(rows[i][j + 1], rows[i + 1][j])
    return rows[-1][-1]


@pytest.mark.parametrize("longest", [20, 63, 64, 65, 200])
def test_rouge_l_is_right_for_captions_of_any_length(longest):
    references, candidates = random_corpus(longest, longest, items=12)
    expected = []
    for refs, candidate in zip(references, candidates, strict=True):
        c = candidate.split(" ")
        common = [(common_length(r.split(" "), c), len(r.split(" "))) for r in refs]
        p, r = max(n for n, _ in common) / len(c), max(n / m for n, m in common)
        expected.append((1 + 1.2**2) * p * r / (r + 1.2**2 * p) if p and r else 0.0)
    assert rouge_l(Corpus.from_texts(references, candidates)).tolist() == expected


def test_keys_too_wide_for_packing_are_sorted_another_way(monkeypatch):
    corpus = Corpus.from_texts(*random_corpus(1))
    expected = bleu(corpus).counts.tolist(), cider(corpus).tolist()
    huge = Corpus(corpus.ids + 2**29, corpus.starts, corpus.firsts, corpus.words)
    huge.ids[0] = 2**31 - 1  # a word number so large that key and place do not fit into 63 bits together
    again = Corpus(
        np.where(corpus.ids == corpus.ids[0], huge.ids[0], huge.ids), corpus.starts, corpus.firsts, ()
    )
    assert (bleu(again).counts.tolist(), cider(again).tolist()) == expected


def test_pruning_leaves_no_trace():
    corpus = Corpus.from_texts(*random_corpus(2))
    full = [t.documents.sum() + 0 for t in grams.iter_tables(corpus, prune=False)]
    pruned = list(grams.iter_tables(corpus))
    assert any(len(t.alone) for t in pruned)
    for total, table in zip(full, pruned, strict=True):
        alone = int((~corpus.is_candidate[corpus.caption_of[table.alone]]).sum())
        assert table.documents.sum() + alone == total


def test_tokens_may_be_integers_or_words():
    references, candidates = random_corpus(3)
    words = Corpus.from_texts(references, candidates)
    split = [[r.split() for r in refs] for refs in references], [c.split() for c in candidates]
    numbers = (
        [[[ord(w) for w in r] for r in refs] for refs in split[0]],
        [[ord(w) for w in c] for c in split[1]],
    )
    for tokens in (split, numbers):
        corpus = Corpus.from_tokens(*tokens)
        assert cider(corpus).tolist() == cider(words).tolist()
        assert bleu(corpus).counts.tolist() == bleu(words).counts.tolist()


def test_frequencies_of_the_same_references_change_nothing():
    references, candidates = random_corpus(4)
    frequencies = DocumentFrequencies.from_references(references)
    corpus = Corpus.from_texts(references, candidates)
    for defended in (True, False):
        ours = cider(corpus, defended=defended, frequencies=frequencies)
        assert ours.tolist() == cider(corpus, defended=defended).tolist()


def test_frequencies_of_another_corpus_give_one_item_a_score():
    corpus = Corpus.from_texts([["a dog runs on grass"]], ["a dog runs on sand"])
    frequencies = DocumentFrequencies.from_references([["a cat sits"], ["a dog sits"], ["the sand"]])
    assert cider(corpus).tolist() == [0.0]
    # By hand, for unigrams only: idf = ln 3 - ln max(1, df), with df a 2, sand 1, dog 1 and 0 for the others.
    a, rest = np.log(3) - np.log(2), np.log(3)
    ours = a * a + 3 * rest * rest
    norm = a * a + 4 * rest * rest
    orders = [ours / norm, 3 / 4, 2 / 3, 1 / 2]
    assert cider(corpus, frequencies=frequencies)[0] == pytest.approx(sum(orders) / 4 * 10)


def test_frequencies_survive_a_file_and_add_up(tmp_path):
    references, _ = random_corpus(5)
    whole = DocumentFrequencies.from_references(references)
    parts = (
        DocumentFrequencies.from_references(references[:2]),
        DocumentFrequencies.from_references(references[2:]),
    )
    assert parts[0].merge(parts[1]) == whole
    for name in ("df.json", "df.json.gz"):
        whole.save(tmp_path / name)
        assert DocumentFrequencies.load(tmp_path / name) == whole
