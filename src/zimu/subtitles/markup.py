"""Tags inside the text of cues: taken out on reading, put back on writing, translated between formats."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher

from zimu.subtitles.cue import Mark, clean_lines

__all__ = ["carry_marks", "parse", "render", "to_ass", "to_html"]

_SHARED = ("i", "b", "u", "s")
# Comparing takes the product of the lengths; texts longer than any cue are compared to the first difference.
_COMPARED = 4_000_000
_HTML_NAME = re.compile(r"</?\s*([a-zA-Z]+)")
_ASS_SHARED = re.compile(r"\\([ibus])([01])(?=[\\}])")


def parse(
    raw: str, tag: re.Pattern[str], unescape: Callable[[str], str]
) -> tuple[tuple[str, ...], tuple[Mark, ...]]:
    """Split a payload into its lines and its tags.

    Args:
        raw: The payload, line feeds between its lines.
        tag: What is a tag in this format.
        unescape: Gives the plain text of what stands between tags.

    Returns:
        The lines as `clean_lines` gives them, and the tags with their places in them.
    """
    plain = ""
    found: list[Mark] = []
    position = 0
    for match in tag.finditer(raw):
        plain += unescape(raw[position : match.start()])
        found.append(Mark(len(plain), match.group()))
        position = match.end()
    plain += unescape(raw[position:])
    lines = clean_lines(plain)
    text = "\n".join(lines)
    return lines, carry_marks(plain, found, text) if text != plain else tuple(found)


def carry_marks(old: str, marks: Iterable[Mark], new: str) -> tuple[Mark, ...]:
    """Return marks of one text at the same places of another, which differs in blanks or in a few characters.

    A tag that opens stays with the character after it, one that closes with the character before it.
    """
    marks = tuple(marks)
    if not marks:
        return ()
    places = _places(old, new)
    out = []
    for mark in marks:
        if _closes(mark.tag):
            at = places[mark.at - 1] + 1 if mark.at else 0
        else:
            at = places[mark.at] if mark.at < len(old) else len(new)
        out.append(Mark(at, mark.tag))
    return tuple(sorted(out, key=lambda m: m.at))


def _closes(tag: str) -> bool:
    return tag.startswith("</") or (tag.startswith("{") and "0}" in tag)


def _places(old: str, new: str) -> list[int]:
    """Return, for each character of `old`, its place in `new`."""
    solid_old = [i for i, c in enumerate(old) if not c.isspace()]
    solid_new = [i for i, c in enumerate(new) if not c.isspace()]
    if len(solid_old) == len(solid_new):
        pairs = dict(zip(solid_old, solid_new, strict=True))
    elif len(old) * len(new) > _COMPARED:
        alike = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
        pairs = {i: i for i in range(alike)}
    else:
        blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
        pairs = {a + k: b + k for a, b, size in blocks for k in range(size)}
    places, at = [], 0
    for i in range(len(old)):
        at = pairs.get(i, at)
        places.append(min(at, len(new)))
        at += i in pairs
    return places


def render(
    text: str, marks: Iterable[Mark], translate: Callable[[str], str], escape: Callable[[str], str]
) -> str:
    """Return a text with its tags in a format's own spelling.

    Args:
        text: The plain text.
        marks: Its tags, in order.
        translate: Gives the tag as this format spells it, "" where it has none.
        escape: Makes plain text safe.
    """
    out, position = "", 0
    for mark in marks:
        tag = translate(mark.tag)
        if tag:
            out += escape(text[position : mark.at]) + tag
            position = mark.at
    return out + escape(text[position:])


def to_html(tag: str, known: Iterable[str]) -> str:
    """Return a tag as HTML-like formats spell it, "" where the name is not one of `known`."""
    if tag.startswith("<"):
        match = _HTML_NAME.match(tag)
        name = match.group(1).lower() if match else "time" if tag[1:2].isdigit() else ""
        return tag if name in known else ""
    shared = [(n, on) for n, on in _ASS_SHARED.findall(tag) if n in known]
    return "".join(f"<{n}>" if on == "1" else f"</{n}>" for n, on in shared)


def to_ass(tag: str) -> str:
    """Return a tag as ASS spells it, "" where ASS has none for it."""
    if tag.startswith("{"):
        return tag
    match = _HTML_NAME.match(tag)
    name = match.group(1).lower() if match else ""
    return f"{{\\{name}{0 if tag.startswith('</') else 1}}}" if name in _SHARED else ""
