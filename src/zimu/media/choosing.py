"""Which frames are taken: by time, never by counting, so that a variable frame rate just works."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from typing import Generic, TypeVar

from zimu.timing import to_seconds

__all__ = ["MAX_HOLD_S", "Chooser"]

T = TypeVar("T")

# A picture that stays longer than this is not repeated any further: a broken time stamp may claim years.
MAX_HOLD_S = 600


class Chooser(Generic[T]):
    """Yields the frame that is on the screen at each moment of a regular grid.

    The grid starts at `start`, or at the first frame if that comes later. Without a rate every frame is taken
    at its own time. With `once` a frame is never repeated: it is taken at its own time if a step of the grid
    has passed since the last one taken.

    Args:
        rate_hz: Moments a second, or None for every frame.
        start: First second wanted.
        end: First second not wanted any more, or None.
        once: Never repeat a frame.
    """

    def __init__(
        self, rate_hz: float | None, *, start: Fraction | None, end: Fraction | None, once: bool = False
    ) -> None:
        self._step = None if rate_hz is None else 1 / to_seconds(rate_hz)
        self._start = start
        self._end = end
        self._once = once
        self._held: tuple[Fraction, T] | None = None
        self._anchor: Fraction | None = None
        self._taken = 0

    def push(self, time: Fraction, frame: T) -> Iterator[tuple[Fraction, T]]:
        """Take the next frame; yield what is known to be chosen now, as (moment, frame)."""
        if self._step is None or self._once:
            yield from self._push_own_time(time, frame)
            return
        if self._held is not None:
            if time <= self._held[0]:
                return
            yield from self._moments_before(time)
        self._held = (time, frame)

    def finish(self, end: Fraction) -> Iterator[tuple[Fraction, T]]:
        """Yield the moments left for the last frame, which stays on the screen until `end`."""
        if self._held is not None:
            yield from self._moments_before(max(end, self._held[0] + Fraction(1, 1_000_000)))
            self._held = None

    def _push_own_time(self, time: Fraction, frame: T) -> Iterator[tuple[Fraction, T]]:
        if (self._start is not None and time < self._start) or (self._end is not None and time >= self._end):
            return
        if self._step is not None:
            if self._anchor is not None and time < self._anchor + self._step:
                return
            self._anchor = time
        yield time, frame

    def _moments_before(self, time: Fraction) -> Iterator[tuple[Fraction, T]]:
        assert self._held is not None and self._step is not None
        since, frame = self._held
        if self._end is not None:
            time = min(time, self._end)
        if self._anchor is None:
            anchor = since if self._start is None else max(since, self._start)
            if anchor >= time:
                return
            self._anchor = anchor
        last = min(time, since + MAX_HOLD_S)
        while (moment := self._anchor + self._taken * self._step) < last:
            yield moment, frame
            self._taken += 1
        if time > last:
            self._taken = ceil((time - self._anchor) / self._step)
