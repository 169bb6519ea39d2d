"""Languages: how a text is normalised, split into tokens and joined again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from zimu.errors import unknown_name
from zimu.text.subwords import words_of

__all__ = ["LANGUAGES", "SPLITTERS", "is_han", "join", "normalise", "split"]

LANGUAGES = {"en": "English", "zh": "中文"}

# Han ideographs: the unified block, extensions A to H, compatibility, and 〇.
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_ENGLISH_TOKEN = re.compile(r"[a-z0-9]+(?:['’-][a-z0-9]+)*|[^\w\s]")
_CHINESE_TOKEN = re.compile(rf"[{_HAN}]|[a-z0-9]+|[^\w\s]")


def is_han(character: str) -> bool:
    """Return whether a character is a Chinese ideograph."""
    return bool(re.match(rf"[{_HAN}]", character))


def normalise(text: str) -> str:
    """Return the text in NFC, full-width Latin letters and digits folded, white space collapsed."""
    folded = "".join(
        unicodedata.normalize("NFKC", c) if "\uff10" <= c <= "\uff5a" and c.isalnum() else c for c in text
    )
    return " ".join(unicodedata.normalize("NFC", folded).split())


def _english_words(text: str) -> list[str]:
    return [t for t in _ENGLISH_TOKEN.findall(text.lower()) if t[0].isalnum()]


def _characters(text: str) -> list[str]:
    return [t for t in _CHINESE_TOKEN.findall(text.lower()) if t[0].isalnum()]


@lru_cache(maxsize=1)
def _jieba() -> Any:
    import logging

    import jieba

    # jieba logs its dictionary's loading to standard error by default.
    jieba.setLogLevel(logging.WARNING)
    return jieba


def _jieba_words(text: str) -> list[str]:
    return [t for t in _jieba().lcut(text.lower()) if t.strip() and t[0].isalnum()]


# How a text becomes tokens; punctuation is left out, since captions are one sentence without it.
SPLITTERS: dict[str, Callable[[str], list[str]]] = {
    "words": _english_words,
    # A vocabulary cuts these further, see `zimu.text.subwords`.
    "subwords": _english_words,
    "characters": _characters,
    "jieba": _jieba_words,
}


def split(text: str, splitter: str) -> list[str]:
    """Return the tokens of a text.

    Args:
        text: Any text; it is normalised first.
        splitter: A key of `SPLITTERS`.

    Raises:
        UnknownNameError: No such splitter.

    >>> split("A dog's bone.", "words")
    ['a', "dog's", 'bone']
    >>> split("两只狗在road上。", "characters")
    ['两', '只', '狗', '在', 'road', '上']
    """
    if splitter not in SPLITTERS:
        raise unknown_name("splitter", splitter, SPLITTERS)
    return SPLITTERS[splitter](normalise(text))


def join(tokens: Sequence[str], language: str) -> str:
    """Return tokens, or pieces of them, as a sentence ready to be shown.

    English gets blanks and a capital; Chinese gets blanks only between Latin words.

    >>> join(["两", "只", "dog"], "zh")
    '两只dog'
    >>> join(["a", "dog"], "en")
    'A dog'
    """
    if language == "en":
        sentence = " ".join(words_of(tokens))
        return sentence[:1].upper() + sentence[1:]
    out = ""
    for token in tokens:
        if out and out[-1].isascii() and token[:1].isascii():
            out += " "
        out += token
    return out
