from __future__ import annotations

import numpy as np
import pytest

from zimu.streams import Stream
from zimu.training.augment import draw_holes, move_pictures, play_frames, play_sound, within


def ramp(count: int) -> Stream:
    return Stream(
        np.arange(count, dtype=np.float32)[:, None], np.ones(count, np.bool_), np.arange(count) / 25
    )


@pytest.mark.parametrize("speed", [0.9, 1.1])
def test_a_sound_played_faster_is_shorter_and_higher_and_as_loud(speed: float) -> None:
    rate, tone = 16000, 440.0
    wave = np.sin(2 * np.pi * tone * np.arange(rate) / rate).astype(np.float32)
    played = play_sound(wave, speed)
    assert len(played) == round(rate / speed)
    heard = np.abs(np.fft.rfft(played)).argmax() * rate / len(played)
    assert heard == pytest.approx(tone * speed, abs=2.0)
    assert np.sqrt(np.mean(played**2)) == pytest.approx(np.sqrt(0.5), rel=0.02)


def test_the_usual_speed_changes_nothing() -> None:
    wave = np.random.default_rng(0).normal(size=999).astype(np.float32)
    assert play_sound(wave, 1.0) is wave
    assert np.array_equal(play_frames(ramp(7), 1.0).values, ramp(7).values)
    assert len(play_sound(wave[:0], 1.1)) == 0 and len(play_frames(ramp(0), 1.1).values) == 0


@pytest.mark.parametrize("speed", [0.8, 0.9, 1.1, 1.2])
def test_frames_played_at_another_speed_keep_their_order_and_the_times_of_their_clock(speed: float) -> None:
    played = play_frames(ramp(75), speed)
    assert len(played.values) == round(75 / speed)
    assert (np.diff(played.values[:, 0]) >= 0).all()
    assert np.allclose(played.times, played.values[:, 0] / 25)
    assert played.values[0, 0] == 0 and played.values[-1, 0] >= 73


def test_holes_are_the_mean_and_no_wider_than_asked() -> None:
    values = np.ones((50, 16), np.float32)
    for seed in range(30):
        holed = draw_holes(values, (1, 4), (1, 6), np.random.default_rng(seed))
        across, along = (holed == 0).all(0).sum(), (holed == 0).all(1).sum()
        assert across <= 4 and along <= 6
        assert (holed == 0).sum() == 50 * across + 16 * along - across * along
    assert (values == 1).all()
    some = draw_holes(values[:2], (2, 40), (2, 40), np.random.default_rng(0))
    assert some.shape == (2, 16)


def test_pictures_move_by_no_more_than_asked() -> None:
    pictures = np.arange(2 * 6 * 8, dtype=np.uint8).reshape(2, 6, 8, 1)
    moved = [move_pictures(pictures, 2, np.random.default_rng(seed)) for seed in range(40)]
    assert {m.shape for m in moved} == {pictures.shape}
    assert {int(m[0, 3, 4, 0]) for m in moved} <= {8 * y + x for y in range(1, 6) for x in range(2, 7)}
    assert len({int(m[0, 3, 4, 0]) for m in moved}) > 10


def test_a_window_keeps_the_steps_inside_it() -> None:
    assert within(ramp(50), (0.4, 0.8)).times.tolist() == (np.arange(10, 20) / 25).tolist()
    assert within(ramp(5), None).times.tolist() == ramp(5).times.tolist()
