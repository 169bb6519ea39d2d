from __future__ import annotations

import numpy as np
import pytest

from zimu.errors import ConfigError, UnknownNameError
from zimu.features.clock import common_clock, resample
from zimu.streams import Stream


def stream(values, times, keep=None) -> Stream:
    values, times = np.asarray(values, np.float32), np.asarray(times, float)
    return Stream(values, np.ones(len(times), bool) if keep is None else np.asarray(keep), times)


def test_a_line_is_drawn_between_uneven_steps_and_nothing_is_kept_beyond_the_ends():
    found = resample(stream([0.0, 10.0, 40.0], [0, 1, 4]), [-1, 0, 0.5, 2, 4, 5])
    np.testing.assert_allclose(found.values, [0, 0, 5, 20, 40, 40])
    assert found.keep.tolist() == [False, True, True, True, True, False]


def test_a_gap_is_marked_and_not_bridged():
    found = resample(stream([0.0, 1.0, 9.0], [0, 1, 9]), [0.5, 5.0, 9.0], max_gap_s=1.0)
    assert found.keep.tolist() == [True, False, True]


def test_steps_that_are_not_kept_are_not_looked_at():
    found = resample(stream([0.0, 999.0, 2.0], [0, 1, 2], [True, False, True]), [1.0])
    assert found.values[0] == 1.0


def test_the_same_clock_gives_the_same_values():
    values = np.random.default_rng(0).normal(size=(50, 3))
    for method in ("linear", "previous", "mean"):
        found = resample(stream(values, np.arange(50) / 30), np.arange(50) / 30, method=method)
        np.testing.assert_allclose(found.values, values, atol=1e-5)
        assert found.keep.all()


def test_the_mean_loses_nothing_to_aliasing_and_previous_holds():
    fast = stream(np.tile([1.0, -1.0], 50), np.arange(100) / 100)
    slow = np.arange(0.045, 0.9, 0.1)
    np.testing.assert_allclose(resample(fast, slow, method="mean").values, 0, atol=0.25)
    assert resample(stream([3.0, 7.0], [0, 1]), [0.99], method="previous").values[0] == 3.0


def test_streams_come_on_one_clock_that_spans_them_all():
    found = common_clock(
        {"imu": stream(np.arange(100.0), np.arange(100) / 100), "gps": stream([1.0, 2.0], [0.5, 1.5])}, 10
    )
    np.testing.assert_allclose(found["imu"].times, found["gps"].times)
    assert len(found["imu"].times) == 16
    assert found["imu"].keep.sum() == 10
    assert found["gps"].keep.sum() == 11


def test_wrong_clocks_are_refused():
    with pytest.raises(ConfigError, match="must rise"):
        resample(stream([1.0, 2.0], [1, 0]), [0.5])
    with pytest.raises(UnknownNameError, match="'cubic'"):
        resample(stream([1.0], [0]), [0], method="cubic")
    with pytest.raises(ConfigError, match="rate_hz is 0"):
        common_clock({}, 0)
