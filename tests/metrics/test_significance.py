"""Paired tests: known answers, refusals, and the human ceiling."""

import random

import numpy as np
import pytest

import zimu
from zimu.errors import ConfigError
from zimu.metrics.ceiling import human_ceiling
from zimu.metrics.measures import mean_measure
from zimu.metrics.significance import compare_cards, holm
from zimu.metrics.tally import Tally

WORDS = ["a", "dog", "cat", "runs", "sleeps", "on", "the", "grass", "bed", "two", "man", "bike", "red"]


def sentences(seed, count=80, length=8):
    rng = random.Random(seed)
    return [" ".join(rng.choice(WORDS) for _ in range(length)) for _ in range(count)]


def spoiled(texts, seed, share):
    rng = random.Random(seed)
    return [" ".join("xyz" if rng.random() < share else w for w in text.split()) for text in texts]


REFERENCES = [[a, b] for a, b in zip(sentences(1), sentences(2), strict=True)]
FIRSTS = [refs[0] for refs in REFERENCES]


def card(candidates, **options):
    return zimu.score(REFERENCES, candidates, tokens=True, **options)


def test_a_much_better_system_is_found_and_two_alike_are_not():
    bad, good, alike = (
        card(spoiled(FIRSTS, 3, 0.6)),
        card(spoiled(FIRSTS, 4, 0.1)),
        card(spoiled(FIRSTS, 5, 0.6)),
    )
    for row in compare_cards(bad, {"good": good, "alike": alike}, trials=2000):
        assert row.difference == row.other - row.value
        assert row.interval[0] <= row.difference <= row.interval[1]
        if row.system == "good":
            assert row.difference > 0 and max(row.p_bootstrap_holm, row.p_randomisation_holm) < 0.01
        else:
            assert min(row.p_bootstrap, row.p_randomisation) > 0.05


def test_a_system_is_not_better_than_itself():
    rows = compare_cards(card(FIRSTS), {"same": card(FIRSTS)}, draws=200, trials=200)
    assert all(row.p_bootstrap == row.p_randomisation == 1 and row.interval == (0, 0) for row in rows)


def test_randomisation_agrees_with_trying_every_swap():
    rng = np.random.default_rng(0)
    a, b = rng.random(10), rng.random(10) + 0.2
    swaps = np.array([[i >> bit & 1 for bit in range(10)] for i in range(1024)])
    signs = 1 - 2 * swaps
    exact = np.mean(np.abs((signs * (b - a)).mean(axis=1)) >= abs((b - a).mean()) - 1e-12)
    references = [["x"]] * 10
    one, two = (zimu.score(references, ["x"] * 10, tokens=True, metrics=["rouge_l"]) for _ in range(2))
    cards = []
    for found, items in ((one, a), (two, b)):
        score = found["rouge_l"]
        object.__setattr__(score, "measure", mean_measure(items))
        cards.append(found)
    (row,) = compare_cards(cards[0], {"two": cards[1]}, trials=20_000)
    assert row.p_randomisation == pytest.approx(exact, abs=0.01)


def test_holm_corrects_for_the_number_of_systems():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (lambda: card(FIRSTS, split="val"), "different splits \\(test and val\\)"),
        (
            lambda: zimu.score(REFERENCES[:50], FIRSTS[:50], tokens=True, split="test"),
            "different numbers of items",
        ),
        (
            lambda: zimu.score([r[:1] for r in REFERENCES], FIRSTS, tokens=True, split="test"),
            "numbers of references",
        ),
        (
            lambda: zimu.score(REFERENCES[::-1], FIRSTS, tokens=True, split="test"),
            "references are not the same",
        ),
        (lambda: zimu.score(REFERENCES, FIRSTS, language="zh", split="test"), "other scores"),
        (lambda: card(FIRSTS, split="test", metrics=["bleu"]), "other scores"),
    ],
)
def test_what_does_not_belong_together_is_not_compared(other, reason):
    with pytest.raises(ConfigError, match=reason):
        compare_cards(card(FIRSTS, split="test"), {"other": other()})


def test_other_tokenisations_are_not_compared():
    by_character = zimu.score(REFERENCES, FIRSTS, language="zh", metrics=["bleu"])
    given = zimu.score(REFERENCES, FIRSTS, tokens=True, metrics=["bleu"])
    scores = {name: score for name, score in by_character.items() if not name.endswith("_word")}
    object.__setattr__(by_character, "scores", scores)
    with pytest.raises(ConfigError, match="tokenised differently \\(given and zh-char\\)"):
        compare_cards(given, {"other": by_character})


def test_the_ceiling_is_each_reference_against_the_others():
    references = {
        "a": ["a dog runs", "a dog sleeps", "the dog runs"],
        "b": ["two cats", "cats"],
        "c": ["one"],
    }
    found = human_ceiling(references, tokens=True, metrics=["rouge_l", "bleu"])
    rounds = []
    for held in range(3):
        kept = {i: refs for i, refs in references.items() if len(refs) > max(1, held)}
        rest = {i: refs[:held] + refs[held + 1 :] for i, refs in kept.items()}
        rounds += zimu.score(rest, {i: refs[held] for i, refs in kept.items()}, tokens=True)[
            "rouge_l"
        ].per_item.values()
    assert found["rouge_l"].value == pytest.approx(np.mean(rounds))
    assert found["bleu_1"].conditions.items == 2
    assert found.warnings == ("1 items with a single reference were left out.",)
    assert 0 < found["bleu_1"].value < 1


def test_a_ceiling_needs_two_references():
    with pytest.raises(ConfigError, match="needs items with two references"):
        human_ceiling([["a"], ["b"]], tokens=True)


def test_shards_add_up_to_the_digits_of_the_whole():
    candidates = spoiled(FIRSTS, 6, 0.3)
    shards = []
    for start in range(0, 80, 27):
        shard = Tally(tokens=True)
        for i in range(start, min(start + 27, 80)):
            shard.add(i, REFERENCES[i], candidates[i])
        shards.append(shard)
    merged = shards[0].merge(shards[1]).merge(shards[2])
    assert len(merged) == 80
    whole = card(candidates)
    for name, score in merged.card().items():
        assert score.value == whole[name].value and score.interval == whole[name].interval
        assert score.signature == whole[name].signature
    turned = shards[2].merge(shards[0]).merge(shards[1]).card()
    for name, score in turned.items():
        assert score.value == pytest.approx(whole[name].value, rel=1e-14)


def test_an_item_is_not_counted_twice():
    tally = Tally()
    tally.add(1, ["a"], "b")
    with pytest.raises(ConfigError, match="Item 1 was counted already"):
        tally.merge(tally)
    with pytest.raises(ConfigError, match="One tally holds tokens"):
        tally.merge(Tally(tokens=True))
