"""Words cut into pieces that recur, so that no word is unknown and rare ones share what they are made of.

Source: the pieces are learned by byte-pair encoding over characters (Sennrich et al. 2016, arXiv:1508.07909,
algorithm 1). A word is cut from its left by the longest piece that fits, as WordPiece does (Wu et al. 2016,
arXiv:1609.08144, section 4.1), so that the list of pieces is all that has to be kept. Departs: a piece that
goes on within a word is marked (`##`), not the end of a word.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

__all__ = ["INSIDE", "cut_word", "learn_pieces", "word_starts", "words_of"]

# Begins a piece that does not begin a word; no token of a caption holds the character.
INSIDE = "##"

_Pair = tuple[str, str]


def learn_pieces(counts: Mapping[str, int], size: int) -> list[str]:
    """Return the pieces of a language: its characters, then joined pairs, the most frequent pair first.

    Args:
        counts: {word: how often it stands in the texts}.
        size: Pieces wanted; fewer come back when no pair stands twice, more when the characters are more.

    >>> learn_pieces({"low": 5, "lower": 2}, 8)
    ['##e', '##o', '##r', '##w', 'l', '##ow', 'low', '##er']
    """
    words = {word: [word[0], *(INSIDE + c for c in word[1:])] for word in sorted(counts) if word}
    pieces = dict.fromkeys(sorted({piece for parts in words.values() for piece in parts}))
    pairs: Counter[_Pair] = Counter()
    where: defaultdict[_Pair, set[str]] = defaultdict(set)
    for word, parts in words.items():
        for pair in pairwise(parts):
            pairs[pair] += counts[word]
            where[pair].add(word)
    # What is popped may be outdated: the count of a pair changes when its neighbours are joined.
    queue = [(-times, pair) for pair, times in pairs.items()]
    heapify(queue)
    while queue and len(pieces) < size:
        times, best = heappop(queue)
        if -times != pairs[best]:
            continue
        if -times < 2:
            break
        joined = best[0] + best[1].removeprefix(INSIDE)
        pieces[joined] = None
        changed: set[_Pair] = set()
        for word in where.pop(best):
            for pair in pairwise(words[word]):
                pairs[pair] -= counts[word]
                changed.add(pair)
            words[word] = _join(words[word], best, joined)
            for pair in pairwise(words[word]):
                pairs[pair] += counts[word]
                where[pair].add(word)
                changed.add(pair)
        for pair in changed:
            heappush(queue, (-pairs[pair], pair))
    return list(pieces)


def _join(parts: Sequence[str], pair: _Pair, joined: str) -> list[str]:
    out: list[str] = []
    for part in parts:
        # The part before may be one that was just joined; such a pair waits for its own turn.
        if out and (out[-1], part) == pair:
            out[-1] = joined
        else:
            out.append(part)
    return out


def cut_word(word: str, known: Container[str]) -> list[str]:
    """Return the pieces of a word, the longest known one first, or nothing where one is missing.

    >>> cut_word("slower", {"s", "low", "##low", "##er"})
    ['s', '##low', '##er']
    """
    out: list[str] = []
    first = 0
    while first < len(word):
        mark = INSIDE if first else ""
        last = len(word)
        while mark + word[first:last] not in known:
            last -= 1
            if last == first:
                return []
        out.append(mark + word[first:last])
        first = last
    return out


def word_starts(tokens: Sequence[str]) -> list[int]:
    """Return where each word begins among tokens that may be pieces."""
    return [i for i, token in enumerate(tokens) if not i or not token.startswith(INSIDE)]


def words_of(tokens: Sequence[str]) -> list[str]:
    """Return pieces put together to words; other tokens stay as they are.

    >>> words_of(["a", "slow", "##er", "dog"])
    ['a', 'slower', 'dog']
    """
    words: list[str] = []
    for token in tokens:
        if words and token.startswith(INSIDE):
            words[-1] += token.removeprefix(INSIDE)
        else:
            words.append(token)
    return words
