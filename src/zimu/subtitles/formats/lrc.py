"""LRC, the format of lyrics: a start a line, in hundredths of a second; an empty line ends the one before."""

from __future__ import annotations

import re
from dataclasses import replace

from zimu.subtitles.cue import Cue, Track, clean_lines
from zimu.subtitles.measure import join_lines
from zimu.timing import to_ms, to_seconds

__all__ = ["read", "write"]

_STAMPS = re.compile(r"^\s*((?:\[\d{1,9}:\d{1,2}(?:[.:]\d{1,3})?\]\s*)+)(.*)$")
_STAMP = re.compile(r"\[(\d+):(\d{1,2})(?:[.:](\d{1,3}))?\]")
_OFFSET = re.compile(r"^\s*\[offset:\s*([+-]?\d{1,9})\s*\]", re.IGNORECASE)
_WORD = re.compile(r"<\d+:\d{1,2}(?:\.\d{1,3})?>")
# A word joiner keeps a literal time from being read as one.
_LITERAL = re.compile("([\\[<])(?=\u2060*\\d+:\\d)")
_ESCAPED = re.compile("([\\[<])\u2060(?=\u2060*\\d+:\\d)")
# The last line of a song has no end of its own.
_LAST_MS = 5000


def read(text: str) -> Track:
    """Return the track of an LRC text; a line ends where the next begins."""
    starts: list[tuple[int, tuple[str, ...]]] = []
    header, offset = [], 0
    for row in text.split("\n"):
        match = _STAMPS.match(row)
        if match is None:
            moved = _OFFSET.match(row)
            offset = int(moved[1]) if moved else offset
            if row.strip() and not moved:
                header.append(row.strip())
            continue
        lines = clean_lines(_ESCAPED.sub("\\1", _WORD.sub("", match[2])))
        for minutes, seconds, fraction in _STAMP.findall(match[1]):
            ms = to_ms(to_seconds(f"{int(minutes) * 60 + int(seconds)}.{fraction or 0}"))
            starts.append((ms, lines))
    # A positive offset lets the words come earlier.
    starts = sorted(((ms - offset, lines) for ms, lines in starts), key=lambda s: s[0])
    cues = [Cue(ms, ms + _LAST_MS, lines, kind="speech") for ms, lines in starts]
    cues = [
        replace(cue, end_ms=cues[i + 1].start_ms) if i + 1 < len(cues) else cue for i, cue in enumerate(cues)
    ]
    return Track(tuple(c for c in cues if c.lines), format="lrc", header="\n".join(header))


def write(track: Track) -> str:
    """Return a track as LRC; the lines of a cue are joined."""
    rows = [track.header] if track.format == "lrc" and track.header else []
    for i, cue in enumerate(track.cues):
        rows.append(f"[{_stamp(cue.start_ms)}]" + _LITERAL.sub("\\1\u2060", join_lines(cue.lines)))
        follows = track.cues[i + 1].start_ms if i + 1 < len(track.cues) else None
        if follows is None or follows >= cue.end_ms + 10:
            rows.append(f"[{_stamp(cue.end_ms)}]")
    return "\n".join(rows) + "\n"


def _stamp(ms: int) -> str:
    hundredths = (ms + 5) // 10
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes:02d}:{rest // 100:02d}.{rest % 100:02d}"
