"""TTML 1 (the W3C's timed text, also called DFXP), as broadcasters take it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from fractions import Fraction
from xml.sax.saxutils import escape, quoteattr

from zimu.errors import SubtitleError
from zimu.subtitles.clock import parse_stamp, stamp
from zimu.subtitles.cue import Cue, Track, clean_lines
from zimu.timing import to_ms, to_seconds

__all__ = ["read", "write"]

_NS = "http://www.w3.org/ns/ttml"
_PARAMETER = "{http://www.w3.org/ns/ttml#parameter}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_OFFSET = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|f|t)")
_FRAMES = re.compile(r"(\d+):(\d\d):(\d\d):(\d+)")


def read(text: str) -> Track:
    """Return the track of a TTML text.

    Raises:
        SubtitleError: It is no XML, no TTML, or has a document type (which could expand without end).
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise SubtitleError("This XML has a document type, which a subtitle file does not need. Remove it.")
    try:
        root = ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except ElementTree.ParseError as error:
        raise SubtitleError(f"This is not XML: {error}.") from error
    if _local(root) != "tt":
        raise SubtitleError(f"A TTML file has the root element tt; this has {_local(root)}.")
    rates = (
        Fraction(root.get(f"{_PARAMETER}frameRate", "30")),
        Fraction(root.get(f"{_PARAMETER}tickRate", "1")),
    )
    cues: list[Cue] = []
    _walk(root, Fraction(0), rates, root.get(_XML_LANG) or None, cues)
    return Track(tuple(cues), format="ttml", language=root.get(_XML_LANG) or None)


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _walk(
    element: ElementTree.Element, base: Fraction, rates: tuple[Fraction, Fraction], language: str | None,
    cues: list[Cue],
) -> None:  # fmt: skip
    begin = _time(element.get("begin"), rates)
    start = base + (begin or 0)
    language = element.get(_XML_LANG) or language
    if _local(element) == "p":
        end = _time(element.get("end"), rates)
        length = _time(element.get("dur"), rates)
        stop = base + end if end is not None else start + (length or 0)
        cues.append(
            Cue(to_ms(start), to_ms(stop), clean_lines(_text(element)), kind="speech", language=language)
        )
        return
    for child in element:
        _walk(child, start, rates, language, cues)


def _time(value: str | None, rates: tuple[Fraction, Fraction]) -> Fraction | None:
    """Return a TTML time expression in seconds."""
    if value is None:
        return None
    value = value.strip()
    if match := _OFFSET.fullmatch(value):
        units = {"h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000)}
        units |= {"f": 1 / rates[0], "t": 1 / rates[1]}
        return to_seconds(match[1]) * units[match[2]]
    if match := _FRAMES.fullmatch(value):
        hours, minutes, seconds, frames = map(int, match.groups())
        return hours * 3600 + minutes * 60 + seconds + frames / rates[0]
    ms = parse_stamp(value)
    if ms is None:
        raise SubtitleError(f"{value!r} is no time that TTML knows.")
    return Fraction(ms, 1000)


def _text(element: ElementTree.Element) -> str:
    # Line feeds of the XML source are blanks; only <br/> breaks a line.
    out = " ".join((element.text or "").split("\n"))
    for child in element:
        out += "\n" if _local(child) == "br" else _text(child)
        out += " ".join((child.tail or "").split("\n"))
    return out


def write(track: Track) -> str:
    """Return a track as TTML, centred at the bottom of the picture."""
    languages = {c.language for c in track.cues if c.language and c.language != "mul"}
    language = track.language or (languages.pop() if len(languages) == 1 else "")
    rows = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<tt xmlns="{_NS}" xmlns:tts="{_NS}#styling" xml:lang={quoteattr(language)}>',
        "  <head>",
        '    <styling><style xml:id="s" tts:color="white" tts:textAlign="center"/></styling>',
        '    <layout><region xml:id="r" tts:origin="10% 80%" tts:extent="80% 15%"',
        '      tts:displayAlign="after"/></layout>',
        "  </head>",
        '  <body style="s" region="r"><div>',
    ]
    for cue in track.cues:
        body = "<br/>".join(map(escape, cue.lines))
        rows.append(f'    <p begin="{stamp(cue.start_ms)}" end="{stamp(cue.end_ms)}">{body}</p>')
    return "\n".join([*rows, "  </div></body>", "</tt>", ""])
