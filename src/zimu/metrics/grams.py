"""N-grams by sorting: each order is one sort of integers, not a dictionary of tuples of strings.

An n-gram is keyed by the number of its first n-1 tokens and its last token. Key and position are packed
into one integer and sorted, so that equal n-grams lie together, ordered by item, caption and place. An
n-gram that holds an (n-1)-gram seen only once in the corpus is itself seen only once; such n-grams have
no partner and are left out of the sort.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zimu.metrics.corpus import Corpus, IntArray, index_type

__all__ = ["ORDERS", "Table", "iter_tables"]

ORDERS = 4


@dataclass(frozen=True)
class Table:
    """The n-grams of one order. A *run* is one n-gram in one caption; they come by n-gram, then by caption.

    Attributes:
        order: n.
        places: [n], where the n-grams stand in the corpus's tokens, run by run.
        firsts: [R], the first of each run's `places`.
        counts: [R], how often the caption has it.
        captions: [R], the run's caption.
        grams: [R], the number of the run's n-gram.
        documents: [G], by n-gram, the number of items that have it in a reference.
        shared: [P], the runs of references whose n-gram is in the candidate, too.
        mates: [P], the candidate's run for each of them.
        alone: [A], where the n-grams stand that occur once in the corpus and have no run.
    """

    order: int
    places: IntArray
    firsts: IntArray
    counts: IntArray
    captions: IntArray
    grams: IntArray
    documents: IntArray
    shared: IntArray
    mates: IntArray
    alone: IntArray

    @property
    def at(self) -> IntArray:
        """[R], where each run's n-gram stands first."""
        return self.places[self.firsts]


def iter_tables(corpus: Corpus, *, prune: bool = True) -> Iterator[Table]:
    """Yield the tables of orders 1 to 4.

    Args:
        corpus: The captions.
        prune: Leave n-grams that occur once in the corpus to `alone`; without it they have runs too.
    """
    ids = corpus.ids
    kind = index_type(len(ids))
    room = np.repeat(corpus.starts[1:], corpus.lengths).astype(kind)
    room -= np.arange(len(ids), dtype=kind)  # tokens from here to the caption's end
    numbers = ids
    at = np.arange(len(ids), dtype=kind)
    alone = at[:0]
    for order in range(1, ORDERS + 1):
        new, places = _sorted(numbers[at], ids[at + (order - 1)], at)
        grams = np.cumsum(new, dtype=kind)
        grams -= 1
        yield _table(corpus, order, places, new, grams, alone)
        if order == ORDERS:
            return
        numbers = np.full(len(ids), -1, kind)
        if prune:
            repeated = ~new
            repeated[:-1] |= ~new[1:]
            places, grams = places[repeated], grams[repeated]
        numbers[places] = grams
        fits = np.flatnonzero(room > order).astype(kind)
        keep = (numbers[fits] >= 0) & (numbers[fits + 1] >= 0)
        at, alone = fits[keep], fits[~keep]


def _sorted(first: IntArray, last: IntArray, at: IntArray) -> tuple[npt.NDArray[np.bool_], IntArray]:
    """Sort (first, last) and position; return whether each is the first of its kind, and the positions."""
    if not len(at):
        return np.zeros(0, np.bool_), at
    last_bits = int(last.max()).bit_length()
    at_bits = int(at[-1]).bit_length()
    key = first.astype(np.int64)
    key <<= last_bits
    key |= last
    if int(first.max()).bit_length() + last_bits + at_bits <= 63:
        key <<= at_bits
        key |= at
        key.sort()
        places = (key & ((1 << at_bits) - 1)).astype(at.dtype)
        key >>= at_bits
    else:
        by_key = np.argsort(key, kind="stable")
        key, places = key[by_key], at[by_key]
    new = np.ones(len(key), np.bool_)
    np.not_equal(key[1:], key[:-1], out=new[1:])
    return new, places


def _table(
    corpus: Corpus,
    order: int,
    places: IntArray,
    new: npt.NDArray[np.bool_],
    grams: IntArray,
    alone: IntArray,
) -> Table:
    kind = places.dtype
    caption = corpus.caption_of[places]
    starts = new.copy()
    starts[1:] |= caption[1:] != caption[:-1]
    firsts = np.flatnonzero(starts).astype(kind)
    captions, grams_of = caption[firsts], grams[firsts]
    item = corpus.item_of[captions]
    # A group is one n-gram in one item; the candidate is an item's first caption, so it opens its group.
    opens = np.ones(len(firsts), np.bool_)
    opens[1:] = (grams_of[1:] != grams_of[:-1]) | (item[1:] != item[:-1])
    candidate = corpus.is_candidate[captions]
    closes = np.append(opens[1:], True)[: len(opens)]
    referenced = grams_of[closes & ~candidate]
    opener = np.flatnonzero(opens).astype(kind)[np.cumsum(opens) - 1]
    shared = np.flatnonzero(candidate[opener] & ~candidate).astype(kind)
    return Table(
        order=order,
        places=places,
        firsts=firsts,
        counts=np.diff(firsts, append=kind.type(len(places))),
        captions=captions,
        grams=grams_of,
        documents=np.bincount(referenced, minlength=int(grams[-1]) + 1 if len(grams) else 0),
        shared=shared,
        mates=opener[shared],
        alone=alone,
    )
