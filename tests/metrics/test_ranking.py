"""Retrieval measures, and measures of labels and numbers."""

import numpy as np
import pytest

from zimu.errors import ConfigError, MissingExtraError
from zimu.metrics.predictions import calibration, classification, interval_of, regression
from zimu.metrics.ranking import retrieval, retrieval_scores


def test_ranks_are_right_both_ways():
    similarity = np.array([[0.9, 0.1, 0.8, 0.7], [0.2, 0.3, 0.4, 0.5]])  # rows own columns 0, 1 and 2, 3
    found = {name: measure.value for name, measure in retrieval(similarity, [0, 0, 1, 1]).items()}
    assert found["recall_at_1"] == 1.0 and found["median_rank"] == 1 and found["mean_rank"] == 1
    # Row 0: right at 1 and 4; row 1: right at 1 and 2.
    assert found["map"] == pytest.approx(((1 + 2 / 4) / 2 + 1) / 2)
    # Columns 0 to 3 find their row at 1, 2, 2, 2.
    assert found["back_recall_at_1"] == 0.25 and found["back_recall_at_5"] == 1
    assert found["back_mean_rank"] == 1.75 and found["back_median_rank"] == 2


def test_a_constant_model_finds_nothing():
    found = retrieval(np.zeros((20, 20)), np.arange(20))
    assert found["recall_at_10"].value == found["back_recall_at_10"].value == 0
    assert found["median_rank"].value == 20


def test_ranks_equal_a_plain_count():
    rng = np.random.default_rng(0)
    owner = np.sort(np.concatenate([np.arange(12), rng.integers(0, 12, 20)]))
    similarity = rng.random((12, 32)).round(1)  # with ties
    expected = []
    for row in range(12):
        best = similarity[row, owner == row].max()
        expected.append(1 + (similarity[row, owner != row] >= best).sum())
    assert retrieval(similarity, owner)["mean_rank"].items.tolist() == expected
    assert retrieval(similarity, owner)["median_rank"].value == np.median(expected)


def test_scores_carry_intervals_and_signatures():
    rng = np.random.default_rng(1)
    owner = np.concatenate([np.arange(40), np.arange(20)])
    similarity = rng.random((40, 60)) + 0.4 * (owner[None] == np.arange(40)[:, None])
    measures = retrieval(similarity, owner)
    scores = retrieval_scores(similarity, owner, split="test")
    assert set(scores) == set(measures)
    for name, score in scores.items():
        low, high = score.interval
        assert score.value == measures[name].value and low <= score.value <= high
    assert scores["recall_at_5"].signature.startswith(
        "recall_at_5|items:40|refs:1-2|tok:none|split:test|data:"
    )
    assert scores["back_map"].signature.startswith("back_map|items:60|refs:1|")


@pytest.mark.parametrize(
    ("similarity", "owner", "message"),
    [
        (np.zeros((2, 3)), [0, 1], "do not fit owners of shape"),
        (np.zeros((2, 2)), [0, 0], "Every row must own a column"),
        (np.full((2, 2), np.nan), [0, 1], "are not numbers"),
    ],
)
def test_similarities_that_make_no_sense_are_refused(similarity, owner, message):
    with pytest.raises(ConfigError, match=message):
        retrieval(similarity, owner)


def test_classes_probabilities_and_numbers_are_measured():
    pytest.importorskip("sklearn")
    labels, predicted = np.array([0, 0, 1, 1, 1, 0]), np.array([0, 1, 1, 1, 0, 0])
    second = np.array([0.1, 0.6, 0.7, 0.9, 0.4, 0.2])
    scores = np.column_stack([1 - second, second])
    found = classification(labels, predicted, scores)
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["auroc"] == pytest.approx(8 / 9)
    assert classification(labels, predicted, second)["auroc"] == found["auroc"]
    sure = calibration(labels, scores)
    assert sure["brier"] == pytest.approx(2 * np.mean((second - labels) ** 2))
    assert 0 < sure["ece"] < 1
    numbers = regression(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0]))
    assert numbers["mae"] == pytest.approx(2 / 3) and numbers["rmse"] == pytest.approx((4 / 3) ** 0.5)
    assert regression(np.array([1.0, 2.0]), np.array([1.0, 1.0]))["pearson"] == 0


def test_perfectly_calibrated_probabilities_have_no_error():
    pytest.importorskip("sklearn")
    scores = np.array([[0.8, 0.2]] * 5)
    assert calibration(np.array([0, 0, 0, 0, 1]), scores)["ece"] == pytest.approx(0)


def test_several_classes_are_measured_one_against_the_rest():
    pytest.importorskip("sklearn")
    labels = np.array([0, 1, 2, 0, 1, 2])
    found = classification(labels, labels, np.eye(3)[labels])
    assert found["auroc"] == found["average_precision"] == found["f1_macro"] == 1


def test_one_class_has_no_auroc():
    pytest.importorskip("sklearn")
    with pytest.raises(ConfigError, match="AUROC needs two classes"):
        classification(np.zeros(3), np.zeros(3), np.zeros((3, 2)))


def test_intervals_of_a_function_hold_its_value():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 80)
    predicted = np.where(rng.random(80) < 0.8, labels, 1 - labels)
    low, high = interval_of(classification, labels, predicted, draws=100)["accuracy"]
    assert low < np.mean(labels == predicted) < high
    assert high - low == pytest.approx(2 * 1.96 * (0.8 * 0.2 / 80) ** 0.5, abs=0.06)


def test_columns_of_different_lengths_are_refused():
    pytest.importorskip("sklearn")
    with pytest.raises(ConfigError, match="labels 2, predicted 3"):
        classification(np.zeros(2), np.zeros(3))


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn.metrics", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'zimu\[train\]'"):
        regression(np.zeros(2), np.zeros(2))
