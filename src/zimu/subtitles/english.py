"""Where an English line breaks: after punctuation, before conjunctions and prepositions, not within a phrase.

Source: Netflix Timed Text Style Guide, General Requirements, line treatment: a break must not part a noun
from its article or adjective, a first name from a last name, a verb from its subject pronoun, auxiliary or
negation, a prepositional verb from its preposition.
Departs: without a tagger, adjectives are told by a list and by their endings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["ARTICLES", "gap_cost"]

_FAULT = 200.0


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ARTICLES = _words("a an the")
_DETERMINERS = ARTICLES | _words(
    "my your his her its our their this that these those some any no every each either neither both all"
    " another which whose what other"
)
_PREPOSITIONS = _words(
    "of to in on at by for with from into onto upon about above across after against along among around"
    " before behind below beneath beside between beyond despite down during except inside near off out"
    " over past since through throughout toward towards under until up via within without like as than"
)
# After a verb these are more often a part of it (sit down, pick up) than the head of a phrase.
_PARTICLES = _words("up down out off over around")
_CONJUNCTIONS = _words(
    "and but or nor so yet because although though if unless while whereas when whenever where wherever"
    " who whom which that whether"
)
_AUXILIARIES = _words(
    "am is are was were be been being have has had do does did will would shall should can could may"
    " might must not never don't doesn't didn't won't wouldn't can't cannot couldn't shouldn't isn't"
    " aren't wasn't weren't haven't hasn't hadn't i'm you're we're they're he's she's it's i've you've"
    " we've they've i'll you'll we'll they'll he'll she'll i'd you'd we'd they'd let's very too more"
    " most"
)
_PRONOUNS = _words("i you he she we they it there")
_TITLES = _words("mr mrs ms dr prof st sir lord lady miss captain president")
_ADJECTIVES = _words(
    "black white red blue green yellow orange purple pink brown grey gray golden silver dark light"
    " bright tan big small large little tiny huge tall short long wide narrow high low old young new"
    " good bad great hot cold warm cool wet dry empty full open wooden metal plastic stone brick glass"
    " grassy sandy snowy rocky dirty clean same different other own main whole real"
)
_NUMERALS = _words(
    "two three four five six seven eight nine ten hundred thousand million several many few first"
    " second third last next"
)
_ADJECTIVE_ENDING = re.compile(r"\w{3,}(?:ous|ful|ive|able|ible|less|ish|colou?red)$|\w+-\w+$")
_SENTENCE_END = re.compile(r"""[.!?…]+["'”’)\]]*$""")
_CLAUSE_END = re.compile(r"""[,;:—–]["'”’)\]]*$|--$""")
_INITIALS = re.compile(r"(?:[A-Za-z]\.)+$")
_NAME = re.compile(r"[A-Z][\w’'.-]*$")
_NUMBER = re.compile(r"[$€£¥]?\d[\d.,:]*$")


def _bare(word: str) -> str:
    return word.strip("\"'“”‘’()[]{}.,;:!?…-—–").lower().replace("’", "'")


def gap_cost(words: Sequence[str], i: int, has_blank: bool) -> float:
    """Return what a break between word `i` and the next costs.

    Args:
        words: All words of the text.
        i: The word before the gap; it is not the last.
        has_blank: Whether a blank stands in the gap.
    """
    if not has_blank:
        return _FAULT
    left, right = _bare(words[i]), _bare(words[i + 1])
    if not right:  # a lone dash or quotation mark stays with the word before it
        return _FAULT
    if not left:
        return 3.0
    return _after_punctuation(words[i], left) or _between(words, i, left, right)


def _after_punctuation(word: str, left: str) -> float | None:
    """Return the cost after a word that ends in punctuation; None after any other."""
    if left in _TITLES and word.endswith("."):
        return _FAULT
    if _INITIALS.match(word):
        return 80.0
    if _SENTENCE_END.search(word):
        return 0.01  # not 0, which would read as "none"
    return 2.0 if _CLAUSE_END.search(word) else None


def _between(words: Sequence[str], i: int, left: str, right: str) -> float:
    """Return the cost between two words without punctuation."""
    if left in ARTICLES or left in _TITLES:
        return _FAULT
    follows = 4.0 if right in _CONJUNCTIONS else 6.0 if right in _PREPOSITIONS else None
    if left in _DETERMINERS and follows is None:
        return 80.0
    if left in _PREPOSITIONS and not (left in ("like", "as") and right == "to"):
        return 80.0
    if left in _CONJUNCTIONS or left in _PRONOUNS or left in _AUXILIARIES:
        return 60.0
    if right == "of":
        return 40.0
    if follows is not None:
        return 14.0 if right in _PARTICLES else follows
    if _NUMBER.match(words[i]) or left in _NUMERALS:
        return 80.0
    if i > 0 and right not in _PRONOUNS and _NAME.match(words[i]) and _NAME.match(words[i + 1]):
        return 80.0
    if left in _ADJECTIVES or _ADJECTIVE_ENDING.match(left):
        return 40.0
    return 14.0
