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
_DEFAULTS = {"Layer": "0", "Style": "Default", "Name": "", **_MARGINS, "Effect": ""}
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
_TAG = re.compile(r"(?<!\\)\{[^{}\n]*\}")
# What FFmpeg and libass do: braces take a backslash; a word joiner keeps a literal backslash from its letter.
_LITERAL = re.compile("\\\\(\u2060*)(?=[Nnh{}])")
_ESCAPED = re.compile("\\\\\u2060(\u2060*)(?=[Nnh{}\\\\])")


def read(text: str) -> Track:
    """Return the track of an ASS or SSA text.

    Raises:
        SubtitleError: There is no [Events] section.
    """
    section = ""
    header: list[str] = []
    cues: list[Cue] = []
    notes: list[tuple[int, str]] = []
    fields: tuple[str, ...] = _FIELDS
    for row in text.split("\n"):
        if re.match(r"\s*\[[^\]]*\]\s*$", row) and re.search(r"[a-z]", row):
            section = row.strip().strip("[]").lower()
        if section != "events":
            if cues and row.strip():
                notes.append((len(cues), row))
            elif not cues:
                header.append(row)
            continue
        kind, _, rest = row.partition(":")
        if kind.strip().lower() == "format":
            fields = tuple(f.strip() for f in rest.split(","))
        elif kind.strip().lower() == "dialogue":
            cue = _cue(rest, fields)
            if cue is not None:
                cues.append(cue)
        elif row.strip() and not row.strip().startswith("["):
            notes.append((len(cues), row))
    if section == "" or not (cues or any("events" in h.lower() for h in (*header, section))):
        raise SubtitleError("An ASS file has an [Events] section; this has none.")
    return Track(tuple(cues), format="ass", header="\n".join(header).strip("\n") + "\n", notes=tuple(notes))


def _cue(rest: str, fields: tuple[str, ...]) -> Cue | None:
    values = dict(zip(fields, rest.lstrip().split(",", len(fields) - 1), strict=False))
    start, end = parse_stamp(values.get("Start", "")), parse_stamp(values.get("End", ""))
    if start is None or end is None:
        return None
    raw = re.sub(r"(?<!\\)\\[Nn]", "\n", values.get("Text", ""))
    lines, marks = parse(raw, _TAG, _unescape)
    settings = tuple((k, v) for k, v in values.items() if k in _DEFAULTS and v.strip() != _DEFAULTS[k])
    return Cue(start, end, lines, kind="speech", marks=marks, settings=settings)


def write(track: Track) -> str:
    """Return a track as ASS; a header that was read is kept, else Zimu's plain one stands there."""
    own = track.format == "ass"
    header = track.header if own and track.header.strip() else _HEADER
    rows = [header.strip("\n"), "", "[Events]", "Format: " + ", ".join(_FIELDS)]
    notes = list(track.notes) if own else []
    for i, cue in enumerate(track.cues):
        while notes and notes[0][0] <= i:
            rows.append(notes.pop(0)[1])
        rows.append(_event(cue))
    rows += [text for _, text in notes]
    return "\n".join(rows) + "\n"


def _event(cue: Cue) -> str:
    values = _DEFAULTS | {k: v for k, v in cue.settings if k in _DEFAULTS}
    values |= {"Start": _stamp(cue.start_ms), "End": _stamp(cue.end_ms)}
    values["Text"] = render(cue.text, cue.marks, to_ass, _escape).replace("\n", "\\N")
    return "Dialogue: " + ",".join(values[field] for field in _FIELDS)


def _stamp(ms: int) -> str:
    hundredths = (ms + 5) // 10
    seconds, rest = divmod(hundredths, 100)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}.{rest:02d}"


def _escape(text: str) -> str:
    return re.sub(r"([{}])", r"\\\1", _LITERAL.sub("\\\\\u2060\\1", text))


def _unescape(text: str) -> str:
    text = re.sub(r"\\([{}])", r"\1", text.replace("\\h", "\u00a0"))
    return _ESCAPED.sub("\\\\\\1", text)
