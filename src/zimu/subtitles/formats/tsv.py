"""Tab-separated values as Whisper writes them: start and end in milliseconds, text on one line."""

from __future__ import annotations

from zimu.errors import SubtitleError
from zimu.subtitles.cue import Cue, Track, clean_lines
from zimu.subtitles.measure import join_lines

__all__ = ["read", "write"]


def read(text: str) -> Track:
    """Return the track of a TSV text.

    Raises:
        SubtitleError: A row is not of two whole numbers and a text.
    """
    cues = []
    for number, row in enumerate(text.split("\n"), 1):
        if not row.strip() or (number == 1 and row.split("\t")[0].strip() == "start"):
            continue
        fields = row.split("\t", 2)
        try:
            start, end, body = int(fields[0]), int(fields[1]), fields[2]
        except (ValueError, IndexError) as error:
            raise SubtitleError(
                f"Row {number} is {row[:60]!r}; it must be start and end in milliseconds and the text, "
                "separated by tabs."
            ) from error
        cues.append(Cue(start, end, clean_lines(body), kind="speech"))
    return Track(tuple(cues), format="tsv")


def write(track: Track) -> str:
    """Return a track as TSV; the lines of a cue are joined."""
    rows = (f"{cue.start_ms}\t{cue.end_ms}\t{join_lines(cue.lines)}\n" for cue in track.cues)
    return "start\tend\ttext\n" + "".join(rows)
