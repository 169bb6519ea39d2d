"""From a seed and an index to the facts of one scene, and the split that it belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from zimu.data.scenes.facts import (
    COLOURS,
    KINDS,
    MOTIONS,
    SHAPES,
    SIZES,
    SOUNDS,
    STILL,
    Facts,
    Noise,
    Thing,
)

__all__ = ["DURATION_S", "SHARES", "draw", "scene_facts", "split_of"]

DURATION_S = 5.0
# A deaf or a blind model is right in full on `seen` or `heard`, so these stay rare; see bench/scenes.py.
SHARES: Mapping[str, float] = {"matched": 0.88, "seen": 0.05, "heard": 0.05, "both": 0.02}
_SLOTS = 8
# (objects that act, sounds): one slot has both, so together they fill the slots.
_CROWDS = ((6, 3), (7, 2))
# Nobody sees these turn.
_ROUND = ("circle", "ring")
_BYSTANDER = 0.2


def draw(seed: int, index: int, part: int) -> np.random.Generator:
    """Return the generator of one part of one scene: 0 facts, 1 pictures, 2 sounds, 3 wording."""
    return np.random.default_rng((seed, index, part))


def scene_facts(seed: int, index: int, shares: Mapping[str, float] = SHARES) -> Facts:
    """Return what happens in scene `index`; it does not depend on any other scene.

    Args:
        seed: The seed of the set, 0 or more.
        index: The place in the set, 0 or more.
        shares: How likely each kind of `KINDS` is; missing kinds do not occur.
    """
    rng = draw(seed, index, 0)
    weights = np.array([shares.get(kind, 0.0) for kind in KINDS])
    kind = KINDS[rng.choice(len(KINDS), p=weights / weights.sum())]
    if kind == "matched":
        return _matched(rng, seed, index)
    start, end = _stretch(rng)
    bystander = [_still(rng)] if rng.random() < (0.5 if kind == "heard" else _BYSTANDER) else []
    things = bystander if kind == "heard" else [_acting(rng, start, end), *bystander]
    sounds = () if kind == "seen" else (Noise(_one(rng, SOUNDS), start, end),)
    thing = None if kind == "heard" else 0
    return Facts(seed, index, kind, tuple(things), sounds, thing, 0 if sounds else None)


def _one(rng: np.random.Generator, names: Sequence[str]) -> str:
    # Ten times as fast as choice(), which makes an array of the names.
    return names[int(rng.integers(len(names)))]


def _matched(rng: np.random.Generator, seed: int, index: int) -> Facts:
    acts, noises = _CROWDS[rng.integers(len(_CROWDS))]
    lengths = rng.uniform(0.9, 1.1, _SLOTS)
    edges = 0.1 + np.concatenate(([0.0], np.cumsum(lengths) / lengths.sum())) * (DURATION_S - 0.2)
    order = rng.permutation(_SLOTS)
    acting, sounding = order[:acts], order[acts - 1 :]
    things = [_acting(rng, edges[slot], edges[slot + 1]) for slot in sorted(acting)]
    names = [SOUNDS[i] for i in rng.permutation(len(SOUNDS))[:noises]]
    sounds = tuple(
        Noise(name, *_inside(rng, edges[slot], edges[slot + 1]))
        for name, slot in zip(names, sorted(sounding), strict=True)
    )
    shared = order[acts - 1]
    thing, sound = sorted(acting).index(shared), sorted(sounding).index(shared)
    if rng.random() < _BYSTANDER:
        things.append(_still(rng))
    return Facts(seed, index, "matched", tuple(things), sounds, thing, sound)


def _stretch(rng: np.random.Generator) -> tuple[float, float]:
    length = rng.uniform(0.6, 2.0)
    start = rng.uniform(0.1, DURATION_S - 0.1 - length)
    return round(float(start), 3), round(float(start + length), 3)


def _inside(rng: np.random.Generator, start: float, end: float) -> tuple[float, float]:
    """A sound leaves a little silence at both ends of its slot."""
    return round(float(start + rng.uniform(0.01, 0.05)), 3), round(float(end - rng.uniform(0.03, 0.07)), 3)


def _acting(rng: np.random.Generator, start: float, end: float) -> Thing:
    shape = _one(rng, SHAPES)
    motion = _one(rng, [m for m in MOTIONS if m != "spin" or shape not in _ROUND])
    return Thing(
        shape,
        _one(rng, COLOURS),
        _one(rng, SIZES),
        motion,
        round(float(start), 3),
        round(float(end), 3),
        round(float(rng.uniform(0.4, 0.6)), 3),
        round(float(rng.uniform(0.4, 0.6)), 3),
    )


def _still(rng: np.random.Generator) -> Thing:
    """A bystander is small, in a corner, and there from beginning to end."""
    x, y = (float(abs(rng.integers(2) - rng.uniform(0.1, 0.16))) for _ in range(2))
    shape, colour = _one(rng, SHAPES), _one(rng, COLOURS)
    return Thing(shape, colour, "small", STILL, 0.0, DURATION_S, round(x, 3), round(y, 3))


def split_of(facts: Facts, val: float, test: float) -> str:
    """Return "train", "val" or "test".

    What a caption says decides, whatever the seed: an object with its size, colour and motion together with
    the sound it acts to is found in one split only, so that nothing in the test part can have been learned by
    heart. Where only the sound counts there are too few things to say for that; there the scene decides.

    Args:
        facts: The scene.
        val: Share of the validation part, 0 to 1.
        test: Share of the test part.
    """
    thing = facts.named_thing
    said = (thing.size, thing.colour, thing.shape, thing.motion) if thing else (facts.seed, facts.index)
    digest = hashlib.blake2b(repr((*said, facts.named_sound)).encode(), digest_size=8).digest()
    place = int.from_bytes(digest, "big") / 2**64
    return "test" if place < test else "val" if place < test + val else "train"
