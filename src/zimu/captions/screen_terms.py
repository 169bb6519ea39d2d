"""Names and terms out of what is written in the picture: a speaker's name, the title of a slide."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

__all__ = ["terms_of_screen"]

# Han characters that stand alone on a line, as a name or a title does; sentences are longer.
_HAN = re.compile(r"(?<![㐀-鿿])[㐀-鿿]{2,6}(?![㐀-鿿])")
_CAPITAL = r"[A-Z][^\W\d_㐀-鿿]*"
# Two to four words with a capital each: Ada Lovelace. In capitals throughout it is a heading.
_NAME = re.compile(rf"\b{_CAPITAL}(?: {_CAPITAL}){{1,3}}\b")
# A capital or a digit inside a word: PyTorch, GPT4.
_MIXED = re.compile(r"\b(?=\w*[a-z])\w+[A-Z]\w*\b|\b[A-Za-z]{2,}\d+\b")


def terms_of_screen(lines: Iterable[str]) -> list[str]:
    """Return what looks like a name or a term, the most frequent first.

    Single words with a capital are left alone: at the beginning of a line every word has one.

    >>> terms_of_screen(["Ada Lovelace, PyTorch", "张三丰 教授", "Welcome to our show", "THE END"])
    ['Ada Lovelace', 'PyTorch', '张三丰', '教授']
    """
    found: Counter[str] = Counter()
    for line in lines:
        found.update(name for name in _NAME.findall(line) if not name.isupper())
        found.update(_MIXED.findall(line))
        found.update(_HAN.findall(line))
    return [term for term, _ in found.most_common()]
