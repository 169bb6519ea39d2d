from __future__ import annotations

from fractions import Fraction

from zimu.media.clocks import Clock, Timeline

STEP = Fraction(1, 10)


def times(clock: Clock, stamps: list[int | None]) -> list[float | None]:
    found = [clock.time(stamp, STEP) for stamp in stamps]
    return [None if time is None else float(time) for time in found]


def test_the_earliest_start_is_zero_and_time_stamps_are_exact():
    clock = Clock(Fraction(1, 30000), Timeline(Fraction(7)))
    assert clock.time(210000 + 1001, STEP) == Fraction(1001, 30000)


def test_a_missing_time_stamp_continues_from_the_last():
    assert times(Clock(STEP, Timeline(Fraction(0))), [None, None, 5, None]) == [0, 0.1, 0.5, 0.6]


def test_one_wrong_time_stamp_is_a_glitch_and_left_out():
    assert times(Clock(STEP, Timeline(Fraction(0))), [20, 21, 3, 23, 24]) == [2, 2.1, None, 2.3, 2.4]


def test_a_reset_is_made_good_after_three_frames_that_agree():
    stamps = [20, 21, 0, 1, 2, 3, 4]
    assert times(Clock(STEP, Timeline(Fraction(0))), stamps) == [2, 2.1, None, None, 2.2, 2.3, 2.4]


def test_streams_that_are_reset_together_stay_together():
    timeline = Timeline(Fraction(0))
    video, audio = Clock(STEP, timeline), Clock(STEP, timeline)
    assert times(video, [0, 50]) == [0, 5]
    assert times(audio, [0, 49, 52]) == [0, 4.9, 5.2]
    late = times(audio, [2, 3, 4, 5])[2:]  # the sound goes on until 5.3 and meets the reset first
    assert late == [5.3, 5.4]
    assert times(video, [0, 1, 2, 5])[2:] == [5.1, 5.4]  # as far from the sound as before


def test_small_steps_back_are_kept():
    assert times(Clock(STEP, Timeline(Fraction(0))), [20, 18, 22]) == [2, 1.8, 2.2]


def test_a_frame_that_is_not_decoded_moves_the_end_only():
    clock = Clock(STEP, Timeline(Fraction(0)))
    clock.pass_over(90, STEP)
    assert clock.end == Fraction(91, 10)
    assert times(clock, [3]) == [0.3]
    assert clock.end == Fraction(91, 10)
