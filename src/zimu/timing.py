"""Time: exact seconds inside, integer milliseconds in captions and cues. The only place that rounds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor

from zimu.errors import ConfigError

__all__ = ["Span", "seconds_from_pts", "to_ms", "to_seconds"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch of time [start, end), in exact seconds from the start of the file."""

    start: Fraction
    end: Fraction

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ConfigError(
                f"A span cannot end ({float(self.end)} s) before it starts ({float(self.start)} s)."
            )

    @property
    def duration(self) -> Fraction:
        """The length in seconds."""
        return self.end - self.start

    def overlap(self, other: Span) -> Fraction:
        """Return the length in seconds that both spans share."""
        return max(Fraction(0), min(self.end, other.end) - max(self.start, other.start))


def seconds_from_pts(pts: int, time_base: Fraction) -> Fraction:
    """Return the exact seconds of a stream's time stamp."""
    return pts * time_base


def to_seconds(value: float | int | str | Fraction) -> Fraction:
    """Return a user's number of seconds as an exact fraction.

    A float is taken as the decimal it prints as: 0.1 is one tenth, not its binary neighbour.
    """
    try:
        return value if isinstance(value, Fraction) else Fraction(str(value))
    except (ValueError, ZeroDivisionError) as error:
        raise ConfigError(f"{value!r} is not a number of seconds.") from error


def to_ms(seconds: Fraction) -> int:
    """Return whole milliseconds, rounded half up.

    >>> to_ms(Fraction(5, 2000))
    3
    """
    return floor(seconds * 1000 + Fraction(1, 2))
