"""Keeping few of many frames, evenly spread, without ever holding them all."""

from __future__ import annotations

from fractions import Fraction

from zimu.streams import Frame

__all__ = ["FrameKeeper"]


class FrameKeeper:
    """Keeps at most a number of frames, evenly spread over the time they come from.

    It holds up to four times as many: when full, it drops every other one and from then on takes only every
    second, fourth, ... frame.

    Args:
        most: Frames that are kept in the end.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: list[Frame] = []
        self._stride = 1
        self._count = 0

    def add(self, frame: Frame) -> None:
        """Take the next frame in time."""
        if self._count % self._stride == 0:
            self._kept.append(frame)
            if len(self._kept) > 4 * self._most:
                del self._kept[1::2]
                self._stride *= 2
        self._count += 1

    def frames(self, start: Fraction, end: Fraction) -> tuple[Frame, ...]:
        """Return the frames nearest to the middles of equal parts of the span, each at most once."""
        if len(self._kept) <= self._most:
            return tuple(self._kept)
        part = (end - start) / self._most
        left = list(self._kept)
        chosen = []
        for index in range(self._most):
            middle = start + (index + Fraction(1, 2)) * part
            # Enough must stay for the parts to come.
            reachable = left[: len(left) - (self._most - index - 1)]
            best = min(range(len(reachable)), key=lambda at: abs(reachable[at].time - middle))
            chosen.append(left[best])
            del left[: best + 1]
        return tuple(chosen)
