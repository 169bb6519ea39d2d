"""Chinese words that a line end or the end of a cue cuts in two."""

from __future__ import annotations

from itertools import pairwise

from zimu.subtitles.chinese import frequency, split
from zimu.subtitles.measure import columns
from zimu.text.languages import is_han

__all__ = ["cut_word", "unwrapped"]

# jieba's count of a word in its corpus; below it the "word" is often a chance of segmentation.
_COMMON = 30
# A line so wide was ended by its width; a shorter one by its author, for whom a line end was a pause.
_WRAPPED_COLUMNS = 24


def cut_word(upper: str, lower: str) -> tuple[str, str] | None:
    """Return the two halves of the word that the boundary of two texts cuts, or None.

    >>> cut_word("我们在公", "园里跑步")
    ('公', '园')
    """
    if not upper or not lower or not is_han(upper[-1]) or not is_han(lower[0]):
        return None
    position, boundary = 0, len(upper)
    for word in split(upper.split(" ")[-1] + lower.split(" ")[0]):
        boundary = len(upper.split(" ")[-1])
        if position < boundary < position + len(word):
            halves = word[: boundary - position], word[boundary - position :]
            return halves if _is_cut(word, halves) else None
        position += len(word)
    return None


def _is_cut(word: str, halves: tuple[str, str]) -> bool:
    """Say whether the whole is a common word, and more likely than its halves as words of their own."""
    whole = frequency(word)
    return whole >= _COMMON and whole * 50 > min(frequency(half) for half in halves)


def unwrapped(lines: tuple[str, ...]) -> str:
    """Return lines as one text, a blank where a line ended; none within a Chinese sentence that was wrapped.

    >>> unwrapped(("我们在公", "园里")), unwrapped(("你好", "再见")), unwrapped(("two", "dogs"))
    ('我们在公园里', '你好 再见', 'two dogs')
    """
    text = lines[0] if lines else ""
    for upper, lower in pairwise(lines):
        closed = upper[-1] > "\u2fff" and not is_han(upper[-1])
        wrapped = is_han(upper[-1]) and is_han(lower[0]) and columns(upper) >= _WRAPPED_COLUMNS
        text += lower if closed or wrapped or cut_word(upper, lower) else f" {lower}"
    return text
