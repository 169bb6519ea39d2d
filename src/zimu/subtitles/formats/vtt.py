"""WebVTT, by the W3C's parser; header, notes, styles, identifiers and settings survive a round trip."""

from __future__ import annotations

import html
import re

from zimu.errors import SubtitleError
from zimu.subtitles.clock import STAMP, parse_stamp, stamp
from zimu.subtitles.cue import Cue, Track
from zimu.subtitles.markup import parse, render, to_html

__all__ = ["SETTINGS", "read", "write"]

SETTINGS = ("vertical", "line", "position", "size", "align", "region")
_TIMES = re.compile(rf"^[ \t]*({STAMP})[ \t]*-->[ \t]*({STAMP})(?:[ \t]+(.*))?$")
_NAMES = ("i", "b", "u", "c", "v", "lang", "ruby", "rt", "time")
_TAG = re.compile(r"</?(?:i|b|u|c|v|lang|ruby|rt)(?:[.\s][^<>]*)?>|<[\d:.]+>")


def read(text: str) -> Track:
    """Return the track of a WebVTT text.

    Raises:
        SubtitleError: The text does not begin with WEBVTT.
    """
    if not re.match(r"WEBVTT(?:[ \t\n]|\Z)", text):
        found = text[:20].split("\n")[0]
        raise SubtitleError(f"A WebVTT file begins with WEBVTT; this begins with {found!r}.")
    blocks = re.split(r"\n\n+", text.strip("\n"))
    header, body = blocks[0], blocks[1:]
    if "-->" in header:  # no blank line between the header and the first cue
        rows = header.split("\n")
        at = next(i for i, row in enumerate(rows) if "-->" in row)
        header, body = "\n".join(rows[:at]), ["\n".join(rows[at:]), *body]
    cues: list[Cue] = []
    notes: list[tuple[int, str]] = []
    for block in body:
        found_cues = _cues(block.split("\n"))
        if not found_cues and block.strip():
            notes.append((len(cues), block))
        cues += found_cues
    return Track(tuple(cues), format="vtt", header=header, notes=tuple(notes))


def _cues(rows: list[str]) -> list[Cue]:
    """Return the cues of a block: one, or none of a note, style or region.

    A line with an arrow ends the cue above it (W3C, WebVTT parser algorithm); files without blank lines
    between cues are read so.
    """
    starts = [i for i, row in enumerate(rows) if _TIMES.match(row)]
    if not starts or starts[0] > 1:
        return []
    name = rows[0].strip() if starts[0] == 1 else ""
    cues = []
    for at, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        match = _TIMES.match(rows[at])
        assert match is not None
        lines, marks = parse("\n".join(rows[at + 1 : end]), _TAG, html.unescape)
        pairs = (setting.partition(":") for setting in (match[3] or "").split())
        settings = tuple((key, value) for key, _, value in pairs)
        start_ms, end_ms = parse_stamp(match[1]), parse_stamp(match[2])
        cues.append(Cue(start_ms, end_ms, lines, kind="speech", marks=marks, settings=settings, name=name))
        name = ""
    return cues


def write(track: Track) -> str:
    """Return a track as WebVTT."""
    own = track.format == "vtt"
    blocks = [track.header if own and track.header else "WEBVTT"]
    notes = list(track.notes) if own else []
    for i, cue in enumerate(track.cues):
        while notes and notes[0][0] <= i:
            blocks.append(notes.pop(0)[1])
        blocks.append(_block(cue))
    blocks += [text for _, text in notes]
    return "\n\n".join(blocks) + "\n"


def _block(cue: Cue) -> str:
    settings = "".join(f" {k}:{v}" for k, v in cue.settings if k in SETTINGS and v)
    times = f"{stamp(cue.start_ms)} --> {stamp(cue.end_ms)}{settings}"
    body = render(cue.text, cue.marks, lambda tag: to_html(tag, _NAMES), _escape)
    return "\n".join(part for part in (cue.name, times, body) if part)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
