"""Captions as integer ids: one array for all captions of all items."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError

__all__ = ["Corpus", "IntArray"]

_T = TypeVar("_T")
IntArray = npt.NDArray[np.int64]

_BLOCK = 8192  # captions split at once: large enough to be quick, small enough to keep the words in the cache
_BORDER = "\x00"  # stands between two captions while they are split in one go
# What Python's split() separates at besides the blank.
_OTHER_SPACE = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
    "\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


@dataclass(frozen=True)
class Corpus:
    """Items as one run of token ids: of each item its candidate, then its references.

    Attributes:
        ids: int64 [N], the tokens of all captions, numbered in order of first appearance.
        starts: int64 [C + 1], where each caption begins in `ids`, then N.
        firsts: int64 [M + 1], the caption that is each item's candidate, then C.
        words: The token of each id.
        by_blank: The same captions split at single blanks only, where that differs (ROUGE-L does so).
    """

    ids: IntArray
    starts: IntArray
    firsts: IntArray
    words: Sequence[Hashable]
    by_blank: Corpus | None = field(default=None, repr=False)

    @classmethod
    def from_tokens(
        cls,
        references: Sequence[Sequence[Sequence[Hashable]]],
        candidates: Sequence[Sequence[Hashable]],
    ) -> Corpus:
        """Number the tokens of captions that are lists of tokens (words or integer ids).

        Args:
            references: An item's references, M items.
            candidates: One candidate an item.

        Raises:
            ConfigError: The lengths differ, or an item has no reference.
        """
        numbers: defaultdict[Hashable, int] = defaultdict(itertools.count().__next__)
        captions = list(_flatten(references, candidates))
        lengths = np.fromiter(map(len, captions), np.int64, len(captions))
        flat = itertools.chain.from_iterable(captions)
        ids = np.fromiter(map(numbers.__getitem__, flat), np.int64, int(lengths.sum()))
        return cls(ids, _starts(lengths), _firsts(references), list(numbers))

    @classmethod
    def from_texts(cls, references: Sequence[Sequence[str]], candidates: Sequence[str]) -> Corpus:
        """Number the tokens of captions that are tokenised texts, split at white space.

        Args:
            references: An item's references, M items.
            candidates: One candidate an item.

        Raises:
            ConfigError: The lengths differ, or an item has no reference.
        """
        captions = list(_flatten(references, candidates))
        numbers: defaultdict[str, int] = defaultdict(itertools.count().__next__)
        blocks = [_number_block(captions[i : i + _BLOCK], numbers) for i in range(0, len(captions), _BLOCK)]
        ids = np.concatenate([b[0] for b in blocks]) if blocks else np.zeros(0, np.int64)
        lengths = np.concatenate([b[1] for b in blocks]) if blocks else np.zeros(0, np.int64)
        by_blank = None
        if any(b[2] for b in blocks):
            by_blank = cls.from_tokens(
                [[r.split(" ") for r in refs] for refs in references], [c.split(" ") for c in candidates]
            )
        return cls(ids, _starts(lengths), _firsts(references), list(numbers), by_blank)

    @property
    def items(self) -> int:
        """The number of items, M."""
        return len(self.firsts) - 1

    @cached_property
    def lengths(self) -> IntArray:
        """int64 [C], the number of tokens of each caption."""
        return np.diff(self.starts)

    @cached_property
    def reference_counts(self) -> IntArray:
        """int64 [M], the number of references of each item."""
        return np.diff(self.firsts) - 1

    @cached_property
    def item_of(self) -> IntArray:
        """int64 [C], the item of each caption."""
        return np.repeat(np.arange(self.items), self.reference_counts + 1)

    @cached_property
    def caption_of(self) -> IntArray:
        """int64 [N], the caption of each token."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    @cached_property
    def is_candidate(self) -> npt.NDArray[np.bool_]:
        """bool [C], true for each item's candidate."""
        mask = np.zeros(len(self.lengths), np.bool_)
        mask[self.firsts[:-1]] = True
        return mask


def _flatten(references: Sequence[Sequence[_T]], candidates: Sequence[_T]) -> Iterator[_T]:
    if len(references) != len(candidates):
        raise ConfigError(
            f"There are {len(references)} items with references and {len(candidates)} candidates. "
            "Give one candidate an item."
        )
    for i, (refs, candidate) in enumerate(zip(references, candidates, strict=True)):
        if not refs:
            raise ConfigError(f"Item {i} has no reference. Give it one or leave the item out.")
        yield candidate
        yield from refs


def _firsts(references: Sequence[Sequence[object]]) -> IntArray:
    return _starts(np.fromiter(map(len, references), np.int64, len(references)) + 1)


def _starts(lengths: IntArray) -> IntArray:
    out = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=out[1:])
    return out


def _number_block(captions: list[str], numbers: defaultdict[str, int]) -> tuple[IntArray, IntArray, bool]:
    """Return ids, lengths, and whether splitting at single blanks would give other tokens."""
    joined = f" {_BORDER} ".join(captions)
    words = joined.split()
    if words.count(_BORDER) != len(captions) - 1:  # a caption has the border as a word of its own
        split = [c.split() for c in captions]
        lengths = np.fromiter(map(len, split), np.int64, len(split))
        ids = np.fromiter(
            map(numbers.__getitem__, itertools.chain.from_iterable(split)), np.int64, int(lengths.sum())
        )
        return ids, lengths, True
    border = numbers[_BORDER]
    ids = np.fromiter(map(numbers.__getitem__, words), np.int64, len(words))
    at = np.flatnonzero(ids == border)
    lengths = np.diff(at, prepend=-1, append=len(ids)) - 1
    return ids[ids != border], lengths, _splits_differ(joined, captions)


def _splits_differ(joined: str, captions: list[str]) -> bool:
    others = _OTHER_SPACE[:9] if joined.isascii() else _OTHER_SPACE
    if any(space in joined for space in others):
        return True
    # An empty caption is handled by ROUGE-L itself; two blanks in a row inside a caption are not.
    return "  " in joined and any("  " in c or c[:1] == " " or c[-1:] == " " for c in captions)
