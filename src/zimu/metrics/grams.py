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

from zimu.metrics.corpus import Corpus, IntArray

__all__ = ["ORDERS", "Table", "iter_tables"]

ORDERS = 4


@dataclass(frozen=True)
class Table:
    """The n-grams of one order. A *run* is one n-gram in one caption, a *group* one n-gram in one item.

    Attributes:
        order: n.
        places: int64 [n], where the n-grams stand in the corpus's tokens, run by run.
        at: int64 [R], where each run's n-gram first stands in the corpus's tokens.
        counts: int64 [R], how often the caption has it.
        captions: int64 [R], the run's caption.
        grams: int64 [R], the number of the run's n-gram.
        documents: int64 [G], by n-gram, the number of items that have it in a reference.
        groups: int64 [R], the group of each run.
        group_starts: int64 [S], the first run of each group: the candidate's if the candidate has it.
        shared: int64 [P], the runs of references whose n-gram is in the candidate too.
        alone: int64 [A], where the n-grams stand that occur once in the corpus and have no run.
    """

    order: int
    places: IntArray
    at: IntArray
    counts: IntArray
    captions: IntArray
    grams: IntArray
    documents: IntArray
    groups: IntArray
    group_starts: IntArray
    shared: IntArray
    alone: IntArray


def iter_tables(corpus: Corpus, *, prune: bool = True) -> Iterator[Table]:
    """Yield the tables of orders 1 to 4.

    Args:
        corpus: The captions.
        prune: Leave n-grams that occur once in the corpus to `alone`; without it they have runs too.
    """
    ids, ends = corpus.ids, corpus.starts[1:]
    room = ends[corpus.caption_of] - np.arange(len(ids))  # tokens from here to the caption's end
    numbers = ids
    at = np.arange(len(ids))
    alone = at[:0]
    for order in range(1, ORDERS + 1):
        last = ids[at + order - 1]
        keys, places = _sorted(numbers[at], last, at)
        new = np.ones(len(keys), np.bool_)
        np.not_equal(keys[1:], keys[:-1], out=new[1:])
        gram = np.cumsum(new) - 1
        yield _table(corpus, order, places, new, gram, alone)
        if order == ORDERS:
            return
        numbers = np.full(len(ids), -1, np.int64)
        repeated = np.ones(len(places), np.bool_)
        if prune:
            repeated = ~new
            repeated[:-1] |= ~new[1:]
        numbers[places[repeated]] = gram[repeated]
        fits = np.flatnonzero(room > order)
        keep = (numbers[fits] >= 0) & (numbers[fits + 1] >= 0)
        at, alone = fits[keep], fits[~keep]


def _sorted(first: IntArray, last: IntArray, at: IntArray) -> tuple[IntArray, IntArray]:
    """Return keys of (first, last) and positions, sorted by key and then position."""
    if not len(at):
        return at, at
    last_bits = int(last.max()).bit_length()
    at_bits = int(at[-1]).bit_length()
    key = (first << last_bits) | last
    if int(first.max()).bit_length() + last_bits + at_bits <= 63:
        packed = np.sort((key << at_bits) | at)
        return packed >> at_bits, packed & ((1 << at_bits) - 1)
    by_key = np.argsort(key, kind="stable")
    return key[by_key], at[by_key]


def _table(
    corpus: Corpus, order: int, at: IntArray, new: npt.NDArray[np.bool_], gram: IntArray, alone: IntArray
) -> Table:
    caption = corpus.caption_of[at]
    starts = new.copy()
    starts[1:] |= caption[1:] != caption[:-1]
    first = np.flatnonzero(starts)
    captions, grams = caption[first], gram[first]
    item = corpus.item_of[captions]
    opens = np.ones(len(first), np.bool_)
    opens[1:] = (grams[1:] != grams[:-1]) | (item[1:] != item[:-1])
    group_starts = np.flatnonzero(opens)
    groups = np.cumsum(opens) - 1
    candidate = corpus.is_candidate[captions]
    group_ends = np.append(group_starts[1:], len(first))[: len(group_starts)] - 1
    referenced = grams[group_starts[~candidate[group_ends]]]
    documents = np.bincount(referenced, minlength=int(gram[-1]) + 1 if len(gram) else 0)
    shared = np.flatnonzero(candidate[group_starts][groups] & ~candidate)
    return Table(
        order=order,
        places=at,
        at=at[first],
        counts=np.diff(first, append=len(at)),
        captions=captions,
        grams=grams,
        documents=documents,
        groups=groups,
        group_starts=group_starts,
        shared=shared,
        alone=alone,
    )
