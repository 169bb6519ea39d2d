"""Where an English line breaks: after punctuation, before conjunctions and prepositions, not within a phrase.

Source: Netflix Timed Text Style Guide, General Requirements, line treatment: a break must not part a noun
from its article or adjective, a first name from a last name, a verb from its subject pronoun, auxiliary or
negation, a prepositional verb from its preposition.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["gap_cost"]

_FAULT = 200.0


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ARTICLES = _words(
    "a an the my your his her its our their this that these those some any no every each either "
    "neither both all another which whose what"
)
_PREPOSITIONS = _words(
    "of to in on at by for with from into onto upon about above across after against along among "
    "around before behind below beneath beside between beyond despite down during except inside near "
    "off over past since through throughout toward towards under until up via within without like as "
    "than"
)
_CONJUNCTIONS = _words(
    "and but or nor so yet because although though if unless while whereas when whenever where "
    "wherever who whom which that whether"
)
_AUXILIARIES = _words(
    "am is are was were be been being have has had do does did will would shall should can could may "
    "might must not never n't don't doesn't didn't won't wouldn't can't cannot couldn't "
    "shouldn't isn't aren't wasn't weren't haven't hasn't hadn't i'm you're we're they're he's she's "
    "it's i've you've we've they've i'll you'll we'll they'll he'll she'll i'd you'd we'd they'd "
    "let's very too more most"
)
_PRONOUNS = _words("i you he she we they it there")
_TITLES = _words("mr mrs ms dr prof st sir lord lady miss captain president")

_SENTENCE_END = re.compile(r"""[.!?…]+["'”’)\]]*$""")
_CLAUSE_END = re.compile(r"""[,;:—–]["'”’)\]]*$|--$""")
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
    this, after = words[i], words[i + 1]
    left, right = _bare(this), _bare(after)
    if not right or not left:  # a lone dash or quotation mark stays with the word that it belongs to
        return _FAULT if not right else 20.0
    if (left in _TITLES and this.endswith(".")) or (len(left) == 1 and left.isalpha() and _initial(this)):
        return _FAULT
    if _SENTENCE_END.search(this):
        return 0.0
    if _CLAUSE_END.search(this):
        return 2.0
    if left in _ARTICLES or left in _TITLES:
        return _FAULT
    if left in _PREPOSITIONS:
        return 80.0
    if left in _CONJUNCTIONS or left in _PRONOUNS or left in _AUXILIARIES:
        return 60.0
    if _NUMBER.fullmatch(this):
        return 80.0
    if _NAME.fullmatch(this) and _NAME.fullmatch(after) and right not in _PRONOUNS and i > 0:
        return 80.0
    if right in _CONJUNCTIONS:
        return 4.0
    if right in _PREPOSITIONS:
        return 6.0
    return 14.0


def _initial(word: str) -> bool:
    return word[:1].isupper() and word.endswith(".")
