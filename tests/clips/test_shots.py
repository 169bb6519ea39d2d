from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest

from zimu.clips.shots import ShotDetector, change
from zimu.media.reader import iter_media
from zimu.media.requests import WATCH
from zimu.streams import Frame

HEIGHT, WIDTH = 27, 48


@lru_cache(maxsize=128)
def scene(seed: int, height: int = 54, width: int = 96) -> np.ndarray:
    """A large textured picture: smooth shapes of several sizes, so that a window of it can move."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    out = np.full((height, width), rng.uniform(60, 180))
    for _ in range(12):
        cy, cx, r = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(3, 16)
        out = np.where((y - cy) ** 2 + (x - cx) ** 2 < r * r, rng.uniform(0, 255), out)
    return out


def view(picture: np.ndarray, top: float = 10, left: float = 10, noise: int = 0) -> np.ndarray:
    top, left = round(top), round(left)
    rng = np.random.default_rng(noise)
    cut = picture[top : top + HEIGHT, left : left + WIDTH]
    return np.uint8(np.clip(cut + rng.normal(0, 3, cut.shape), 0, 255))


def cuts_of(pictures: list[np.ndarray], rate_hz: int = 25) -> list[int]:
    """Return the numbers of the pictures that start a shot."""
    detector = ShotDetector()
    found: list[Fraction] = []
    for number, picture in enumerate(pictures):
        found += detector.push(Frame(Fraction(number, rate_hz), picture))
    return [round(time * rate_hz) for time in found + detector.finish()]


def still(seed: int, count: int) -> list[np.ndarray]:
    return [view(scene(seed), noise=seed * 1000 + number) for number in range(count)]


def test_every_hard_cut_is_found_at_its_frame():
    seeds = [seed for seed in range(70) if view(scene(seed)).std() > 15]  # a blank wall has nothing to see
    pictures = [picture for seed in seeds for picture in still(seed, 14)]
    assert len(seeds) > 60
    assert cuts_of(pictures) == [14 * number for number in range(1, len(seeds))]


def test_a_cut_near_the_end_is_found():
    assert cuts_of(still(1, 30) + still(2, 2)) == [30]


def test_a_still_scene_with_noise_has_no_cut():
    assert cuts_of(still(3, 200)) == []


@pytest.mark.parametrize("seed", range(8))
def test_a_fast_pan_is_no_cut(seed):
    big = scene(seed, 60, 400)
    assert cuts_of([view(big, 10, 3.5 * number, noise=number) for number in range(90)]) == []


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_flash_is_no_cut(length):
    pictures = still(4, 75)
    for number in (20, 40, 60):
        for flash in range(number, number + length):
            pictures[flash] = np.uint8(np.clip(pictures[flash] * 0.3 + 180, 0, 255))
    assert cuts_of(pictures) == []
    white = list(pictures)
    white[30] = np.full((HEIGHT, WIDTH), 255, np.uint8)
    assert cuts_of(white) == []


def test_a_slow_fade_has_no_hard_cut():
    picture = view(scene(5)).astype(float)
    assert cuts_of([np.uint8(picture * (1 - number / 60)) for number in range(60)]) == []


def test_an_object_that_crosses_the_picture_is_no_cut():
    background = view(scene(6)).astype(float)
    pictures = []
    for number in range(40):
        picture = background.copy()
        picture[5:22, max(0, 4 * number - 20) : max(0, 4 * number)] = 250
        pictures.append(np.uint8(picture))
    assert cuts_of(pictures) == []


def test_a_shot_of_a_third_of_a_second_is_a_shot():
    assert cuts_of(still(1, 25) + still(2, 9) + still(1, 25)) == [25, 34]


def test_a_cut_out_of_fast_motion_is_found():
    big = scene(7, 60, 400)
    pan = [view(big, 10, 3 * number, noise=number) for number in range(50)]
    assert cuts_of(pan + still(8, 30)) == [50]


def test_keyframes_far_apart_are_compared_as_they_are():
    assert cuts_of([view(scene(seed)) for seed in (1, 1, 1, 2, 2, 3)], rate_hz=1) == [3, 5]


def test_change_is_nought_for_the_same_picture_and_about_one_for_unrelated_ones():
    pictures = [view(scene(seed)).astype(np.float32) for seed in range(20)]
    assert max(change(picture, picture) for picture in pictures) == 0
    unrelated = [change(one, other) for one, other in pairwise(pictures)]
    assert 0.6 < np.mean(unrelated) < 1.4


def test_memory_does_not_grow_with_the_video():
    detector, shots = ShotDetector(), [still(seed, 30) for seed in range(3)]
    for number in range(800):
        detector.push(Frame(Fraction(number, 25), shots[number // 30 % 3][number % 30]))
    assert len(detector._seen) < 60


def test_cuts_of_a_real_encoded_video_are_found_to_the_frame(make_video, tmp_path):
    """Watch frames come 12.5 times a second; around a change every frame is watched."""
    size, lengths = (160, 90), [1.04, 1.44, 0.92, 1.6]
    starts = np.cumsum([0, *lengths])

    def picture(time: float) -> np.ndarray:
        shot = int(np.searchsorted(starts, time + 1e-6, side="right")) - 1
        big = np.kron(scene(shot + 20, 54, 96), np.ones((3, 3)))
        moved = big[20:110, 10 + round(8 * time) : 170 + round(8 * time)]
        return np.repeat(np.uint8(moved)[:, :, None], 3, axis=2)

    path = make_video(tmp_path / "a.mp4", 5, size, picture=picture, sound=None)
    detector, cuts = ShotDetector(), []
    for frame in iter_media(path, frames=None, samples=None, watch=WATCH):
        cuts += detector.push(frame)
    cuts += detector.finish()
    assert [float(cut) for cut in cuts] == pytest.approx(list(starts[1:4]))


def test_real_clips_joined_at_random_are_cut_where_they_were_joined(shared):
    """The thresholds were set on these clips; here they guard against a change for the worse."""
    names = ["msvd_vid1025", "msvd_vid184", "msvd_vid355", "msvd_vid728", "msvd_vid914", "msvd_vid1712"]
    shots = []
    for name in names:
        path = shared / "caption_videos" / "clips" / f"{name}.mp4"
        shots.append([f.picture for f in iter_media(path, frames=None, samples=None, watch=WATCH, end=3)])
    rng, pictures, joins = np.random.default_rng(0), [], []
    order = [shot for _ in range(4) for shot in rng.permutation(len(shots))]
    for before, shot in zip([None, *order], order, strict=False):
        if before == shot:
            continue
        joins.append(len(pictures))
        pictures += shots[shot][: rng.integers(10, 35)]
    found = cuts_of(pictures, rate_hz=12)
    assert set(found) <= set(joins)
    assert len(found) >= 0.95 * (len(joins) - 1)
