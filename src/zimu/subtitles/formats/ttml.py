"""TTML 1 (the W3C's timed text, also called DFXP), as broadcasters take it."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from zimu.errors import SubtitleError
from zimu.subtitles.clock import parse_stamp, stamp
from zimu.subtitles.cue import Cue, Mark, Track, clean_lines
from zimu.subtitles.markup import carry_marks, to_html
from zimu.timing import to_ms, to_seconds

__all__ = ["read", "write"]

_NS = "http://www.w3.org/ns/ttml"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_OFFSET = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(h|ms|m|s|f|t)")
_FRAMES = re.compile(r"(\d{1,9}):(\d\d):(\d\d):(\d{1,3})")
# our tag: (TTML's attribute, its value)
_SPANS = {"i": ("fontStyle", "italic"), "b": ("fontWeight", "bold"), "u": ("textDecoration", "underline")}


@dataclass(frozen=True, slots=True)
class _Scope:
    """What an element hands down to its children."""

    start: Fraction
    frame_rate: Fraction
    tick_rate: Fraction
    language: str | None


def read(text: str) -> Track:
    """Return the track of a TTML text.

    Raises:
        SubtitleError: It is no XML, no TTML, or has a document type (which could expand without end).
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise SubtitleError("This XML has a document type, which a subtitle file does not need. Remove it.")
    try:
        root = ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except (ElementTree.ParseError, RecursionError) as error:
        raise SubtitleError(f"This is not XML: {error}.") from error
    if _local(root.tag) != "tt":
        raise SubtitleError(f"A TTML file has the root element tt; this has {_local(root.tag)}.")
    language = root.get(_LANG) or None
    scope = _Scope(Fraction(0), _rate(root, "frameRate", "30"), _rate(root, "tickRate", "1"), language)
    return Track(tuple(_cues(root, scope)), format="ttml", language=language)


def _rate(root: ElementTree.Element, name: str, default: str) -> Fraction:
    found = {_local(key): value for key, value in root.attrib.items()}.get(name, default)
    if not re.fullmatch(r"[1-9]\d{0,8}", found):
        raise SubtitleError(f"{name} is {found!r}; it must be a whole number above zero.")
    return Fraction(found)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _cues(root: ElementTree.Element, scope: _Scope) -> Iterator[Cue]:
    stack = [(root, scope)]
    while stack:
        element, scope = stack.pop()
        begin = _time(element.get("begin"), scope)
        start = scope.start + (begin or 0)
        language = element.get(_LANG) or scope.language
        if _local(element.tag) == "p":
            end, length = _time(element.get("end"), scope), _time(element.get("dur"), scope)
            stop = scope.start + end if end is not None else start + (length or 0)
            lines, marks = _body(element)
            yield Cue(to_ms(start), to_ms(stop), lines, kind="speech", language=language, marks=marks)
        else:
            scope = replace(scope, start=start, language=language)
            stack += [(child, scope) for child in reversed(element)]


def _time(value: str | None, scope: _Scope) -> Fraction | None:
    """Return a TTML time expression in seconds."""
    if value is None:
        return None
    value = value.strip()
    if match := _OFFSET.fullmatch(value):
        units = {"h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000)}
        units |= {"f": 1 / scope.frame_rate, "t": 1 / scope.tick_rate}
        return to_seconds(match[1]) * units[match[2]]
    if match := _FRAMES.fullmatch(value):
        hours, minutes, seconds, frames = map(int, match.groups())
        return hours * 3600 + minutes * 60 + seconds + frames / scope.frame_rate
    return Fraction(parse_stamp(value), 1000)


def _body(element: ElementTree.Element) -> tuple[tuple[str, ...], tuple[Mark, ...]]:
    """Return the lines and tags of a paragraph."""
    parts: list[str] = []
    marks: list[Mark] = []
    _collect(element, parts, marks)
    plain = "".join(parts)
    lines = clean_lines(plain)
    return lines, carry_marks(plain, marks, "\n".join(lines))


def _collect(element: ElementTree.Element, parts: list[str], marks: list[Mark]) -> None:
    attributes = {_local(key): value for key, value in element.attrib.items()}
    names = [n for n, (key, value) in _SPANS.items() if attributes.get(key) == value]
    for name in names:
        marks.append(Mark(sum(map(len, parts)), f"<{name}>"))
    # Line feeds of the XML source are blanks; only <br/> breaks a line.
    parts.append((element.text or "").replace("\n", " "))
    for child in element:
        if _local(child.tag) == "br":
            parts.append("\n")
        else:
            _collect(child, parts, marks)
        parts.append((child.tail or "").replace("\n", " "))
    for name in reversed(names):
        marks.append(Mark(sum(map(len, parts)), f"</{name}>"))


def write(track: Track) -> str:
    """Return a track as TTML, centred at the bottom of the picture."""
    languages = {c.language for c in track.cues if c.language and c.language != "mul"}
    language = track.language or (languages.pop() if len(languages) == 1 else "")
    rows = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<tt xmlns="{_NS}" xmlns:tts="{_NS}#styling" xml:space="preserve" xml:lang={_quoted(language)}>',
        "  <head>",
        '    <styling><style xml:id="s" tts:color="white" tts:textAlign="center"/></styling>',
        '    <layout><region xml:id="r" tts:origin="10% 80%" tts:extent="80% 15%"',
        '      tts:displayAlign="after"/></layout>',
        "  </head>",
        '  <body style="s" region="r"><div>',
    ]
    for cue in track.cues:
        own = cue.language if cue.language not in (None, "mul", language) else None
        tag = f" xml:lang={_quoted(own)}" if own else ""
        rows.append(f'    <p begin="{stamp(cue.start_ms)}" end="{stamp(cue.end_ms)}"{tag}>{_inner(cue)}</p>')
    return "\n".join([*rows, "  </div></body>", "</tt>", ""])


def _inner(cue: Cue) -> str:
    """Return a cue's text as XML; spans that are not nested properly are left out."""
    out, position = "", 0
    stack: list[str] = []
    for mark in cue.marks:
        tag = to_html(mark.tag, _SPANS)
        name = tag.strip("</>")
        if not tag or (tag.startswith("</") and stack[-1:] != [name]):
            continue
        out += html.escape(cue.text[position : mark.at], quote=False)
        position = mark.at
        if tag.startswith("</"):
            stack.pop()
            out += "</span>"
        else:
            stack.append(name)
            out += '<span tts:{}="{}">'.format(*_SPANS[name])
    out += html.escape(cue.text[position:], quote=False) + "</span>" * len(stack)
    return out.replace("\n", "<br/>")


def _quoted(text: str) -> str:
    # Not xml.sax: it loads the network client of the standard library.
    return f'"{html.escape(text)}"'
