"""Training of classify and regress."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zimu.errors import ConfigError
from zimu.streams import StreamBatch
from zimu.training.predict import PredictData, train_predictor
from zimu.training.predict_recipes import PredictRecipe


def stream(values: np.ndarray) -> StreamBatch:
    n = len(values)
    return StreamBatch(np.float32(values[:, None]), np.ones((n, 1), bool), np.zeros((n, 1), np.float32))


def samples(n: int, seed: int, kind: str = "classify") -> PredictData:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, n, 3))
    targets: Any = {
        "classify": (a[:, 0] > 0).astype(np.int64) + 2 * (b[:, 0] > 0),
        "several": np.stack([a[:, 0] > 0, b[:, 0] > 0], 1).astype(np.int64),
        "regress": 100 + 10 * (a[:, 0] + b[:, 0]),
        "polarity": a[:, 0] + b[:, 0] + 0.5,
    }[kind]
    return PredictData(
        [str(i) for i in range(n)], {"a": stream(a), "b": stream(b)}, targets, np.arange(n) // 4
    )


def recipe(**changes: Any) -> PredictRecipe:
    values: dict[str, Any] = {
        "width": 16,
        "encoders": {n: {"name": "features", "dropout": 0.0} for n in ("a", "b")},
        "fusion": {"name": "concat_width"},
        "dropout": 0.0,
        "training": {"epochs": 15, "batch_size": 64, "learning_rate": 0.02},
    }
    return PredictRecipe.model_validate(values | changes)


@pytest.mark.parametrize(
    ("kind", "task", "good"), [("classify", "classify", 0.9), ("several", "classify", 0.9)]
)
def test_classes_are_learned(kind: str, task: str, good: float) -> None:
    found = train_predictor(recipe(task=task), samples(300, 0, kind), samples(100, 1, kind), seed=0)
    assert found.score(samples(200, 2, kind)) > good


def test_numbers_are_learned_in_their_own_unit() -> None:
    found = train_predictor(recipe(task="regress"), samples(300, 0, "regress"), samples(100, 1, "regress"))
    test = samples(200, 2, "regress")
    assert found.predict(test).shape == (200,)
    assert found.score(test) < 0.3 * np.abs(test.targets - test.targets.mean()).mean()


def test_numbers_are_learned_for_their_sign_and_the_best_epoch_is_kept() -> None:
    train, val = samples(300, 0, "polarity"), samples(100, 1, "polarity")
    found = train_predictor(recipe(task="polarity"), train, val)
    assert found.score(samples(200, 2, "polarity")) > 0.93
    first = train_predictor(recipe(task="polarity", training={"epochs": 1}), train, val)
    assert found.score(val) > first.score(val)


def test_the_same_seed_gives_the_same_model_and_another_another() -> None:
    train, val = samples(200, 0), samples(60, 1)
    short = recipe(training={"epochs": 3})
    one, two, other = (train_predictor(short, train, val, seed=s).predict(val) for s in (7, 7, 8))
    np.testing.assert_array_equal(one, two)
    assert np.abs(one - other).max() > 1e-3


def test_what_is_not_shown_is_not_used() -> None:
    found = train_predictor(recipe(), samples(300, 0), samples(100, 1), seed=0)
    test = samples(200, 2)
    hidden = test.with_streams({**test.streams, "b": stream(np.random.default_rng(9).normal(size=(200, 3)))})
    only = frozenset({"a"})
    np.testing.assert_array_equal(found.predict(test, only), found.predict(hidden, only))
    np.testing.assert_array_equal(
        found.predict(test, only), found.predict(test.with_streams({"a": test.streams["a"]}))
    )
    # Half of the answer is in a; guessing the other half, a model that has learned to miss b gets half.
    assert 0.35 < found.score(test, only) < 0.65


def test_training_stops_early_and_keeps_its_best_epoch() -> None:
    settings = {"epochs": 40, "learning_rate": 0.05, "patience": 2, "batch_size": 64}
    found = train_predictor(recipe(training=settings), samples(200, 0), samples(80, 1), seed=0)
    scores = [e.score for e in found.history]
    assert len(scores) < 40
    assert found.score(samples(80, 1)) >= max(scores) - 0.02


def test_a_temperature_makes_probabilities_mean_what_they_say() -> None:
    rng = np.random.default_rng(0)
    train, val = samples(150, 0), samples(400, 1)
    # A fifth of the labels is wrong: who is certain is wrong often.
    wrong = np.where(rng.random(400) < 0.2, rng.integers(0, 4, 400), val.targets)
    noisy = PredictData(val.ids, val.streams, wrong, val.groups)
    found = train_predictor(
        recipe(training={"epochs": 30, "learning_rate": 0.02, "patience": 0}), train, noisy
    )
    assert found.temperature > 1.2


def test_context_needs_groups_and_uses_them() -> None:
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, 80)

    def talk(groups: np.ndarray) -> PredictData:
        # Only the first sample of a group shows the group's label.
        shown = np.where(np.arange(320) % 4 == 0, 4.0 * np.repeat(bits, 4) - 2.0, 0.0)[:, None]
        noise = stream(rng.normal(size=(320, 1)))
        return PredictData(
            [str(i) for i in range(320)], {"a": stream(shown), "b": noise}, np.repeat(bits, 4), groups
        )

    data = talk(np.repeat(np.arange(80), 4))
    with_context = recipe(
        context="attention", training={"epochs": 25, "batch_size": 80, "learning_rate": 0.01}
    )
    assert train_predictor(with_context, data, data, seed=0).score(data) > 0.95
    assert train_predictor(recipe(), data, data, seed=0).score(data) < 0.75
    with pytest.raises(ConfigError, match="needs groups"):
        train_predictor(with_context, PredictData(data.ids, data.streams, data.targets), data)


def test_a_recipe_for_streams_that_are_not_there_is_refused() -> None:
    encoders = {"face": {"name": "features"}}
    with pytest.raises(ConfigError, match="encoders for face, but the data have a, b"):
        train_predictor(recipe(encoders=encoders), samples(20, 0), samples(20, 1))


def test_a_class_that_training_never_shows_is_refused() -> None:
    train, val = samples(20, 0), samples(20, 1)
    strange = PredictData(val.ids, val.streams, val.targets + 5)
    with pytest.raises(ConfigError, match="which training never shows"):
        train_predictor(recipe(), train, strange)


@pytest.mark.parametrize("fusion", ["early", "late_average", "late_weighted", "late_log_linear"])
def test_data_level_and_joint_decisions_learn_and_survive_an_absent_stream(fusion: str) -> None:
    chosen = recipe(fusion={"name": fusion})
    found = train_predictor(chosen, samples(300, 0), samples(100, 1), seed=0)
    test = samples(200, 2)
    # One stream alone tells two of four classes; means of probabilities learn to share out slowly.
    assert found.score(test) > (0.85 if fusion in ("early", "late_log_linear") else 0.65)
    without = found.predict(test, frozenset({"a"}))
    np.testing.assert_allclose(without.sum(1), 1.0, atol=1e-5)
    assert 0.3 < found.score(test, frozenset({"a"})) < 0.65


def test_an_encoder_that_is_ahead_is_slowed() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 300)
    easy = (2.0 * labels - 1)[:, None] + 0.2 * rng.normal(size=(300, 1))
    hard = (2.0 * labels - 1)[:, None] + 2.0 * rng.normal(size=(300, 1))
    data = PredictData([str(i) for i in range(300)], {"a": stream(easy), "b": stream(hard)}, labels)
    short: dict[str, Any] = {"epochs": 4, "learning_rate": 0.003, "batch_size": 100, "patience": 0}
    plain = train_predictor(recipe(training=short), data, data, seed=0)
    slowed = train_predictor(recipe(training={**short, "ogm_ge": 1.0}), data, data, seed=0)
    moved = [
        float((dict(p.model.named_parameters())["encoders.a.layers.1.weight"]).detach().abs().sum())
        for p in (plain, slowed)
    ]
    assert moved[0] != moved[1]
    with pytest.raises(ConfigError, match="ogm_ge"):
        train_predictor(recipe(task="regress", training={"ogm_ge": 0.5}), *[samples(60, 0, "regress")] * 2)
