from __future__ import annotations

import numpy as np
import pytest

from zimu.errors import ConfigError
from zimu.tasks.calibration import expected_calibration_error
from zimu.tasks.temperature import conformal_width, fit_temperature, reliability, tempered


def overconfident(factor: float, rows: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Return scores that are `factor` times too sharp, and truths drawn from the right probabilities."""
    rng = np.random.default_rng(0)
    right = rng.normal(0, 1.5, (rows, 4))
    chances = tempered(right, 1.0)
    truth = (chances.cumsum(1) > rng.random((rows, 1))).argmax(1)
    return right * factor, truth


def test_the_temperature_undoes_the_sharpening_it_was_made_with():
    for factor in (0.5, 1.0, 3.0):
        scores, truth = overconfident(factor)
        assert fit_temperature(scores, truth) == pytest.approx(factor, rel=0.1)


def test_the_temperature_of_many_labels_is_found_label_by_label():
    rng = np.random.default_rng(1)
    right = rng.normal(0, 2, (4000, 3))
    truth = rng.random(right.shape) < tempered(right, 1.0, several=True)
    assert fit_temperature(right * 2, truth, several=True) == pytest.approx(2, rel=0.1)


def test_tempering_lowers_the_error_of_overconfident_answers_and_keeps_the_answers():
    scores, truth = overconfident(3.0)
    before, after = tempered(scores, 1.0), tempered(scores, fit_temperature(scores, truth))
    errors = [expected_calibration_error(p, truth) for p in (before, after)]
    assert errors[0] > 0.15
    assert errors[1] < 0.03
    assert (before.argmax(1) == after.argmax(1)).all()


def test_the_reliability_sets_what_was_said_beside_what_came():
    found = reliability([0.95, 0.92, 0.95, 0.15, 1.0], [True, True, False, False, True])
    assert [(b.count, b.accuracy) for b in found] == [(1, 0.0), (4, 0.75)]
    assert found[1].confidence == pytest.approx(0.955)


def test_an_extreme_validation_part_does_not_give_an_extreme_temperature():
    assert 0.1 <= fit_temperature([[9.0, 0.0]], [0]) <= 20
    assert 0.1 <= fit_temperature([[9.0, 0.0]], [1]) <= 20
    assert fit_temperature(np.zeros((0, 2)), np.zeros(0)) == 1


def test_intervals_from_held_out_errors_cover_what_they_promise():
    rng = np.random.default_rng(2)
    covered = [
        np.mean(np.abs(rng.normal(size=500)) <= conformal_width(rng.normal(size=100), 0.9))
        for _ in range(200)
    ]
    assert np.mean(covered) == pytest.approx(0.9, abs=0.015)
    assert conformal_width([1.0] * 5, 0.9) == float("inf")


def test_wrong_lengths_are_said():
    with pytest.raises(ConfigError, match="3 answers and 2 truths"):
        fit_temperature(np.zeros((3, 2)), [0, 1])
    with pytest.raises(ConfigError, match=r"coverage is 1\.5"):
        conformal_width([1.0], 1.5)
