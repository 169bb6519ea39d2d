"""Textures that drift behind the objects, as a height of 0 to 1 at each pixel of each picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from zimu.data.scenes.motion import Array

__all__ = ["TEXTURES", "draw_background"]

_TAU = np.float32(2 * np.pi)
_TILE, _SIDE = 128, 96  # of the clouds: pixels of the tile, and how many of them the picture shows
# The objects' colours are strong; the ground keeps to dull ones of middle brightness.
_DULL = (70.0, 180.0)
_TINT = 22.0


def _clouds(rng: np.random.Generator, t: Array, y: Array, x: Array) -> Array:
    frequency = np.hypot(np.fft.fftfreq(_TILE)[:, None], np.fft.rfftfreq(_TILE)[None])
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.standard_normal((_TILE, _TILE))) / frequency ** rng.uniform(1.0, 1.8)
    tile = np.fft.irfft2(spectrum, (_TILE, _TILE)).astype(np.float32)
    tile = 0.5 + tile / (4 * tile.std())
    speed = rng.uniform(-1.0, 1.0, 2) * _TILE / 4
    rows = (y.ravel() * _SIDE + t.reshape(-1, 1) * speed[0]).astype(np.intp) % _TILE
    columns = (x.ravel() * _SIDE + t.reshape(-1, 1) * speed[1]).astype(np.intp) % _TILE
    heights: Array = tile[rows[:, :, None], columns[:, None, :]]
    return heights


def _stripes(rng: np.random.Generator, t: Array, y: Array, x: Array) -> Array:
    angle, count, drift = rng.uniform(0, np.pi), rng.uniform(2, 7), rng.uniform(-0.8, 0.8)
    across = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
    wave = np.sin(_TAU * np.float32(count) * across + _TAU * np.float32(drift) * t)
    hard: Array = np.clip(wave * np.float32(rng.uniform(0.8, 3.0)), -1, 1)
    return 0.5 + 0.5 * hard


def _gradient(rng: np.random.Generator, t: Array, y: Array, x: Array) -> Array:
    angle = rng.uniform(0, 2 * np.pi) + rng.uniform(-0.5, 0.5) * t
    along: Array = np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)
    return 0.5 + 0.7 * along


def _plasma(rng: np.random.Generator, t: Array, y: Array, x: Array) -> Array:
    a, b, c = (np.float32(v) for v in rng.uniform(1.0, 3.0, 3))
    p, q, r = (np.float32(v) for v in rng.uniform(-0.5, 0.5, 3))
    wave: Array = np.sin(_TAU * (a * x + p * t)) + np.sin(_TAU * (b * y + q * t))
    return 0.5 + (wave + np.sin(_TAU * (c * (x + y) + r * t))) / 6


def _checks(rng: np.random.Generator, t: Array, y: Array, x: Array) -> Array:
    count = np.float32(rng.uniform(1.5, 4.0))
    p, q = (np.float32(v) for v in rng.uniform(-0.15, 0.15, 2))
    wave = np.sin(_TAU * count * (x + p * t)) * np.sin(_TAU * count * (y + q * t))
    hard: Array = np.clip(5 * wave, -1, 1)
    return 0.5 + 0.5 * hard


# From a generator and t in seconds [T, 1, 1], y [1, H, 1] and x [1, 1, W] in shares to heights [T, H, W].
TEXTURES: dict[str, Callable[[np.random.Generator, Array, Array, Array], Array]] = {
    "clouds": _clouds,
    "stripes": _stripes,
    "gradient": _gradient,
    "plasma": _plasma,
    "checks": _checks,
}


def draw_background(rng: np.random.Generator, times: Array, size: int) -> npt.NDArray[np.uint8]:
    """Return a texture in two dull colours that drifts.

    Args:
        rng: Chooses texture, colours and drift.
        times: Seconds [T].
        size: Pixels in height and width.

    Returns:
        uint8 [T, size, size, 3].
    """
    places = (np.arange(size, dtype=np.float32) + 0.5) / size
    name = list(TEXTURES)[rng.integers(len(TEXTURES))]
    heights = TEXTURES[name](rng, times[:, None, None], places[None, :, None], places[None, None, :])
    middle, spread = rng.uniform(*_DULL), rng.uniform(12, 40)
    ends = [middle + side * spread + rng.uniform(-_TINT, _TINT, 3) for side in (-1, 1)]
    steps = np.linspace(0, 1, 256)[:, None]
    ramp = np.clip(ends[0] * (1 - steps) + ends[1] * steps, 30, 225).astype(np.uint8)
    grain = rng.normal(0, rng.uniform(0, 8), (size, size)).astype(np.float32)
    levels = np.clip(heights * np.float32(255) + grain, 0, 255).astype(np.uint8)
    pictures: npt.NDArray[np.uint8] = np.take(ramp, levels, axis=0)
    return pictures
