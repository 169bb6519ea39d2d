from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from zimu.data.scenes import COLOURS, FRAME_HZ, FRAME_SIZE, MOTIONS, SHAPES, Facts, Thing, scene_arrays
from zimu.data.scenes.backgrounds import TEXTURES, draw_background
from zimu.data.scenes.pictures import draw_frames


def _frames(**thing: object) -> np.ndarray:
    wanted = {"shape": "heart", "colour": "red", "size": "big", "motion": "left", "x": 0.5, "y": 0.5} | thing
    facts = Facts(0, 0, "seen", (Thing(start=1.0, end=2.0, **wanted),), (), 0, None)  # type: ignore[arg-type]
    return draw_frames(facts, np.random.default_rng(0))


def _masks(**thing: object) -> np.ndarray:
    """Where a red object is, bool [T, H, W]."""
    red, green, blue = np.moveaxis(_frames(**thing).astype(int), -1, 0)
    return (red > 170) & (green < 70) & (blue < 70)


def _middles(masks: np.ndarray) -> np.ndarray:
    """The x and y of each mask's middle, [T, 2]."""
    return np.array([np.argwhere(mask).mean(0)[::-1] for mask in masks[10:20]])


def test_frames_are_the_same_each_time_and_of_the_stated_size() -> None:
    first, second = scene_arrays(0, 5)[0], scene_arrays(0, 5)[0]
    assert np.array_equal(first, second)
    assert first.shape == (50, FRAME_SIZE, FRAME_SIZE, 3)
    assert first.dtype == np.uint8


def test_an_object_is_seen_while_it_acts_and_not_before_or_after() -> None:
    present = _masks().any((1, 2))
    assert np.flatnonzero(present).tolist() == list(range(FRAME_HZ, 2 * FRAME_HZ))


@pytest.mark.parametrize(
    ("motion", "axis", "sign"), [("left", 0, -1), ("right", 0, 1), ("up", 1, -1), ("down", 1, 1)]
)
def test_an_object_moves_the_way_its_motion_says(motion: str, axis: int, sign: int) -> None:
    steps = np.diff(_middles(_masks(motion=motion)), axis=0)
    assert (sign * steps[:, axis] > 1).all()
    assert np.abs(steps[:, 1 - axis]).max() < 1


def test_an_object_grows_and_shrinks() -> None:
    for motion, sign in (("grow", 1), ("shrink", -1)):
        area = _masks(motion=motion, shape="circle").sum((1, 2))[10:20]
        assert (sign * np.diff(area) > 0).all()
        assert max(area) / min(area) > 2.5


def test_an_object_bounces_loops_and_spins() -> None:
    bounce = np.diff(_middles(_masks(motion="bounce"))[:, 1])
    assert np.sum(np.diff(np.sign(bounce)) != 0) >= 4
    loop = _middles(_masks(motion="loop"))
    assert (np.ptp(loop, axis=0) > 20).all()
    spin = _masks(motion="spin")[10:20]
    assert np.ptp(_middles(_masks(motion="spin")), axis=0).max() < 8
    assert all((a ^ b).sum() > 0.1 * a.sum() for a, b in zip(spin, spin[2:], strict=False))


def test_a_small_object_stays_smaller_than_a_big_one_whatever_it_does() -> None:
    for motion in set(MOTIONS) - {"spin"}:
        big, small = (_masks(motion=motion, size=s).sum((1, 2))[10:20].mean() for s in ("big", "small"))
        assert big > 2.2 * small


@pytest.mark.parametrize("size", ["small", "big"])
def test_shapes_differ(size: str) -> None:
    masks = {shape: _masks(shape=shape, motion="still", size=size)[12] for shape in SHAPES}
    for a, b in combinations(SHAPES, 2):
        assert (masks[a] & masks[b]).sum() / (masks[a] | masks[b]).sum() < 0.88, (a, b)


def test_colours_differ_from_each_other_and_from_every_ground() -> None:
    inside = {colour: _frames(colour=colour, motion="still")[12, 48, 48].astype(float) for colour in COLOURS}
    for a, b in combinations(COLOURS, 2):
        assert np.linalg.norm(inside[a] - inside[b]) > 75, (a, b)
    for seed in range(40):
        ground = draw_background(np.random.default_rng(seed), np.zeros(1), 32).reshape(-1, 3).astype(float)
        chroma = np.ptp(ground, axis=1).max()
        assert chroma < 60
        assert ground.min() >= 30
        assert ground.max() <= 225


@pytest.mark.parametrize("name", sorted(TEXTURES))
def test_grounds_have_a_texture_and_drift(name: str) -> None:
    times = np.arange(20, dtype=np.float32)[:, None, None] / 10
    places = np.linspace(0, 1, 32, dtype=np.float32)
    heights = TEXTURES[name](np.random.default_rng(3), times, places[None, :, None], places[None, None, :])
    assert heights.shape == (20, 32, 32)
    assert heights[0].std() > 0.05
    assert np.abs(heights[-1] - heights[0]).mean() > 0.02


def test_what_acts_is_drawn_over_what_stands_still() -> None:
    still = Thing("square", "blue", "big", "still", 0.0, 5.0, 0.5, 0.5)
    actor = Thing("circle", "red", "small", "spin", 1.0, 2.0, 0.5, 0.5)
    frames = draw_frames(Facts(0, 0, "seen", (actor, still), (), 0, None), np.random.default_rng(0))
    assert frames[5, 48, 48, 2] > 150
    assert frames[15, 48, 48, 0] > 150
