"""The pictures of a scene: objects with antialiased edges on a drifting texture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from zimu.data.scenes.backgrounds import draw_background
from zimu.data.scenes.facts import Facts, Thing
from zimu.data.scenes.motion import PATHS, Array
from zimu.data.scenes.plan import DURATION_S
from zimu.data.scenes.shapes import OUTLINES

__all__ = ["FRAME_HZ", "FRAME_SIZE", "draw_frames"]

FRAME_SIZE = 96
FRAME_HZ = 10
_RADII = {"small": 0.11, "big": 0.2}  # of the picture's width
_COLOURS = {
    "red": (215, 25, 30),
    "orange": (250, 135, 0),
    "yellow": (250, 235, 40),
    "green": (20, 150, 45),
    "blue": (25, 60, 225),
    "purple": (145, 25, 175),
    "white": (248, 248, 248),
    "black": (14, 14, 14),
}
_BORDER_PIXELS = 1.3
_DARK, _LIGHT = 25.0, 230.0
# No outline reaches further than this, in radii.
_EXTENT = 1.25


def draw_frames(facts: Facts, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Return the pictures of a scene.

    Args:
        facts: What happens.
        rng: Chooses what the captions do not say: the ground, the exact colours.

    Returns:
        uint8 [50, 96, 96, 3], ten pictures a second, the first at time 0.
    """
    times = np.arange(round(DURATION_S * FRAME_HZ), dtype=np.float32) / np.float32(FRAME_HZ)
    frames = draw_background(rng, times, FRAME_SIZE)
    # Bystanders, who are there from the start, come first: what acts is never hidden by what does not.
    for thing in sorted(facts.things, key=lambda thing: thing.start):
        _draw_thing(frames, times, thing, rng)
    return frames


def _draw_thing(frames: npt.NDArray[np.uint8], times: Array, thing: Thing, rng: np.random.Generator) -> None:
    """Draw one object into `frames` [T, H, W, 3], in place."""
    seen = np.flatnonzero((times >= thing.start) & (times < thing.end))
    seconds = times[seen] - np.float32(thing.start)
    x, y, scale, angle = PATHS[thing.motion](seconds / np.float32(thing.end - thing.start), seconds)
    radius = FRAME_SIZE * _RADII[thing.size] * scale * rng.uniform(0.92, 1.08)
    angle = angle * rng.choice((-1, 1)) + rng.uniform(-0.15, 0.15)
    colour = np.clip(np.array(_COLOURS[thing.colour]) + rng.uniform(-14, 14, 3), 0, 255).astype(np.float32)
    border = np.float32(_LIGHT if thing.colour == "black" else _DARK)
    left, top, fill, edge = _cover(
        thing.shape, FRAME_SIZE * (thing.x + x), FRAME_SIZE * (thing.y + y), radius, angle
    )
    for step, place in enumerate(seen):
        rows, columns = (_inside(int(first[step]), fill.shape[1]) for first in (top, left))
        box = frames[place, rows[0], columns[0]]
        outer, inner = (part[step, rows[1], columns[1], None] for part in (edge, fill))
        box[:] = (box * (1 - outer) + border * outer) * (1 - inner) + colour * inner


def _inside(first: int, side: int) -> tuple[slice, slice]:
    """Return the part of the picture that a box covers along one axis, and that part of the box."""
    start, stop = max(0, first), min(FRAME_SIZE, first + side)
    return slice(start, stop), slice(start - first, stop - first)


def _cover(
    shape: str, x: Array, y: Array, radius: Array, angle: Array
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Array, Array]:
    """Return how far an object covers each pixel of a box around it, at T moments.

    Args:
        shape: A name of `OUTLINES`.
        x: Middle in pixels [T], and so y.
        radius: Pixels [T].
        angle: Radians [T].

    Returns:
        The box's left and top pixel, each [T]; the cover by the object, and by the object with its border, 0
        to 1, each [T, side, side].
    """
    reach = float(radius.max(initial=0)) * _EXTENT + _BORDER_PIXELS + 1
    side = 2 * int(np.ceil(reach)) + 1
    left, top = (np.floor(middle - side / 2).astype(np.intp) for middle in (x, y))
    steps = np.arange(side, dtype=np.float32) + np.float32(0.5)
    size = radius.astype(np.float32)[:, None, None]
    u = (steps[None, None, :] + (left - x).astype(np.float32)[:, None, None]) / size
    v = (steps[None, :, None] + (top - y).astype(np.float32)[:, None, None]) / size
    turn = angle.astype(np.float32)[:, None, None]
    cos, sin = np.cos(turn), np.sin(turn)
    pixels = OUTLINES[shape](cos * u + sin * v, cos * v - sin * u) * size
    return left, top, np.clip(0.5 - pixels, 0, 1), np.clip(0.5 + np.float32(_BORDER_PIXELS) - pixels, 0, 1)
