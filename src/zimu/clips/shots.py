"""Where one shot ends and the next begins, from small luma pictures as they come.

A cut is a change that no motion explains: blocks of the picture are compared with their surroundings in the
picture before, the rest is set against the contrast, and must stand out from its neighbours in time and last.
Own method. Its thresholds were set on real clips, where cuts reach 0.75 and more and motion stays under 0.45:
see `bench/shots.py`.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from functools import lru_cache
from math import sqrt

import numpy as np
import numpy.typing as npt

from zimu.streams import Frame

__all__ = ["ShotDetector", "change"]

_Picture = npt.NDArray[np.float32]

# A change of the first size (in the units of `change`) ends a shot if it is the second many times the mean
# change around it: out of a still scene a smaller one is enough.
_CUTS = ((0.5, 2.0), (0.3, 5.0))

# What is around it, in microseconds.
_AROUND_US = 400_000

# How long a flash may last; what is shown longer is a shot, however short.
_FLASH_US = 250_000

# A picture that differs less than this, or less than this share of the change, from one before the change is
# that shot again: what was in between was a flash.
_SAME, _SAME_SHARE = 0.4, 0.6

# Pictures further apart than this are keyframes: motion between them cannot be followed.
_SPARSE_US = 500_000

_REACH_Y, _REACH_X = 2, 4
_BLOCKS_Y, _BLOCKS_X = 3, 6
# Added to the contrast, so that noise on a picture of one colour is no change.
_LEAST_CONTRAST = 8.0


def change(before: _Picture, after: _Picture) -> float:
    """Return how much of a picture no motion explains: 0 the same, about 1 unrelated.

    Args:
        before: float32 [H, W], 0 to 255.
        after: float32 [H, W].
    """
    return _change(before, after, 0.5 * (_spread(before) + _spread(after)) + _LEAST_CONTRAST)


def _spread(picture: _Picture) -> float:
    """Return the standard deviation; a third of the time of NumPy's own, as the pictures are small."""
    values = picture.ravel()
    mean = float(values.sum()) / values.size
    return sqrt(max(0.0, float(values @ values) / values.size - mean * mean))


def _change(before: _Picture, after: _Picture, contrast: float) -> float:
    unmoved = float(np.abs(before - after).sum()) / before.size / contrast
    if unmoved < _CUTS[-1][0]:
        return unmoved  # motion can only explain more
    height, width = before.shape
    high, wide = height // _BLOCKS_Y, width // _BLOCKS_X
    if not high or not wide:
        return unmoved
    rows, columns, blocks = _places(height, width)
    padded = before[rows[:, None], columns]
    down, right = padded.strides
    # The picture before, moved by every row and every second column in reach, as a view.
    moved = np.ndarray(
        (2 * _REACH_Y + 1, _REACH_X + 1, high * _BLOCKS_Y, width),
        np.float32,
        padded,
        strides=(down, 2 * right, down, right),
    )
    rest = moved - after[: high * _BLOCKS_Y]
    np.abs(rest, out=rest)
    # A sum over rows and a product of matrices: five times as fast as a mean over axes that lie apart.
    sums = rest.reshape(-1, _BLOCKS_Y, high, width).sum(axis=2) @ blocks
    return float(sums.min(axis=0).mean() / (high * wide)) / contrast


@lru_cache(maxsize=8)
def _places(height: int, width: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], _Picture]:
    """Return the rows and columns of a picture with its edges repeated, and the block of each column."""
    rows = np.arange(-_REACH_Y, height + _REACH_Y).clip(0, height - 1)
    columns = np.arange(-_REACH_X, width + _REACH_X).clip(0, width - 1)
    wide = width // _BLOCKS_X
    blocks = np.zeros((width, _BLOCKS_X), np.float32)
    inside = np.arange(wide * _BLOCKS_X)
    blocks[inside, inside // wide] = 1
    return rows, columns, blocks


class _Seen:
    """A picture that was seen: what is asked of it many times is worked out once."""

    __slots__ = ("change", "picture", "spread", "time", "us")

    def __init__(self, time: Fraction, picture: _Picture, before: _Seen | None) -> None:
        self.time, self.picture = time, picture
        # Whole numbers compare twenty times as fast as fractions do.
        self.us = round(time * 1_000_000)
        self.spread = _spread(picture)
        self.change = 0.0 if before is None else before.to(self)

    def to(self, after: _Seen) -> float:
        """Return `change` from this picture to another."""
        return _change(self.picture, after.picture, 0.5 * (self.spread + after.spread) + _LEAST_CONTRAST)


class ShotDetector:
    """Takes small luma pictures in order and tells the times at which a new shot starts.

    A cut is told some tenths of a second late, when it is clear that it was no flash.
    """

    def __init__(self) -> None:
        self._seen: deque[_Seen] = deque()
        self._next = 1  # the first picture in `_seen` not decided yet; the very first starts no new shot

    @property
    def settled(self) -> Fraction | None:
        """No cut before this time will be told any more; None before the first picture."""
        if not self._seen:
            return None
        return self._seen[min(self._next, len(self._seen) - 1)].time

    def push(self, frame: Frame) -> list[Fraction]:
        """Return the cuts that are clear now.

        Args:
            frame: A picture uint8 [H, W].
        """
        before = self._seen[-1] if self._seen else None
        if before is not None and frame.time <= before.time:
            return []
        seen = _Seen(frame.time, frame.picture.astype(np.float32), before)
        self._seen.append(seen)
        return self._decide(until=seen.us - _AROUND_US)

    def finish(self) -> list[Fraction]:
        """Return the cuts that are left."""
        return self._decide(until=None)

    def _decide(self, until: int | None) -> list[Fraction]:
        seen, cuts = self._seen, []
        while self._next < len(seen) and (until is None or seen[self._next].us <= until):
            if self._is_cut(self._next):
                cuts.append(seen[self._next].time)
            self._next += 1
        while self._next > 1 and seen[1].us < seen[self._next - 1].us - _AROUND_US:
            seen.popleft()
            self._next -= 1
        return cuts

    def _is_cut(self, index: int) -> bool:
        here, before = self._seen[index], self._seen[index - 1]
        if here.change < _CUTS[-1][0]:
            return False
        if here.us - before.us > _SPARSE_US:
            return here.change >= _CUTS[0][0]
        near = [other for other in self._seen if abs(other.us - here.us) <= _AROUND_US and other is not here]
        around = sum(other.change for other in near) / max(1, len(near))
        if not any(here.change >= size and here.change >= ratio * around for size, ratio in _CUTS):
            return False
        near = [other for other in near if abs(other.us - here.us) <= _FLASH_US]
        same = min(_SAME, _SAME_SHARE * here.change)
        if any(before.to(other) < same for other in near if other.us > here.us):
            return False  # it comes back: `here` is a flash
        return all(other.to(here) >= same for other in near if other.us < here.us)  # a flash is over
