from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from zimu.training.fitting.evaluating import area_of, difference, items_of, score_of
from zimu.training.fitting.weighing import weigh

RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 2, 300)
SCORES = np.c_[np.zeros(300), RNG.normal(1.5 * TRUTH - 0.75, 1).round(1)]


def test_the_area_under_the_curve_is_that_of_scikit_learn_with_ties():
    from sklearn.metrics import roc_auc_score

    found = area_of(SCORES, TRUTH)
    assert found.value == pytest.approx(roc_auc_score(TRUTH, SCORES[:, 1]))
    assert found.low < found.value < found.high
    assert area_of(SCORES, np.zeros(300, int)) is None


def test_rows_of_one_group_widen_the_interval():
    items = np.repeat(RNG.random(30) < 0.7, 10).astype(float)
    groups = np.repeat(np.arange(30), 10)
    alone, together = score_of("accuracy", items), score_of("accuracy", items, groups)
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_a_difference_is_above_nought_where_ours_is_better_whatever_the_score():
    right, wrong = np.full(50, 0.9), np.full(50, 0.4)
    assert difference("accuracy", right, wrong).word == "better"
    assert difference("log_loss", wrong, right).word == "better"
    assert difference("log_loss", right, wrong).word == "worse"
    assert difference("accuracy", RNG.random(50), RNG.random(50)).word == "noise"


def test_errors_of_a_regression_come_in_the_unit_of_the_target():
    items = items_of(np.array([[1.0], [0.0]]), np.array([0.0, 2.0]), "regress", scale=10)
    assert score_of("mean_absolute_error", items["mean_absolute_error"]).value == 15
    assert score_of("root_mean_squared_error", items["root_mean_squared_error"]).value == pytest.approx(
        250**0.5
    )


def test_a_good_member_gets_the_weight_and_useless_ones_do_not():
    useless = np.c_[RNG.normal(size=300), RNG.normal(size=300)]
    mix = weigh({"good": SCORES, "useless": useless}, TRUTH, "classify")
    assert mix.weights["good"] > 0.8
    numbers = RNG.normal(size=300)
    mix = weigh({"near": (numbers + 0.1)[:, None], "far": -numbers[:, None]}, numbers, "regress")
    assert mix.weights["near"] > 0.9
    assert mix.width == pytest.approx(0.1, abs=0.2)


def test_two_rows_do_not_decide_between_members():
    mix = weigh({"a": SCORES[:2], "b": -SCORES[:2]}, TRUTH[:2], "classify")
    assert min(mix.weights.values()) > 0.2
