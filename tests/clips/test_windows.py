from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zimu.clips.windows import Windows, iter_clips
from zimu.errors import ConfigError
from zimu.streams import Frame, Samples

RATE = 100
SHOTS = [
    np.uint8(np.random.default_rng(seed).integers(0, 255, (3, 6))).repeat(9, 0).repeat(8, 1)
    for seed in (1, 2)
]


def picture_at(number: int) -> np.ndarray:
    return np.full((2, 2, 3), number % 256, np.uint8)


def frames(seconds: float, rate_hz: float = 2, start: float = 0) -> list[Frame]:
    times = [
        Fraction(str(start)) + Fraction(n) / Fraction(str(rate_hz)) for n in range(round(seconds * rate_hz))
    ]
    return [Frame(time, picture_at(number)) for number, time in enumerate(times)]


def sound(seconds: float, block_s: float = 1, start: float = 0) -> list[Samples]:
    values = np.arange(round(seconds * RATE), dtype=np.float32)
    size = round(block_s * RATE)
    return [
        Samples(Fraction(str(start)) + Fraction(at, RATE), RATE, values[at : at + size])
        for at in range(0, len(values), size)
    ]


def watch(seconds: float, cuts: list[float]) -> list[Frame]:
    return [
        Frame(Fraction(n, 25), SHOTS[sum(n / 25 >= cut - 1e-9 for cut in cuts) % 2])
        for n in range(round(seconds * 25))
    ]


def time_of(item: Frame | Samples) -> Fraction:
    return item.time if isinstance(item, Frame) else item.start + Fraction(len(item.values), RATE)


def mixed(*streams: list) -> list:
    return sorted((item for stream in streams for item in stream), key=time_of)


def spans(clips) -> list[tuple[float, float]]:
    return [(float(clip.span.start), float(clip.span.end)) for clip in clips]


def test_windows_of_fixed_length_cover_the_file():
    items = mixed(frames(7), sound(7))
    clips = list(iter_clips(items, Windows(window_s=2), end=Fraction(7)))
    assert spans(clips) == [(0, 2), (2, 4), (4, 6), (6, 7)]
    assert [[float(f.time) for f in clip.frames] for clip in clips][1] == [2, 2.5, 3, 3.5]
    assert [clip.samples.values[0] for clip in clips] == [0, 200, 400, 600]
    assert sum(len(clip.samples.values) for clip in clips) == 700


def test_shots_are_clips():
    items = mixed(frames(9), watch(9, [3.2, 6.4]), sound(9))
    assert spans(iter_clips(items, Windows(max_s=30))) == [(0, 3.2), (3.2, 6.4), (6.4, 9)]


def test_a_shot_too_short_is_joined_to_the_one_it_follows():
    items = mixed(frames(9), watch(9, [3.2, 3.8, 6.4]))
    assert spans(iter_clips(items, Windows(max_s=30, min_s=1), kinds=["video"])) == [
        (0, 3.2),
        (3.2, 6.4),
        (6.4, 9),
    ]


def test_a_shot_too_long_is_cut_but_leaves_no_crumb():
    items = mixed(frames(25.6), watch(25.6, []))
    assert spans(iter_clips(items, Windows(max_s=5, min_s=1), kinds=["video"])) == [
        (0, 5), (5, 10), (10, 15), (15, 20), (20, 25.6),
    ]  # fmt: skip
    items = mixed(frames(10), watch(10, [5.6]))
    assert spans(iter_clips(items, Windows(max_s=5, min_s=1), kinds=["video"])) == [(0, 5.6), (5.6, 10)]


def test_without_watch_frames_clips_have_the_longest_length():
    assert spans(iter_clips(frames(12), Windows(max_s=5, min_s=1))) == [(0, 5), (5, 10), (10, 12)]


def test_sound_alone_makes_clips_without_frames():
    clips = list(iter_clips(sound(5), Windows(window_s=2)))
    assert spans(clips) == [(0, 2), (2, 4), (4, 5)]
    assert all(clip.frames == () and clip.samples is not None for clip in clips)


def test_frames_alone_make_clips_without_samples():
    clips = list(iter_clips(frames(5), Windows(window_s=2)))
    assert spans(clips) == [(0, 2), (2, 4), (4, 5)]
    assert all(clip.samples is None and len(clip.frames) for clip in clips)


def test_a_still_picture_is_one_clip():
    clips = list(iter_clips([Frame(Fraction(0), picture_at(1))]))
    assert len(clips) == 1
    assert len(clips[0].frames) == 1


def test_nothing_gives_no_clip():
    assert list(iter_clips([])) == []


def test_a_clip_keeps_few_frames_evenly_spread():
    items = frames(40, rate_hz=25)
    clips = list(iter_clips(items, Windows(window_s=20, max_frames=4), kinds=["video"]))
    for clip in clips:
        wanted = [float(clip.span.start) + 2.5 + 5 * part for part in range(4)]
        assert [float(frame.time) for frame in clip.frames] == pytest.approx(wanted, abs=0.7)


def test_no_frames_and_no_samples_are_kept_where_none_are_wanted():
    clips = list(
        iter_clips(mixed(frames(4), sound(4)), Windows(window_s=2, max_frames=0, keep_samples=False))
    )
    assert spans(clips) == [(0, 2), (2, 4)]
    assert all(clip.frames == () and clip.samples is None for clip in clips)


def test_a_clip_in_which_no_frame_falls_holds_the_picture_still_on_the_screen():
    """With keyframes only, a keyframe may come every eight seconds."""
    sparse = [Frame(Fraction(0), picture_at(7)), Frame(Fraction(8), picture_at(9))]
    clips = list(iter_clips(mixed(sparse, sound(10)), Windows(window_s=2)))
    assert [[(float(f.time), int(f.picture[0, 0, 0])) for f in clip.frames] for clip in clips] == [
        [(0, 7)], [(2, 7)], [(4, 7)], [(6, 7)], [(8, 9)],
    ]  # fmt: skip


def test_after_the_pictures_have_ended_clips_hold_none():
    clips = list(iter_clips(mixed(frames(4), sound(10)), Windows(window_s=2)))
    assert [len(clip.frames) for clip in clips] == [4, 4, 0, 0, 0]


def test_clips_come_while_the_file_is_still_read():
    given = 0

    def items():
        nonlocal given
        for item in mixed(frames(600), sound(600)):
            given += 1
            yield item

    clips = iter_clips(items(), Windows(window_s=4))
    next(clips)
    assert given < 20


def test_one_kind_alone_is_not_waited_for_when_it_is_known_to_be_alone():
    given = 0

    def items():
        nonlocal given
        for item in frames(600):
            given += 1
            yield item

    next(iter_clips(items(), Windows(window_s=4), kinds=["video"]))
    assert given < 12


def test_a_stream_that_lags_in_the_file_loses_nothing():
    items = frames(60)[:40] + sound(60)[:30] + frames(60)[40:] + sound(60)[30:]
    clips = list(iter_clips(items, Windows(window_s=5)))
    assert [len(clip.samples.values) for clip in clips] == [500] * 12
    assert sum(len(clip.frames) for clip in clips) == 12 * 8


def test_a_leap_of_the_clock_makes_one_clip_not_millions():
    items = mixed(sound(5), sound(5, start=10_000_000))
    clips = list(iter_clips(items, Windows(window_s=2)))
    assert spans(clips) == [
        (0, 2), (2, 4), (4, 5), (5, 10_000_000),
        (10_000_000, 10_000_002), (10_000_002, 10_000_004), (10_000_004, 10_000_005),
    ]  # fmt: skip
    assert clips[3].samples is None
    assert len(clips[4].samples.values) == 200


def test_a_small_leap_of_the_clock_becomes_silence_inside_a_clip():
    clips = list(iter_clips(mixed(sound(1), sound(1, start=3)), Windows(window_s=10)))
    values = clips[0].samples.values
    assert len(values) == 400
    assert (values[100:300] == 0).all()
    assert (values[300:] == np.arange(100)).all()


def test_the_end_of_the_reader_is_the_end_of_the_last_clip():
    class Items(list):
        end = Fraction(29, 10)

    assert spans(iter_clips(Items(frames(3)), Windows(window_s=2))) == [(0, 2), (2, 2.9)]


def test_clips_start_where_the_reading_starts():
    items = frames(4, start=100)
    assert spans(iter_clips(items, Windows(window_s=2), start=Fraction(100))) == [(100, 102), (102, 104)]


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.1, 20),
    st.floats(0.1, 40),
    st.lists(st.floats(0, 20), max_size=8),
    st.floats(0, 3),
    st.floats(3, 12),
    st.booleans(),
)
def test_clips_always_cover_the_file_and_keep_all_its_sound(video_s, audio_s, cuts, min_s, max_s, shots):
    pictures, samples = frames(video_s), sound(audio_s, 0.7)
    items = mixed(pictures, watch(video_s, sorted(cuts)) if shots else [], samples)
    clips = list(iter_clips(items, Windows(min_s=min_s, max_s=max_s, max_frames=100)))
    if not items:
        return
    edges = spans(clips)
    assert edges[0][0] == 0
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    assert all(end - start <= max_s + min_s + 1e-6 for start, end in edges)
    assert all(end - start >= min_s - 1e-6 for start, end in edges[:-1])
    heard = [clip.samples.values for clip in clips if clip.samples is not None]
    assert np.array_equal(np.concatenate(heard) if heard else [], np.arange(round(audio_s * RATE)))
    kept = [frame.time for clip in clips for frame in clip.frames if frame.time in {f.time for f in pictures}]
    assert set(kept) == {frame.time for frame in pictures}
    for clip in clips:
        assert all(clip.span.start <= frame.time < clip.span.end for frame in clip.frames)


def test_wrong_settings_are_refused():
    with pytest.raises(ConfigError, match="window_s is 0"):
        Windows(window_s=0)
    with pytest.raises(ConfigError, match="min_s is 3 and max_s is 2"):
        Windows(min_s=3, max_s=2)
    with pytest.raises(ConfigError, match="max_frames is -1"):
        Windows(max_frames=-1)
