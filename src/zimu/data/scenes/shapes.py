"""The shapes of objects as signed distances: negative inside, in units of the object's radius."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zimu.data.scenes.motion import Array

__all__ = ["OUTLINES"]


def _triangle(u: Array, v: Array) -> Array:
    return np.maximum(v, 0.866 * np.abs(u) - 0.5 * v) - 0.575


def _star(u: Array, v: Array) -> Array:
    # Fold the plane into one of ten wedges, then take the one straight edge from a tip to a notch.
    tip, notch, wedge = 1.2, 0.5, np.float32(np.pi / 5)
    angle = np.abs((np.arctan2(u, -v) + wedge) % (2 * wedge) - wedge)
    radius = np.hypot(u, v)
    edge_u, edge_v = notch * np.cos(wedge) - tip, notch * np.sin(wedge)
    across: Array = edge_v * (radius * np.cos(angle) - tip) - edge_u * radius * np.sin(angle)
    return across / np.float32(np.hypot(edge_u, edge_v))


def _cross(u: Array, v: Array) -> Array:
    a, b = np.abs(u), np.abs(v)
    out: Array = np.minimum(np.maximum(a - 1.05, b - 0.36), np.maximum(b - 1.05, a - 0.36))
    return out


def _heart(u: Array, v: Array) -> Array:
    # A square on its corner, and a circle on each of its upper sides.
    diamond = (np.abs(u) + np.abs(v - 0.1) - 0.9) / np.float32(np.sqrt(2))
    out: Array = np.minimum(diamond, np.hypot(np.abs(u) - 0.45, v + 0.35) - 0.636)
    return out


def _moon(u: Array, v: Array) -> Array:
    out: Array = np.maximum(np.hypot(u, v) - 1.1, 0.85 - np.hypot(u - 0.55, v))
    return out


# From u (right) and v (down), any shape, to the distance.
OUTLINES: dict[str, Callable[[Array, Array], Array]] = {
    "circle": lambda u, v: np.hypot(u, v) - 1,
    "square": lambda u, v: np.maximum(np.abs(u), np.abs(v)) - 0.85,
    "triangle": _triangle,
    "star": _star,
    "ring": lambda u, v: np.abs(np.hypot(u, v) - 0.8) - 0.28,
    "cross": _cross,
    "heart": _heart,
    "moon": _moon,
}
