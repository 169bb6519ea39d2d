"""Advanced SubStation Alpha (and SSA 4): script info, styles, events, times in hundredths of a second."""

from __future__ import annotations

import re

from zimu.errors import SubtitleError
from zimu.subtitles.clock import parse_stamp
from zimu.subtitles.cue import Cue, Track
from zimu.subtitles.markup import parse, render, to_ass

__all__ = ["read", "write"]

_FIELDS = ("Layer", "Start", "End", "Style", "Name", "MarginL", "MarginR", "MarginV", "Effect", "Text")
_MARGINS = {"MarginL": "0", "MarginR": "0", "MarginV": "0"}
_DEFAULTS = {"Layer": "0", "Marked": "Marked=0", "Style": "Default", "Name": "", **_MARGINS, "Effect": ""}
_HEADER = """[Script Info]
; written by Zimu
ScriptType: v4.00+
WrapStyle: 2
ScaledBorderAndShadow: yes
PlayResX: 1920
PlayResY: 1080

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, \
MarginR, MarginV, Encoding
Style: Default,Arial,64,&H00FFFFFF,&H000000FF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,60,60,50,1
"""
_SECTION = re.compile(r"\s*\[([^\]]*[a-z][^\]]*)\]\s*")
_TAG = re.compile(r"(?<!\\)\{[^{}\n]*\}")
# What FFmpeg and libass do: braces take a backslash; a word joiner keeps a literal backslash from its letter.
_LITERAL = re.compile("\\\\(?=\u2060*(?:[Nnh{}]|\\Z))")
_ESCAPED = re.compile("\\\\\u2060(?=\u2060*(?:[Nnh{}]|\\Z))")


def read(text: str) -> Track:
    """Return the track of an ASS or SSA text.

    Raises:
        SubtitleError: There is no [Events] section, or an event has no times.
    """
    header: list[str] = []
    cues: list[Cue] = []
    notes: list[tuple[int, str]] = []
    fields: tuple[str, ...] = _FIELDS
    section, seen = "", False
    for number, row in enumerate(text.split("\n"), 1):
        if match := _SECTION.fullmatch(row):
            section = match[1].strip().lower()
        if section != "events":
            if not seen:
                header.append(row)
            elif row.strip():
                notes.append((len(cues), row))
            continue
        kind, _, rest = row.partition(":")
        kind = kind.strip().lower()
        if kind == "format":
            fields = tuple(field.strip() for field in rest.split(","))
        elif kind == "dialogue":
            cues.append(_cue(rest, fields, number))
        elif row.strip() and seen:
            notes.append((len(cues), row))
        seen = True
    if not seen:
        raise SubtitleError("An ASS file has an [Events] section; this has none.")
    return Track(tuple(cues), format="ass", header="\n".join(header).strip("\n"), notes=tuple(notes))


def _cue(rest: str, fields: tuple[str, ...], number: int) -> Cue:
    values = dict(zip(fields, rest.lstrip().split(",", len(fields) - 1), strict=False))
    try:
        start, end = parse_stamp(values.get("Start", "")), parse_stamp(values.get("End", ""))
    except SubtitleError as error:
        raise SubtitleError(f"Line {number}: {error}") from error
    raw = re.sub(r"\\[Nn]", "\n", values.get("Text", ""))
    lines, marks = parse(raw, _TAG, _unescape)
    settings = tuple((k, v) for k, v in values.items() if k in _DEFAULTS and v.strip() != _DEFAULTS[k])
    return Cue(start, end, lines, kind="speech", marks=marks, settings=settings)


def write(track: Track) -> str:
    """Return a track as ASS; a header that was read is kept, else Zimu's plain one stands there."""
    own = track.format == "ass"
    header = (track.header if own else "") or _HEADER.strip("\n")
    fields = ("Marked", *_FIELDS[1:]) if "[V4 Styles]" in header else _FIELDS
    rows = [header, "", "[Events]", "Format: " + ", ".join(fields)]
    notes = list(track.notes) if own else []
    for i, cue in enumerate(track.cues):
        while notes and notes[0][0] <= i:
            rows.append(notes.pop(0)[1])
        rows.append(_event(cue, fields))
    for _, note in notes:
        rows += ["", note] if _SECTION.fullmatch(note) else [note]
    return "\n".join(rows) + "\n"


def _event(cue: Cue, fields: tuple[str, ...]) -> str:
    values = _DEFAULTS | {k: v for k, v in cue.settings if k in _DEFAULTS}
    values |= {"Start": _stamp(cue.start_ms), "End": _stamp(cue.end_ms)}
    values["Text"] = render(cue.text, cue.marks, to_ass, _escape).replace("\n", "\\N")
    return "Dialogue: " + ",".join(values[field] for field in fields)


def _stamp(ms: int) -> str:
    hundredths = (ms + 5) // 10
    seconds, rest = divmod(hundredths, 100)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}.{rest:02d}"


def _escape(text: str) -> str:
    return re.sub(r"([{}])", r"\\\1", _LITERAL.sub("\\\\\u2060", text))


def _unescape(text: str) -> str:
    text = re.sub(r"\\([{}])", r"\1", text.replace("\\h", "\u00a0"))
    return _ESCAPED.sub(r"\\", text)
