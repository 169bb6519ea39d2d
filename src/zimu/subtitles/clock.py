"""Time stamps of subtitle files, to and from integer milliseconds."""

from __future__ import annotations

import re
from fractions import Fraction

from zimu.errors import SubtitleError
from zimu.timing import to_ms

__all__ = ["STAMP", "parse_stamp", "stamp"]

# Hours may be absent or of any length, a sign may stand before, the fraction has any number of digits.
STAMP = r"[-−]?(?:\d{1,9}:)?\d{1,3}:\d{1,2}(?:[.,]\d{1,9})?"
_PARTS = re.compile(r"([-−]?)(?:(\d{1,9}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,9}))?")


def parse_stamp(text: str) -> int:
    """Return the milliseconds of `HH:MM:SS,mmm`, `MM:SS.mmm` or `H:MM:SS.cc`.

    Raises:
        SubtitleError: It is no time.

    >>> parse_stamp("100:00:01,5")
    360001500
    """
    match = _PARTS.fullmatch(text.strip())
    if match is None:
        raise SubtitleError(f"{text[:40]!r} is no time. A time is written like 01:23:45.678.")
    sign, hours, minutes, seconds, fraction = match.groups()
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    total = to_ms(whole + Fraction(int(fraction or 0), 10 ** len(fraction or "")))
    return -total if sign else total


def stamp(ms: int, mark: str = ".") -> str:
    """Return `HH:MM:SS` with the mark and three digits; hours grow as they must.

    >>> stamp(360001500, ",")
    '100:00:01,500'
    """
    seconds, rest = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{rest:03d}"
