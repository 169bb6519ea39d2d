"""The one clock of a file: time stamps of its streams to seconds from its start."""

from __future__ import annotations

from fractions import Fraction
from math import lcm

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
        self.clocks: list[Clock] = []
        self._shifts: list[Fraction] = []

    @property
    def end(self) -> Fraction:
        """Seconds from the start of the file to the end of the last frame of any stream."""
        return max((clock.end for clock in self.clocks), default=Fraction(0))

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

    Exact fractions are slow, and there are thousands of frames a minute: what each frame needs is done with
    few of them, and the end is worked out only when somebody asks for it.

    Args:
        time_base: Seconds a tick.
        timeline: Shared by the streams of the file.
    """

    def __init__(self, time_base: Fraction | None, timeline: Timeline) -> None:
        self._time_base = time_base or Fraction(1, 1000)
        self._timeline = timeline
        self._shift = Fraction(0)
        self._behind = 0
        self._next = Fraction(0)
        self._passed: tuple[int, Fraction] | None = None
        self._end = Fraction(0)
        timeline.clocks.append(self)
        self._set_zero()

    @property
    def end(self) -> Fraction:
        """Seconds from the start of the file to the end of the last frame."""
        if self._passed is not None:
            pts, duration = self._passed
            self._end = max(self._end, self.of(pts) + duration)
            self._passed = None
        return max(self._end, self._next)

    def of(self, pts: int) -> Fraction:
        """Return the seconds of a time stamp."""
        return Fraction(pts * self._factor + self._offset, self._denominator)

    def time(self, pts: int | None, duration: Fraction) -> Fraction | None:
        """Return when the next frame in presentation order starts, or None for one to be left out.

        Args:
            pts: Its time stamp, or None.
            duration: Seconds.
        """
        time = self._next if pts is None else self.of(pts)
        if time < self._next:
            if time < self._next - _RESET_S:
                self._behind += 1
                if self._behind < _FRAMES_OF_A_RESET:
                    return None
                time = self._reset(time)
            self._next = max(self._next, time + duration)
        else:
            self._next = time + duration
        self._behind = 0
        return time

    def pass_over(self, pts: int, duration: Fraction) -> None:
        """Note a frame that is not decoded; all such frames of a stream last equally long."""
        if self._passed is None or pts > self._passed[0]:
            self._passed = pts, duration

    def _reset(self, time: Fraction) -> Fraction:
        stamp = time - self._shift
        self._end = self.end  # what was passed over was so before the reset
        self._shift = self._timeline.shift_after_reset(stamp, self._next)
        self._set_zero()
        return stamp + self._shift

    def _set_zero(self) -> None:
        """Write `pts * time_base - origin + shift` over one denominator."""
        zero = self._shift - self._timeline.origin
        self._denominator = lcm(self._time_base.denominator, zero.denominator)
        self._factor = self._time_base.numerator * (self._denominator // self._time_base.denominator)
        self._offset = zero.numerator * (self._denominator // zero.denominator)
