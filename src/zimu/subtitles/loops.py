"""Texts that repeat themselves: what a recogniser writes when it is stuck."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence

from zimu.text.languages import is_han

__all__ = ["collapse", "inner_loop", "key", "runs"]

# What people do say many times over.
_SAID = "ha haa hah no yes yeah oh ho na la go hey bye wow come run 哈 啊 呵 嘿 嘻 哦 呀 嗯 不 对 快 走 来"
_INTERJECTIONS = frozenset(_SAID.split())
_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_LONGEST_PERIOD = 24


def key(text: str) -> str:
    """Return a text without case, blanks and marks, for comparison."""
    return "".join(c for c in text.casefold() if c.isalnum())


def runs(items: Sequence[Hashable], period: int) -> list[tuple[int, int]]:
    """Return (start, times) of each stretch in which `period` items repeat at least once.

    >>> runs("xababab", 2)
    [(1, 3)]
    """
    out, i = [], 0
    while i + period < len(items):
        same = 0
        while i + period + same < len(items) and items[i + same] == items[i + period + same]:
            same += 1
        if same >= period:
            out.append((i, same // period + 1))
            i += same
        i += 1
    return out


def inner_loop(text: str) -> tuple[int, int, int] | None:
    """Return the loop inside a text as (end of its first round, end of its last round, rounds), or None.

    A loop is one word at least six times, or a phrase at least four times, a long one three times. Laughter
    and calls are allowed twice as often.
    """
    tokens = _tokens(text)
    words = [word for word, _ in tokens]
    for period in range(1, min(_LONGEST_PERIOD, len(words) // 3) + 1):
        for start, times in runs(words, period):
            unit = words[start : start + period]
            least = 6 if period == 1 else 4 if period < 4 else 3
            if all(word in _INTERJECTIONS for word in unit):
                least *= 2
            if times >= least:
                return tokens[start + period - 1][1], tokens[start + period * times - 1][1], times
    return None


def collapse(text: str) -> str:
    """Return a text with each loop said once."""
    while loop := inner_loop(text):
        first_end, last_end, _ = loop
        text = text[:first_end] + text[last_end:]
    return text


def _tokens(text: str) -> list[tuple[str, int]]:
    """Return words, and ideographs one by one, each with the place where it ends."""
    out = []
    for match in _TOKEN.finditer(text.casefold()):
        word = match.group()
        if any(is_han(c) for c in word):
            out += [(c, match.start() + i + 1) for i, c in enumerate(word)]
        else:
            out.append((word, match.end()))
    return out
