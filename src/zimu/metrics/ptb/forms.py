"""How a token is spelled in the output; lower case is put on afterwards."""

from __future__ import annotations

import re

__all__ = [
    "brackets",
    "curly_quotes",
    "double_quote",
    "hard_blanks",
    "joined_ampersand",
    "lower",
    "opening_quote",
    "phone",
    "sign",
    "single_quote",
    "smiley",
    "straight_apostrophe",
    "unbroken",
]

_BRACKETS = {"(": "-LRB-", ")": "-RRB-", "[": "-LSB-", "]": "-RSB-", "{": "-LCB-", "}": "-RCB-"}
_ROUND = str.maketrans({"(": "-LRB-", ")": "-RRB-"})
_BRACKET_NAMES = str.maketrans(_BRACKETS)
_CURLY = str.maketrans(
    {
        **dict.fromkeys("\u0091\u2018\u201b\u2039", "`"),
        **dict.fromkeys("\u0092\u2019\u203a", "'"),
        **dict.fromkeys("\u0093\u201c\u00ab", "``"),
        **dict.fromkeys("\u0094\u201d\u00bb", "''"),
    }
)
_APOSTROPHES = str.maketrans({"\u0091": "`", "\u2018": "`", "\u0092": "'", "\u2019": "'"})
# What a sigma looks back and ahead over: not past most punctuation or Chinese and Japanese characters.
_WORD = re.compile(r"[^\s!-&(-,/:-@\[-^`{-~\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")
_SIGNS = {
    "\u00a3": "#",
    "\u00a2": "cents",
    **dict.fromkeys("\u00a4\u0080\u20a0\u20ac", "$"),
    "\u00bc": "1/4",
    "\u00bd": "1/2",
    "\u00be": "3/4",
    "\u2153": "1/3",
    "\u2154": "2/3",
}


def lower(token: str) -> str:
    """Puts a token in lower case as Java does, for which a sigma can end a word after digits too."""
    if "\u03a3" not in token:
        return token.lower()
    return _WORD.sub(_lower_sigmas, token).lower()


def _lower_sigmas(match: re.Match[str]) -> str:
    word = match[0]
    cased = [place for place, char in enumerate(word) if char.lower() != char.upper()]
    chars = list(word)
    for place in cased:
        if chars[place] == "\u03a3":
            ends_word = place == cased[-1] and place != cased[0]
            chars[place] = "\u03c2" if ends_word else "\u03c3"
    return "".join(chars)


def unbroken(token: str) -> str:
    """Takes soft hyphens out; one that stands alone is a hyphen."""
    return token.replace("\u00ad", "") or "-"


def straight_apostrophe(token: str) -> str:
    """Spells the apostrophe of a contraction as `'`, an opening quote in its place as a backquote."""
    return token.replace("&apos;", "'").translate(_APOSTROPHES)


def double_quote(token: str) -> str:
    """Closes: `''`; the entity in capitals is not understood and stays."""
    return "''" if token in ('"', "&quot;") else token


def opening_quote(token: str) -> str:
    """Opens: two backquotes; the entity in capitals is not understood and stays."""
    return "``" if token in ('"', "&quot;") else token


def single_quote(token: str) -> str:
    """Spells the apostrophe's entity, unless in capitals."""
    return "'" if token == "&apos;" else token


def curly_quotes(token: str) -> str:
    """Spells typographic quotes in ASCII, one character after the other."""
    return token.translate(_CURLY)


def brackets(token: str) -> str:
    """Names the brackets."""
    return token.translate(_BRACKET_NAMES)


def smiley(token: str) -> str:
    """Names round brackets; square ones are part of the face."""
    return token.translate(_ROUND)


def phone(token: str) -> str:
    """Names the brackets of a telephone number and makes its blanks hard."""
    return hard_blanks(brackets(token))


def hard_blanks(token: str) -> str:
    """Replaces blanks inside a token, which would split it, by no-break spaces."""
    return token.replace(" ", "\u00a0")


def joined_ampersand(token: str) -> str:
    """Spells the entity in `A&amp;M`."""
    return re.sub("&amp;", "&", token, flags=re.IGNORECASE)


def sign(token: str) -> str:
    """Spells currency signs and vulgar fractions in ASCII; others stay."""
    return _SIGNS.get(token, token)
