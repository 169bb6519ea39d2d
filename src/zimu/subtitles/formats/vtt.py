"""WebVTT, by the W3C's grammar; header, notes, styles, identifiers and settings survive a round trip."""

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
    blocks = [b for b in re.split(r"\n(?:[ \t]*\n)+", text.strip("\n")) if b.strip()]
    if not blocks or not re.match(r"WEBVTT(?:[ \t\n]|$)", blocks[0]):
        found = text[:20].split("\n")[0]
        raise SubtitleError(f"A WebVTT file begins with WEBVTT; this begins with {found!r}.")
    header = blocks[0]
    cues: list[Cue] = []
    notes: list[tuple[int, str]] = []
    for block in blocks[1:]:
        cue = _cue(block)
        if cue is None:
            notes.append((len(cues), block))
        else:
            cues.append(cue)
    return Track(tuple(cues), format="vtt", header=header, notes=tuple(notes))


def _cue(block: str) -> Cue | None:
    """Return the cue of a block, or None where it is a note, a style, a region or nothing."""
    rows = block.split("\n")
    # The times stand on the first line, or on the second below the identifier.
    name = "" if "-->" in rows[0] or len(rows) < 2 else rows.pop(0).strip()
    match = _TIMES.match(rows[0])
    if match is None:
        return None
    start, end = parse_stamp(match[1]), parse_stamp(match[2])
    if start is None or end is None:
        return None
    lines, marks = parse("\n".join(rows[1:]), _TAG, html.unescape)
    settings = []
    for setting in (match[3] or "").split():
        key, _, value = setting.partition(":")
        settings.append((key, value))
    return Cue(start, end, lines, kind="speech", marks=marks, settings=tuple(settings), name=name)


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
