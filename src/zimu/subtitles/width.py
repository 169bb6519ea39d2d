"""Full and half width: Latin letters and digits are half, marks between ideographs are full."""

from __future__ import annotations

import re
import unicodedata

from zimu.text.languages import is_han

__all__ = ["even_width"]

_FULL_LATIN = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]+")
_HALF_MARK = re.compile(r"(?<![.,!?:;])[,?!;:](?![.,!?:;])")
_FULL = {",": "，", "?": "？", "!": "！", ";": "；", ":": "："}


def even_width(text: str) -> str:
    """Return a text with full-width letters and digits made half, and half marks after ideographs made full.

    >>> even_width("我有３只狗,你呢?OK")
    '我有3只狗，你呢？OK'
    """
    text = _FULL_LATIN.sub(lambda m: unicodedata.normalize("NFKC", m.group()), text)
    return _HALF_MARK.sub(lambda m: _full(text, m), text)


def _full(text: str, match: re.Match[str]) -> str:
    before = text[match.start() - 1 : match.start()]
    return _FULL[match.group()] if before and is_han(before) else match.group()
