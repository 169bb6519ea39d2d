"""The one clock of a file: time stamps of its streams to seconds from its start."""

from __future__ import annotations

from fractions import Fraction

from zimu.timing import seconds_from_pts

__all__ = ["Clock", "Timeline"]

# Time stamps that fall back by more than this have been reset, as where recordings were joined ...
_RESET_S = 1

# ... if so many frames in a row say so: a single one is a glitch.
_FRAMES_OF_A_RESET = 3

# Streams that were reset together agree to within this.
_TOGETHER_S = 10


class Timeline:
    """What the streams of a file share: where zero is, and by how much resets of time stamps are made good.

    Args:
        origin: The file's zero in its own seconds.
    """

    def __init__(self, origin: Fraction) -> None:
        self.origin = origin
        self.end = Fraction(0)
        self._shifts: list[Fraction] = []

    def shift_after_reset(self, stamp: Fraction, expected: Fraction) -> Fraction:
        """Return what to add to time stamps after a reset; the stream that meets it first decides for all.

        Args:
            stamp: The first time stamp after the reset, in seconds.
            expected: Where the stream was before.
        """
        for shift in reversed(self._shifts):
            if abs(stamp + shift - expected) < _TOGETHER_S:
                return shift
        self._shifts.append(self.end - stamp)
        return self._shifts[-1]


class Clock:
    """Times of one stream's frames; a missing stamp continues from the last.

    Args:
        time_base: Seconds a tick.
        timeline: Shared by the streams of the file.

    Attributes:
        end: Seconds from the start of the file to the end of the last frame.
    """

    def __init__(self, time_base: Fraction | None, timeline: Timeline) -> None:
        self._time_base = time_base or Fraction(1, 1000)
        self._timeline = timeline
        self._shift = Fraction(0)
        self._behind = 0
        self._next = Fraction(0)
        self.end = Fraction(0)

    def of(self, pts: int) -> Fraction:
        """Return the seconds of a time stamp."""
        return seconds_from_pts(pts, self._time_base) - self._timeline.origin + self._shift

    def time(self, pts: int | None, duration: Fraction) -> Fraction | None:
        """Return when the next frame in presentation order starts, or None for one to be left out.

        Args:
            pts: Its time stamp, or None.
            duration: Seconds.
        """
        time = self._next if pts is None else self.of(pts)
        if time < self._next - _RESET_S:
            self._behind += 1
            if self._behind < _FRAMES_OF_A_RESET:
                return None
            stamp = time - self._shift
            self._shift = self._timeline.shift_after_reset(stamp, self._next)
            time = stamp + self._shift
        self._behind = 0
        self._next = max(self._next, time + duration)
        self._reach(self._next)
        return time

    def pass_over(self, pts: int, duration: Fraction) -> None:
        """Note a frame that is not decoded."""
        self._reach(self.of(pts) + duration)

    def _reach(self, end: Fraction) -> None:
        self.end = max(self.end, end)
        self._timeline.end = max(self._timeline.end, end)
