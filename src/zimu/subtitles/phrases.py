"""Where a text may be broken, and how much a reader minds.

A text is a row of pieces that are never broken. Each gap between two pieces has a cost: 0 after a sentence, a
thousand where a break is a fault (before a full stop, between an article and its noun).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from zimu.subtitles import chinese, english
from zimu.subtitles.measure import columns
from zimu.text.languages import is_han

__all__ = ["FAULT", "Piece", "joined", "pieces"]

# A gap that costs so much is used only where the text between two such gaps is wider than a line.
FAULT = 200.0

_KANA = "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that is never broken.

    Attributes:
        text: The stretch, without outer blanks.
        has_blank: Whether a blank follows where the next piece stands on the same line.
        cost: What a break after it costs.
        columns: The width of the text.
    """

    text: str
    has_blank: bool
    cost: float
    columns: int


@lru_cache(maxsize=2048)
def pieces(text: str, language: str) -> tuple[Piece, ...]:
    """Split a text into pieces with the costs of the gaps between them.

    Args:
        text: One sentence or several; line ends count as blanks.
        language: "zh" or "en"; each language's rules are used where its script stands.
    """
    tokens: list[tuple[str, bool]] = []
    for chunk in text.split():
        parts = chinese.split(chunk) if _is_cjk(chunk) else [chunk]
        tokens += [(part, False) for part in parts[:-1]] + [(parts[-1], True)]
    words = [token for token, _ in tokens]
    rules = chinese.gap_cost if language == "zh" else english.gap_cost
    out = []
    for i, (word, has_blank) in enumerate(tokens):
        cost = rules(words, i, has_blank) if i + 1 < len(words) else 0.0
        out.append(Piece(word, has_blank, cost, columns(word)))
    return tuple(out)


def joined(row: Sequence[Piece]) -> str:
    """Return pieces as they stand on one line."""
    return "".join(p.text + (" " if p.has_blank else "") for p in row).rstrip()


def _is_cjk(chunk: str) -> bool:
    return any(c > "\u2fff" and (is_han(c) or re.match(f"[{_KANA}]", c) is not None) for c in chunk)
