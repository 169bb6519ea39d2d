"""How an object moves while it acts: where it is, how large and how turned, at each moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.data.scenes.facts import STILL

__all__ = ["PATHS", "Array"]

Array = npt.NDArray[np.floating[Any]]
# From the phase of the act (0 to 1) and seconds since its start, each [T], to x and y offsets in shares of
# the picture, the scale and the angle in radians, each [T].
_Path = Callable[[Array, Array], tuple[Array, Array, Array, Array]]

_REACH = 0.2  # of the picture, to both sides of the middle
_SCALE = 1.4  # the largest, and the inverse of the smallest, of growing and shrinking
_RADIUS = 0.15
_HOP = 0.3
# Turns a second, hops a second. Slow enough to be told apart at five frames a second: an object that turns by
# 50 degrees between two frames repeats itself for none of the shapes.
_SPIN_RAD = np.deg2rad(250.0)
_LOOP_RAD = np.deg2rad(500.0)
_HOP_HZ = 1.6


def _flat(phase: Array) -> Array:
    return np.zeros_like(phase)


def _along(x: float, y: float) -> _Path:
    def path(phase: Array, _: Array) -> tuple[Array, Array, Array, Array]:
        way = (2 * phase - 1) * np.float32(_REACH)
        return x * way, y * way, _flat(phase) + 1, _flat(phase)

    return path


def _loop(phase: Array, seconds: Array) -> tuple[Array, Array, Array, Array]:
    angle = seconds * np.float32(_LOOP_RAD)
    return _RADIUS * np.cos(angle), _RADIUS * np.sin(angle), _flat(phase) + 1, _flat(phase)


def _bounce(phase: Array, seconds: Array) -> tuple[Array, Array, Array, Array]:
    height = np.abs(np.sin(np.pi * 2 * _HOP_HZ * seconds)) * np.float32(_HOP)
    return _flat(phase), _HOP / 2 - height, _flat(phase) + 1, _flat(phase)


def _scale(first: float, last: float) -> _Path:
    def path(phase: Array, _: Array) -> tuple[Array, Array, Array, Array]:
        return _flat(phase), _flat(phase), first + (last - first) * phase, _flat(phase)

    return path


def _spin(phase: Array, seconds: Array) -> tuple[Array, Array, Array, Array]:
    return _flat(phase), _flat(phase), _flat(phase) + 1, seconds * np.float32(_SPIN_RAD)


PATHS: dict[str, _Path] = {
    STILL: lambda phase, _: (_flat(phase), _flat(phase), _flat(phase) + 1, _flat(phase)),
    "left": _along(-1, 0),
    "right": _along(1, 0),
    "up": _along(0, -1),
    "down": _along(0, 1),
    "loop": _loop,
    "bounce": _bounce,
    "grow": _scale(1 / _SCALE, _SCALE),
    "shrink": _scale(_SCALE, 1 / _SCALE),
    "spin": _spin,
}
