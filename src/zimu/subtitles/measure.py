"""How wide a text is on the screen, and how much there is to read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from zimu.subtitles.cue import Cue
from zimu.subtitles.styles import Style
from zimu.text.languages import is_han

__all__ = ["clusters", "columns", "guess_language", "join_lines", "need_ms", "reading_columns"]

_JOINER = "\u200d"
# What almost every text is made of: ASCII, CJK marks, ideographs and full-width forms.
_SIMPLE = re.compile("[\x20-\x7e\u3000-\u3029\u4e00-\u9fff\uff01-\uff5e]*")
_ASCII = re.compile("[\x20-\x7e]+")


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me", "Cf") or "\U0001f3fb" <= character <= "\U0001f3ff"


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def clusters(text: str) -> Iterator[str]:
    """Yield the characters as a reader counts them: a letter with its marks, a joined emoji, a flag.

    >>> list(clusters("e\\u0301a"))
    ['é', 'a']
    """
    current = ""
    for character in text:
        joins = current and (
            _is_mark(character) or unicodedata.category(character) == "Mc" or current[-1] == _JOINER
        )
        flag = len(current) == 1 and _is_regional(current) and _is_regional(character)
        if joins or flag:
            current += character
            continue
        if current:
            yield current
        current = character
    if current:
        yield current


def columns(text: str) -> int:
    """Return the width in columns: full-width characters two, others one, combining marks none.

    >>> columns("字幕 OK")
    7
    """
    if _SIMPLE.fullmatch(text):
        return len(text) + len(_ASCII.sub("", text))
    width = 0
    for cluster in clusters(text):
        if all(_is_mark(c) for c in cluster):
            continue
        # Two regional letters are a flag, and U+FE0F asks for the picture of a character.
        is_picture = cluster[-1] == "\ufe0f" or (len(cluster) == 2 and _is_regional(cluster[1]))
        is_wide = is_picture or any(unicodedata.east_asian_width(c) in "WF" for c in cluster)
        width += 2 if is_wide else 1
    return width


def guess_language(text: str) -> str:
    """Return "zh" where the text holds an ideograph, else "en"."""
    return "zh" if any(is_han(c) for c in text if c > "\u2fff") else "en"


def reading_columns(cue: Cue) -> int:
    """Return how many columns a viewer reads; of a bilingual cue one language only, the longer one."""
    if cue.language != "mul":
        return sum(columns(line) for line in cue.lines)
    totals = {"zh": 0, "en": 0}
    for line in cue.lines:
        totals[guess_language(line)] += columns(line)
    return max(totals.values())


def need_ms(cue: Cue, style: Style) -> int:
    """Return how long the cue must be shown to be read, in milliseconds, at least the style's minimum."""
    # Rounded up: a cue that is a hair too short is too short.
    return max(style.min_ms, int(-(-reading_columns(cue) * 1000 // style.columns_a_second)))


def join_lines(lines: tuple[str, ...]) -> str:
    """Return lines as one; between two ideographs no blank is needed.

    >>> join_lines(("一只狗", "在跑"))
    '一只狗在跑'
    """
    out = ""
    for line in lines:
        tight = out and out[-1] > "\u2fff" and line[0] > "\u2fff"
        out += line if tight or not out else f" {line}"
    return out
