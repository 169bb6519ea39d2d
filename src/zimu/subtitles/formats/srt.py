"""SubRip: number, times, lines, a blank line. It has no standard; this reads what players read."""

from __future__ import annotations

import re

from zimu.subtitles.clock import STAMP, parse_stamp, stamp
from zimu.subtitles.cue import Cue, Track
from zimu.subtitles.markup import parse, render, to_html

__all__ = ["read", "write"]

_TIMES = re.compile(rf"^[ \t]*({STAMP})[ \t]*-{{1,2}}>[ \t]*({STAMP})([ \t][^\n]*)?$", re.MULTILINE)
# The number of the next cue stands right above its times.
_NUMBER = re.compile(r"\n[ \t]*\d+[ \t]*\n\Z")
_NAMES = ("i", "b", "u", "s", "font")
_TAG = re.compile(r"</?(?:i|b|u|s|font)(?:\s[^<>]*)?>|\{\\[^{}\n]*\}", re.IGNORECASE)
# SRT has no escape. A word joiner, which nobody sees, keeps literal text from being read as a tag, as times,
# or, by players that turn it into ASS, as a code or line break of that; one more is put before those that are
# there already, so that reading gives back what was written.
_HAZARD = (
    "(<(?={0}/?[a-zA-Z])|\\{{(?={0}(?:[\\\\\n]|\\Z))|-(?={0}>)|(?<=\\d):(?={0}\\d{{1,2}}[.,]\\d)"
    "|\\\\(?={0}[Nnh]))"
)
_LITERAL = re.compile(_HAZARD.format("\u2060*"))
_ESCAPED = re.compile(_HAZARD.format("\u2060+") + "\u2060")


def read(text: str) -> Track:
    """Return the track of a SubRip text; whatever stands before the first times is left out."""
    found = list(_TIMES.finditer(text))
    cues = []
    for i, match in enumerate(found):
        payload = text[match.end() : found[i + 1].start() if i + 1 < len(found) else len(text)]
        if i + 1 < len(found):
            payload = _NUMBER.sub("", payload)
        lines, marks = parse(payload, _TAG, _unescape)
        cues.append(Cue(parse_stamp(match[1]), parse_stamp(match[2]), lines, kind="speech", marks=marks))
    return Track(tuple(cues), format="srt")


def write(track: Track) -> str:
    """Return a track as SubRip, cues numbered from one."""
    return "".join(
        f"{i}\n{stamp(cue.start_ms, ',')} --> {stamp(cue.end_ms, ',')}\n"
        f"{render(cue.text, cue.marks, _tag, _escape)}\n\n"
        for i, cue in enumerate(track.cues, 1)
    )


def _tag(tag: str) -> str:
    # {\an8} is not of SubRip, but players that matter honour it; other override blocks they would print.
    return to_html(tag, _NAMES) or (tag if re.fullmatch(r"\{\\an?\d+\}", tag) else "")


def _escape(text: str) -> str:
    return _LITERAL.sub("\\1\u2060", text)


def _unescape(text: str) -> str:
    return _ESCAPED.sub("\\1", text)
