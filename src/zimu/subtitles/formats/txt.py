"""Plain text: one line a cue, no times. It can be written, not read."""

from __future__ import annotations

from zimu.errors import SubtitleError
from zimu.subtitles.cue import Track
from zimu.subtitles.measure import join_lines

__all__ = ["read", "write"]


def read(text: str) -> Track:
    """Raise: a plain text has no times.

    Raises:
        SubtitleError: Always.
    """
    raise SubtitleError("A plain text has no times, so it is no subtitle file.")


def write(track: Track) -> str:
    """Return the text of each cue on a line of its own."""
    return "".join(f"{join_lines(cue.lines)}\n" for cue in track.cues if cue.lines)
