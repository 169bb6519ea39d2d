from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zimu.errors import ConfigError
from zimu.features.frames import frames_stream, spread
from zimu.features.spec import VideoSpec
from zimu.streams import Frame

SPEC = VideoSpec(rate_hz=2, max_frames=4, width=6, height=5)


def frame(time: float, value: int = 0, channels: int = 3) -> Frame:
    return Frame(Fraction(str(time)), np.full((5, 6, channels), value, np.uint8))


def test_values_are_normalised_and_channels_come_first():
    picture = np.arange(5 * 6 * 3, dtype=np.uint8).reshape(5, 6, 3)
    stream = frames_stream([Frame(Fraction(1), picture)], SPEC)
    assert stream.values.dtype == np.float32
    assert stream.values.shape == (1, 3, 5, 6)
    assert stream.values[0, 2, 4, 1] == (float(picture[4, 1, 2]) - 127) / 128
    assert stream.keep.tolist() == [True]


def test_gray_frames_have_one_channel():
    spec = SPEC.model_copy(update={"colour": "gray", "mean": 0.0, "scale": 255.0})
    assert frames_stream([frame(0, 255, 1)], spec).values.tolist() == np.ones((1, 1, 5, 6)).tolist()


def test_times_are_told_from_the_start_of_the_clip():
    stream = frames_stream([frame(10.5), frame(11)], SPEC, start=Fraction(10))
    assert stream.times.tolist() == [0.5, 1]


def test_at_most_so_many_frames_are_taken_evenly_spread():
    stream = frames_stream([frame(n, n) for n in range(16)], SPEC)
    assert stream.times.tolist() == [2, 6, 10, 14]


def test_no_frames_give_an_empty_stream_of_the_right_shape():
    stream = frames_stream([], SPEC)
    assert stream.values.shape == (0, 3, 5, 6)
    assert stream.keep.shape == stream.times.shape == (0,)


def test_a_frame_of_another_size_is_refused():
    with pytest.raises(
        ConfigError, match=r"frame at 1\.500 s is \(5, 6, 1\), the contract wants \(5, 6, 3\)"
    ):
        frames_stream([frame(0), frame(1.5, channels=1)], SPEC)


@given(st.integers(0, 300), st.integers(1, 40))
def test_spread_is_in_order_without_repeats_and_never_too_long(count, most):
    chosen = spread(count, most)
    assert len(chosen) == min(count, most)
    assert chosen == sorted(set(chosen))
    assert all(0 <= index < count for index in chosen)
    gaps = np.diff(chosen)
    assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1
