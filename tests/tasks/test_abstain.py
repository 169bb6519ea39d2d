from __future__ import annotations

import numpy as np
import pytest

from zimu.errors import ConfigError
from zimu.tasks.abstain import choose_threshold, selective


def test_the_threshold_keeps_as_many_answers_as_the_wanted_accuracy_allows():
    confidence = np.array([0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])
    right = np.array([True] * 6 + [False] * 4)
    found = choose_threshold(confidence, right, 1.0)
    assert found is not None
    assert 0.5 < found.threshold <= 0.6
    assert (found.coverage, found.accuracy) == (0.6, 1.0)


def test_a_wanted_accuracy_that_all_answers_reach_withholds_none():
    found = choose_threshold([0.9, 0.8, 0.7, 0.6, 0.5], [True] * 5, 0.9)
    assert found is not None
    assert (found.threshold, found.coverage) == (0.0, 1.0)


def test_answers_of_one_confidence_are_kept_or_withheld_together():
    found = choose_threshold([0.9] * 5 + [0.5] * 6, [True] * 8 + [False] * 3, 0.95)
    assert found is not None
    assert found.coverage == pytest.approx(5 / 11)


def test_an_accuracy_out_of_reach_or_over_too_few_answers_gives_no_threshold():
    assert choose_threshold([0.9, 0.8], [False, False], 0.9, least=1) is None
    assert choose_threshold([0.9, 0.8, 0.7], [True, False, False], 0.9) is None
    assert choose_threshold([], [], 0.9) is None


def test_a_threshold_above_all_confidences_answers_nothing():
    found = selective([0.5, 0.6], [True, True], 0.9)
    assert found.coverage == 0
    assert np.isnan(found.accuracy)


def test_a_wanted_accuracy_above_one_is_refused():
    with pytest.raises(ConfigError, match=r"wanted accuracy is 1\.2"):
        choose_threshold([0.5], [True], 1.2)
