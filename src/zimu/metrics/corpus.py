"""Captions as integer ids: one array for all captions of all items."""

from __future__ import annotations

import itertools
import sys
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError
from zimu.metrics.words import number_words

__all__ = ["Corpus", "IntArray", "index_type"]

_T = TypeVar("_T")
IntArray = npt.NDArray[np.signedinteger]


class _Characters(Sequence[str]):
    """The word of each number where the numbers are code points."""

    def __len__(self) -> int:
        return sys.maxunicode + 1

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return chr(range(len(self))[index])


_CHARACTERS = _Characters()


def index_type(count: int) -> type[np.signedinteger]:
    """Return the integers that number `count` things: half the memory where they suffice."""
    return np.int32 if count < 2**31 else np.int64


@dataclass(frozen=True)
class Corpus:
    """Items as one run of token ids: of each item its candidate, then its references.

    Attributes:
        ids: [N], the tokens of all captions, equal ones with equal numbers.
        starts: [C + 1], where each caption begins in `ids`, then N.
        firsts: [M + 1], the caption that is each item's candidate, then C.
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
        ids, lengths, words, differ = number_words(captions)
        by_blank = None
        if differ:
            ids_too, lengths_too, words_too, _ = number_words(captions, at_blanks=True)
            by_blank = cls(ids_too, _starts(lengths_too), _firsts(references), words_too)
        return cls(ids, _starts(lengths), _firsts(references), words, by_blank)

    @classmethod
    def from_characters(cls, references: Sequence[Sequence[str]], candidates: Sequence[str]) -> Corpus:
        """Take every character of texts as a token; its number is its code point.

        Args:
            references: An item's references, M items.
            candidates: One candidate an item.

        Raises:
            ConfigError: The lengths differ, or an item has no reference.
        """
        captions = list(_flatten(references, candidates))
        lengths = np.fromiter(map(len, captions), np.int64, len(captions))
        codes = np.frombuffer("".join(captions).encode("utf-32-le", "surrogatepass"), "<u4")
        return cls(codes.astype(np.int64), _starts(lengths), _firsts(references), _CHARACTERS)

    @property
    def items(self) -> int:
        """The number of items, M."""
        return len(self.firsts) - 1

    @cached_property
    def lengths(self) -> IntArray:
        """[C], the number of tokens of each caption."""
        return np.diff(self.starts)

    @cached_property
    def reference_counts(self) -> IntArray:
        """[M], the number of references of each item."""
        return np.diff(self.firsts) - 1

    @cached_property
    def item_of(self) -> IntArray:
        """[C], the item of each caption."""
        kind = index_type(self.items)
        return np.repeat(np.arange(self.items, dtype=kind), self.reference_counts + 1)

    @cached_property
    def caption_of(self) -> IntArray:
        """[N], the caption of each token."""
        kind = index_type(len(self.lengths))
        return np.repeat(np.arange(len(self.lengths), dtype=kind), self.lengths)

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
