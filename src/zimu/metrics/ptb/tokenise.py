"""The caption tokeniser of the COCO scores: lists of captions in, tokens or tokenised captions out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from zimu.errors import ConfigError
from zimu.metrics.ptb.alphabet import BREAKS
from zimu.metrics.ptb.lexer import Lexer, shared_lexer
from zimu.metrics.ptb.words import STOPPED, TWO_PART

__all__ = ["REMOVED", "Tokenised", "ptb_tokenize", "ptb_tokens", "tokenise_captions"]

# What the reference's wrapper drops. The tokeniser writes -lrb- in lower case, so brackets stay.
REMOVED = frozenset(
    ["''", "'", "``", "`", "-LRB-", "-RRB-", "-LCB-", "-RCB-", ".", "?", "!", ",", ":", "-", "--", "...", ";"]
)

_BREAK = re.compile(f"[{BREAKS}]")
_PLAIN = re.compile(r"([A-Za-z]{2,})([,.]?)(\n?)")
_ODD = "\x1c\x1d\x1e\x1f"  # white space to Python, not to the tokeniser; so are some characters beyond ASCII
_ODD_END = re.compile(r"[^\S \n]\n")
_BLOCK = 1000  # captions at a time: the pieces of more would fill the memory
_MOST_PIECES = 300_000
_LONGEST_PIECE = 100
_OPEN = "\0"  # a piece that only its neighbours decide


@dataclass(frozen=True, slots=True)
class Tokenised:
    """Captions as the scorers want them: tokens joined by single blanks, punctuation removed.

    Args:
        captions: one for each caption given, in order.
        repaired: positions of captions whose line breaks were replaced by blanks.
    """

    captions: list[str]
    repaired: list[int]


def tokenise_captions(captions: Sequence[str], *, each_alone: bool = False) -> Tokenised:
    """Tokenises captions like pycocoevalcap's `PTBTokenizer` and says which had line breaks inside.

    Args:
        captions: raw captions. A line break inside one counts as a blank; the reference would shift all later
            captions by one instead.
        each_alone: tokenise each caption without its neighbours. The reference reads all captions of a run as
            one text, in which the stop after a single letter or an abbreviation depends on the next caption's
            first word.

    Raises:
        ConfigError: `captions` is a single string.
    """
    texts, repaired = _repaired(captions)
    return Tokenised(list(_run(texts, each_alone, kept=True)), repaired)


def ptb_tokenize(captions: Sequence[str], *, each_alone: bool = False) -> list[str]:
    """Gives the captions tokenised, in lower case, without punctuation; see `tokenise_captions`.

    >>> ptb_tokenize(["A man's dog didn't bark.", "Two (small) cats"])
    ["a man 's dog did n't bark", 'two -lrb- small -rrb- cats']
    """
    return tokenise_captions(captions, each_alone=each_alone).captions


def ptb_tokens(captions: Sequence[str], *, each_alone: bool = False) -> list[list[str]]:
    """Gives all tokens of each caption, punctuation included; see `tokenise_captions`.

    >>> ptb_tokens(["I can't."])
    [['i', 'ca', "n't", '.']]
    """
    texts, _ = _repaired(captions)
    return [line.split(" ") if line else [] for line in _run(texts, each_alone, kept=False)]


def _repaired(captions: Sequence[str]) -> tuple[list[str], list[int]]:
    if isinstance(captions, str):
        raise ConfigError("`captions` is one string. Pass a list of captions: [text].")
    texts = list(captions)
    repaired = []
    for start in range(0, len(texts), _BLOCK):
        block = "\0".join(texts[start : start + _BLOCK])
        if not any(mark in block for mark in BREAKS):
            continue
        for number in range(start, min(start + _BLOCK, len(texts))):
            if _BREAK.search(texts[number]):
                if _BREAK.search(texts[number].strip()):
                    repaired.append(number)
                texts[number] = _BREAK.sub(" ", texts[number])
    return texts, repaired


def _kept(tokens: list[str]) -> str:
    return " ".join([token for token in tokens if token not in REMOVED])


def _kept_line(tokens: list[str]) -> str:
    """Like `_kept`, for a line: the wrapper strips it, and with it odd white space that ends a token."""
    return _kept(" ".join(tokens).rstrip().split(" ")) if tokens else ""


class _Pieces(dict[str, str]):
    """What a piece of text between blanks becomes; one that ends its caption has a line feed at its end."""

    def __init__(self, lexer: Lexer, spell: Callable[[list[str]], str], end: str) -> None:
        super().__init__()
        self._lexer = lexer
        self._spell = spell
        self._end = end  # what the reference would read after a caption: a line feed, or nothing
        self._signs = {sign: spell(["w", sign])[1:] for sign in ",."}

    def __missing__(self, piece: str) -> str:
        plain = _PLAIN.fullmatch(piece)
        value = None if plain is None else self._plain(*plain.groups())
        if value is None:
            value = self._looked_into(piece)
        if len(piece) <= _LONGEST_PIECE:
            self[piece] = value
        return value

    def _plain(self, word: str, sign: str, feed: str) -> str | None:
        """Spells a plain word, perhaps with a comma or the last stop of a caption: nine pieces in ten."""
        word = word.lower()
        if word in TWO_PART or (sign == "." and (word in STOPPED or not feed)):
            return None
        return word + self._signs[sign] + feed if sign else word + feed

    def _looked_into(self, piece: str) -> str:
        text = piece.removesuffix("\n")
        feed = piece[len(text) :]
        if len(piece) > _LONGEST_PIECE:
            return _OPEN + feed
        tokens = self._last(text) if feed else self._inner(text)
        return (_OPEN if tokens is None else self._spell(tokens)) + feed

    def _inner(self, text: str) -> list[str] | None:
        tokens, open_end = self._lexer.line(text + " ", len(text))
        return None if open_end or text[:1].isspace() else tokens

    def _last(self, text: str) -> list[str] | None:
        """Tokens of a last piece, if blanks after it, which are not kept, make no difference."""
        tokens, open_end = self._lexer.line(text + self._end)
        if text[:1].isspace() or (open_end and self._end):
            return None
        for blanks in (" ", "  "):
            others, open_end = self._lexer.line(text + blanks + self._end)
            if others != tokens or (open_end and self._end):
                return None
        return tokens


@cache
def _pieces(kept: bool, end: str) -> _Pieces:
    return _Pieces(shared_lexer(), _kept if kept else " ".join, end)


def _run(texts: list[str], each_alone: bool, *, kept: bool) -> Iterator[str]:
    pieces = _pieces(kept, "" if each_alone else "\n")
    for start in range(0, len(texts), _BLOCK):
        if len(pieces) > _MOST_PIECES:
            pieces.clear()
        block = texts[start : start + _BLOCK]
        lines = _block(block, pieces)
        if not each_alone and start + _BLOCK >= len(texts):
            lines[-1] = _OPEN  # nothing comes after the last caption of a run
        for number, line in enumerate(lines, start):
            if _OPEN in line:
                tokens = _in_context(texts, number, each_alone)
                line = _kept_line(tokens) if kept else " ".join(tokens)
            yield line


def _block(block: list[str], pieces: _Pieces) -> list[str]:
    """Looks all pieces of a block up; a line with an open one has `_OPEN` in it."""
    text = "\n".join([caption.rstrip(" ") for caption in block]) + "\n"
    found = " ".join(filter(None, map(pieces.__getitem__, text.replace("\n", "\n ").split(" "))))
    found = found.replace(" \n", "\n")
    if not found.isascii() or any(mark in found for mark in _ODD):
        found = _ODD_END.sub(_OPEN + "\n", found)
    return found.replace("\n ", "\n").split("\n")[:-1]


def _in_context(texts: list[str], number: int, each_alone: bool) -> list[str]:
    """Tokens of one caption, read with as many of the following captions as can matter."""
    lexer = shared_lexer()
    if each_alone:
        return lexer.line(texts[number])[0]
    ahead = 2
    while True:
        stop = number + ahead
        text = "\n".join(texts[number:stop]) + ("\n" if stop < len(texts) else "")
        tokens, open_end = lexer.line(text)
        if not open_end or stop >= len(texts):
            return tokens
        ahead *= 2
