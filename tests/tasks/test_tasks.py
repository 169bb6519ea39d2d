"""Tasks score each sample by itself."""

from __future__ import annotations

import numpy as np
import pytest

from zimu.errors import ConfigError, UnknownNameError
from zimu.streams import StreamBatch
from zimu.tasks import TASKS, PredictData, find_task
from zimu.tasks.calibration import expected_calibration_error


def test_targets_tell_one_class_from_several() -> None:
    assert find_task("classify", np.array([0, 2])).name == "classify"
    assert find_task("classify", np.eye(2)).name == "classify_several"
    assert find_task("regress", np.array([0.5])).loss == "smooth_l1"


@pytest.mark.parametrize(
    ("name", "targets", "told"),
    [
        ("classify", np.array([0.5]), "whole numbers from 0"),
        ("classify", np.array([-1, 0]), "whole numbers from 0"),
        ("regress", np.array([np.nan]), "leave out those without"),
    ],
)
def test_targets_that_do_not_fit_are_refused(name: str, targets: np.ndarray, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        find_task(name, targets)


def test_an_unknown_task_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'classify'"):
        find_task("clasify", np.array([0]))


def test_several_classes_are_scored_by_f1_of_each_sample() -> None:
    answers = np.array([[0.9, 0.8, 0.1], [0.1, 0.1, 0.1], [0.9, 0.1, 0.1]])
    targets = np.array([[1, 0, 0], [0, 0, 0], [0, 1, 0]])
    np.testing.assert_allclose(TASKS["classify_several"].items(answers, targets), [2 / 3, 1.0, 0.0])


def test_a_number_judged_by_its_sign_is_right_on_zero_s_side() -> None:
    task = find_task("polarity", np.array([-1.5, 0.0]))
    targets = np.array([-0.2, 0.0, 3.0, -3.0])
    assert task.items(np.array([-9.0, 0.1, -0.1, 0.0]), targets).tolist() == [1.0, 1.0, 0.0, 0.0]
    assert task.loss == "smooth_l1" and task.better(0.8, 0.7)


def test_an_error_is_better_where_it_is_smaller() -> None:
    task = TASKS["regress"]
    assert task.value(np.array([1.0, 3.0]), np.array([0.0, 3.0])) == 0.5
    assert task.better(0.1, 0.2) and TASKS["classify"].better(0.2, 0.1)


def test_calibration_error_is_the_gap_of_stated_and_true() -> None:
    stated = np.tile([0.8, 0.2], (100, 1))
    right = np.repeat([0, 1], [60, 40])
    assert expected_calibration_error(stated, right) == pytest.approx(0.2)
    assert expected_calibration_error(stated, np.repeat([0, 1], [80, 20])) == pytest.approx(0.0, abs=1e-9)


def test_streams_and_targets_must_be_as_many() -> None:
    steps = StreamBatch(np.zeros((2, 1, 3)), np.ones((2, 1), bool), np.zeros((2, 1), np.float32))
    with pytest.raises(ConfigError, match="3 samples"):
        PredictData(["a", "b", "c"], {"x": steps}, np.zeros(3))
