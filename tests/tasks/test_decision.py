from __future__ import annotations

import numpy as np
import pytest

from zimu.errors import ConfigError
from zimu.tasks.decision import DECISIONS, combine_masses


def expert(targets: np.ndarray, classes: int, skill: float, seed: int) -> np.ndarray:
    """Return probabilities [N, K] that lean towards the right class by `skill`."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(len(targets), classes))
    logits[np.arange(len(targets)), targets] += skill
    grown = np.exp(logits)
    return np.asarray(grown / grown.sum(1, keepdims=True))


def three(seed: int, count: int = 400, classes: int = 4) -> tuple[dict[str, np.ndarray], np.ndarray]:
    targets = np.random.default_rng(seed).integers(classes, size=count)
    skills = {"audio": 1.5, "text": 2.0, "video": 0.0}
    return {n: expert(targets, classes, s, 10 * seed + i) for i, (n, s) in enumerate(skills.items())}, targets


CLASSIFYING = [n for n, d in DECISIONS.items() if "classify" in d.tasks]


@pytest.mark.parametrize("name", CLASSIFYING)
def test_answers_are_probabilities_also_of_streams_that_are_missing(name: str) -> None:
    val, targets = three(1)
    rule = DECISIONS[name].fit(val, targets)
    test, _ = three(2, 50)
    for given in (test, {"text": test["text"]}, {n: test[n] for n in ("video", "audio")}):
        found = rule(given)
        assert found.shape == (50, 4)
        assert found.min() >= 0
        np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)
    with pytest.raises(ConfigError, match="every stream is absent"):
        rule({})


@pytest.mark.parametrize("name", CLASSIFYING)
def test_together_they_are_better_than_chance_and_learned_rules_better_than_the_best_alone(name: str) -> None:
    val, targets = three(1, 2000)
    test, wanted = three(2, 2000)
    right = (DECISIONS[name].fit(val, targets)(test).argmax(1) == wanted).mean()
    best = max((a.argmax(1) == wanted).mean() for a in test.values())
    assert right > (best if name != "majority" else 0.5)


@pytest.mark.parametrize("name", CLASSIFYING)
def test_several_classes_at_once_are_decided_one_by_one(name: str) -> None:
    rng = np.random.default_rng(0)
    targets = rng.integers(2, size=(200, 3))
    val = {n: np.clip(0.5 + s * (targets - 0.5) + rng.normal(0, 0.2, targets.shape), 0.01, 0.99)
           for n, s in (("a", 0.6), ("b", 0.3))}  # fmt: skip
    found = DECISIONS[name].fit(val, targets)(val)
    assert found.shape == (200, 3)
    assert ((found > 0.5) == targets).mean() > 0.85


@pytest.mark.parametrize("name", [n for n, d in DECISIONS.items() if "regress" in d.tasks])
def test_numbers_are_combined(name: str) -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=600)
    given = {"a": truth + rng.normal(0, 0.5, 600), "b": truth + rng.normal(0, 0.6, 600)}
    found = DECISIONS[name].fit(given, truth)(given)
    assert found.shape == (600,)
    assert ((found - truth) ** 2).mean() < min(((x - truth) ** 2).mean() for x in given.values())


def test_learned_weights_leave_out_a_stream_that_knows_nothing() -> None:
    val, targets = three(1, 2000)
    test, _ = three(2, 50)
    noise = dict(test, video=expert(np.zeros(50, np.int64), 4, 3.0, 9))
    rule = DECISIONS["weighted"].fit(val, targets)
    assert np.abs(rule(noise) - rule(test)).max() < 0.1
    log_linear = DECISIONS["log_linear"].fit(val, targets)
    assert (log_linear(noise).argmax(1) == log_linear(test).argmax(1)).mean() > 0.9


def test_weights_of_a_regression_are_those_of_least_variance() -> None:
    # Errors of variance 1 and 4 that know nothing of each other: the best weights are 4/5 and 1/5.
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 5, 40000)
    given = {"a": truth + rng.normal(0, 1, 40000), "b": truth + rng.normal(0, 2, 40000)}
    rule = DECISIONS["weighted"].fit(given, truth)
    ones = {"a": np.array([1.0, 0.0]), "b": np.array([0.0, 1.0])}
    np.testing.assert_allclose(rule(ones), [0.8, 0.2], atol=0.02)


def test_a_log_linear_pool_of_independent_experts_multiplies_them() -> None:
    """Two calibrated experts with independent evidence and even classes: Bayes' rule is the product."""
    rng = np.random.default_rng(0)
    targets = rng.integers(2, size=20000)
    given = {}
    for name in "ab":
        evidence = rng.normal(2.0 * targets - 1.0, 1.0)
        p = 1 / (1 + np.exp(-2 * evidence))
        given[name] = np.stack((1 - p, p), 1)
    found = DECISIONS["log_linear"].fit(given, targets)(given)
    product = given["a"] * given["b"]
    np.testing.assert_allclose(found, product / product.sum(1, keepdims=True), atol=0.05)


def test_a_majority_outvotes_a_louder_minority_and_the_average_breaks_a_tie() -> None:
    given = {
        "a": np.array([[0.6, 0.4, 0.0], [0.9, 0.1, 0.0]]),
        "b": np.array([[0.6, 0.4, 0.0], [0.4, 0.6, 0.0]]),
        "c": np.array([[0.0, 1.0, 0.0], [0.0, 0.1, 0.9]]),
    }
    found = DECISIONS["majority"].fit(given, np.array([0, 0]))(given)
    assert found.argmax(1).tolist() == [0, 0]


def test_dempster_s_rule_on_an_example_worked_by_hand() -> None:
    """Sources: {a} 0.6, any 0.4; and {a} 0.2, {b} 0.5, any 0.3.

    Conflict: 0.6 · 0.5 = 0.3. {a}: 0.6 · 0.2 + 0.6 · 0.3 + 0.4 · 0.2 = 0.38; {b}: 0.4 · 0.5 = 0.2;
    any: 0.4 · 0.3 = 0.12. Divided by 1 - 0.3.
    """
    masses, unknown = combine_masses(
        [np.array([[0.6, 0.0]]), np.array([[0.2, 0.5]])], [np.array([0.4]), np.array([0.3])]
    )
    np.testing.assert_allclose(masses, [[0.38 / 0.7, 0.2 / 0.7]])
    np.testing.assert_allclose(unknown, [0.12 / 0.7])


def test_dempster_s_rule_on_zadeh_s_example() -> None:
    """Zadeh 1979: two doctors who agree on nothing but a remote third illness make it certain."""
    masses, _ = combine_masses(
        [np.array([[0.99, 0.0, 0.01]]), np.array([[0.0, 0.99, 0.01]])], [np.zeros(1), np.zeros(1)]
    )
    np.testing.assert_allclose(masses, [[0.0, 0.0, 1.0]])
    with pytest.raises(ConfigError, match="sample 0: its sources contradict"):
        combine_masses([np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])], [np.zeros(1), np.zeros(1)])
