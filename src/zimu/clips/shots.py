"""Where one shot ends and the next begins, from small luma pictures as they come.

A cut is a change that no motion explains: blocks of the picture are compared with their surroundings in the
picture before, the rest is set against the contrast, and must stand out from its neighbours in time and last.
Own method. Its thresholds were set on real clips, where cuts reach 0.75 and more and motion stays under 0.45:
see `bench/shots.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from zimu.streams import Frame

__all__ = ["ShotDetector", "change"]

_Picture = npt.NDArray[np.float32]

# A change of the first size (in the units of `change`) ends a shot if it is the second many times the mean
# change around it: out of a still scene a smaller one is enough.
_CUTS = ((0.5, 2.0), (0.3, 5.0))

# What is around it, in seconds.
_AROUND_S = Fraction(2, 5)

# How long a flash may last, in seconds; what is shown longer is a shot, however short.
_FLASH_S = Fraction(1, 4)

# A picture that differs less than this, or less than this share of the change, from one before the change is
# that shot again: what was in between was a flash.
_SAME, _SAME_SHARE = 0.4, 0.6

# Pictures further apart than this are keyframes: motion between them cannot be followed.
_SPARSE_S = Fraction(1, 2)

_REACH_Y, _REACH_X = 2, 4
_BLOCKS_Y, _BLOCKS_X = 3, 6


def change(before: _Picture, after: _Picture) -> float:
    """Return how much of a picture no motion explains: 0 the same, about 1 unrelated.

    Args:
        before: float32 [H, W], 0 to 255.
        after: float32 [H, W].
    """
    contrast = 0.5 * float(before.std() + after.std()) + 8.0
    unmoved = float(np.abs(before - after).mean()) / contrast
    if unmoved < _CUTS[-1][0]:
        return unmoved  # motion can only explain more
    height, width = before.shape
    high, wide = height // _BLOCKS_Y, width // _BLOCKS_X
    if not high or not wide:
        return unmoved
    padded = np.pad(before, ((_REACH_Y, _REACH_Y), (_REACH_X, _REACH_X)), mode="edge")
    moved = np.lib.stride_tricks.sliding_window_view(padded, before.shape)[:, ::2]
    rest = np.abs(moved - after)[:, :, : high * _BLOCKS_Y, : wide * _BLOCKS_X]
    blocks = rest.reshape(-1, _BLOCKS_Y, high, _BLOCKS_X, wide).mean(axis=(2, 4))
    return float(blocks.min(axis=0).mean()) / contrast


@dataclass(slots=True)
class _Seen:
    time: Fraction
    picture: _Picture
    change: float


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
        picture = frame.picture.astype(np.float32)
        if self._seen and frame.time <= self._seen[-1].time:
            return []
        rest = change(self._seen[-1].picture, picture) if self._seen else 0.0
        self._seen.append(_Seen(frame.time, picture, rest))
        return list(self._decide(until=frame.time - _AROUND_S))

    def finish(self) -> list[Fraction]:
        """Return the cuts that are left."""
        return list(self._decide(until=None))

    def _decide(self, until: Fraction | None) -> Iterator[Fraction]:
        while self._next < len(self._seen) and (until is None or self._seen[self._next].time <= until):
            if self._is_cut(self._next):
                yield self._seen[self._next].time
            self._next += 1
        while self._next > 1 and self._seen[1].time < self._seen[self._next - 1].time - _AROUND_S:
            self._seen.popleft()
            self._next -= 1

    def _is_cut(self, index: int) -> bool:
        here = self._seen[index]
        if here.change < _CUTS[-1][0]:
            return False
        if here.time - self._seen[index - 1].time > _SPARSE_S:
            return here.change >= _CUTS[0][0]
        near = [other for other in self._seen if abs(other.time - here.time) <= _AROUND_S]
        around = float(np.mean([other.change for other in near if other is not here] or [0.0]))
        if not any(here.change >= size and here.change >= ratio * around for size, ratio in _CUTS):
            return False
        near = [other for other in near if abs(other.time - here.time) <= _FLASH_S]
        before = [other for other in near if other.time < here.time]
        after = [other for other in near if other.time > here.time]
        same = min(_SAME, _SAME_SHARE * here.change)
        if any(change(self._seen[index - 1].picture, other.picture) < same for other in after):
            return False  # it comes back: `here` is a flash
        return all(change(other.picture, here.picture) >= same for other in before)  # a flash is over
