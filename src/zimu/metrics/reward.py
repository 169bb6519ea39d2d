"""CIDEr-D of many samples against references prepared once: the reward of self-critical training."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError
from zimu.metrics.cider import length_factor
from zimu.metrics.corpus import Corpus, IntArray
from zimu.metrics.grams import ORDERS, Table, iter_tables

__all__ = ["CiderReward"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Order:
    """What of the references' n-grams of one order is needed again and again.

    Attributes:
        keys: int64 [G], ascending, the number of an n-gram's first n-1 tokens and its last token.
        idf: float64 [G], the weight of one occurrence.
        pairs: int64 [R], ascending, n-gram and item of each run.
        weights: float64 [R], the run's weight in its reference.
        captions: int64 [R], the run's reference.
        norms: float64 [C], the length of each reference's vector.
    """

    keys: IntArray
    idf: FloatArray
    pairs: IntArray
    weights: FloatArray
    captions: IntArray
    norms: FloatArray


class CiderReward:
    """Scores batches of samples; the scores are those of `cider_d` with the same document frequencies.

    Args:
        references: An item's references as lists of tokens (integer ids or words), M items. Document
            frequencies are taken from them.

    Raises:
        ConfigError: An item has no reference.

    >>> reward = CiderReward([[[5, 6, 7]], [[5, 8]]])
    >>> reward.score([0, 0], [[5, 6, 7], [5, 8]]).round(2).tolist()
    [7.5, 0.0]
    """

    def __init__(self, references: Sequence[Sequence[Sequence[Hashable]]]) -> None:
        corpus = Corpus.from_tokens(references, [()] * len(references))
        self._corpus = corpus
        self._ids = {word: i for i, word in enumerate(corpus.words)}
        self._log_items = float(np.log(np.array([float(max(1, corpus.items))]))[0])
        self._orders: list[_Order] = []
        numbers = corpus.ids
        for table in iter_tables(corpus, prune=False):
            self._orders.append(self._prepare(table, numbers))
            numbers = np.full(len(corpus.ids), -1, np.int64)
            numbers[table.places] = np.repeat(table.grams, table.counts)

    def score(self, items: Sequence[int], samples: Sequence[Sequence[Hashable]]) -> FloatArray:
        """Return float64 [B], the CIDEr-D of each sample, 0 to 10.

        Args:
            items: Each sample's item, B numbers; an item may come several times.
            samples: B lists of tokens.

        Raises:
            ConfigError: The lengths differ, or there is no such item.
        """
        item = np.asarray(items, np.int64)
        self._check(item, samples)
        lengths = np.fromiter(map(len, samples), np.int64, len(samples))
        ids = self._number(samples, int(lengths.sum()))
        sample_of = np.repeat(np.arange(len(samples)), lengths)
        room = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(ids))
        bigrams = np.maximum(0, self._corpus.lengths - 1)
        sums = np.zeros(len(samples))
        known, local = ids, ids  # the n-grams' numbers in the references, and among the samples
        for order in range(ORDERS):
            at = np.flatnonzero(room > order)
            known, local = self._step(order, at, ids, known, local)
            sums += self._similarity(
                order, at, item, sample_of, known, local, np.maximum(0, lengths - 1), bigrams
            )
        return sums / ORDERS / self._corpus.reference_counts[item] * 10.0

    def _check(self, item: IntArray, samples: Sequence[Sequence[Hashable]]) -> None:
        if len(item) != len(samples):
            raise ConfigError(
                f"There are {len(item)} item numbers for {len(samples)} samples. Give one each."
            )
        wrong = item[(item < 0) | (item >= self._corpus.items)]
        if len(wrong):
            raise ConfigError(
                f"There is no item {wrong[0]}: the reward has items 0 to {self._corpus.items - 1}."
            )

    def _number(self, samples: Sequence[Sequence[Hashable]], count: int) -> IntArray:
        """Return int64 [count], tokens as the references number them, and higher numbers for others."""
        flat = list(itertools.chain.from_iterable(samples))
        others: dict[Hashable, int] = {}
        first = len(self._ids)
        known = self._ids.get
        out = [known(t, -1) for t in flat]
        if -1 in out:
            out = [
                i if i >= 0 else others.setdefault(t, first + len(others))
                for i, t in zip(out, flat, strict=True)
            ]
        return np.array(out, np.int64).reshape(count)

    def _prepare(self, table: Table, numbers: IntArray) -> _Order:
        corpus = self._corpus
        first = np.flatnonzero(np.diff(table.grams, prepend=-1))
        at = table.at[first]
        idf = self._log_items - np.log(np.maximum(1.0, table.documents))
        weights = table.counts * idf[table.grams]
        squares = np.zeros(len(corpus.ids))
        squares[table.at] = weights * weights
        return _Order(
            keys=self._key(numbers[at], corpus.ids[at + table.order - 1]),
            idf=idf,
            pairs=table.grams * corpus.items + corpus.item_of[table.captions],
            weights=weights,
            captions=table.captions,
            norms=np.sqrt(np.bincount(corpus.caption_of, squares, len(corpus.lengths))),
        )

    def _key(self, first: IntArray, last: IntArray) -> IntArray:
        return first * len(self._ids) + last

    def _step(
        self, order: int, at: IntArray, ids: IntArray, known: IntArray, local: IntArray
    ) -> tuple[IntArray, IntArray]:
        """Return int64 [N] twice: the n-grams' numbers one order up, -1 where the references lack them."""
        keys = self._orders[order].keys
        last = ids[at + order]
        if order == 0:
            prefix, prefix_local = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
            key = self._key(last, last)
        else:
            prefix, prefix_local = known[at], local[at]
            key = self._key(prefix, last)
        place = np.minimum(np.searchsorted(keys, key), max(0, len(keys) - 1))
        found = (prefix >= 0) & (last < len(self._ids)) & (keys[place] == key) if len(keys) else prefix < 0
        up, up_local = np.full(len(ids), -1, np.int64), np.full(len(ids), -1, np.int64)
        up[at] = np.where(found, place, -1)
        wide = int(ids.max(initial=0)) + 1
        up_local[at] = np.unique(prefix_local * wide + last, return_inverse=True)[1]
        return up, up_local

    def _similarity(
        self,
        order: int,
        at: IntArray,
        item: IntArray,
        sample_of: IntArray,
        known: IntArray,
        local: IntArray,
        length: IntArray,
        reference_length: IntArray,
    ) -> FloatArray:
        prepared = self._orders[order]
        pair = sample_of[at] * (int(local.max(initial=0)) + 1) + local[at]
        _, first, counts = np.unique(pair, return_index=True, return_counts=True)
        in_order = np.argsort(first)
        at, counts = at[first[in_order]], counts[in_order]
        gram, sample = known[at], sample_of[at]
        seen = gram >= 0
        weights = counts * np.where(seen, prepared.idf[gram] if len(prepared.idf) else 0.0, self._log_items)
        norms = np.sqrt(np.bincount(sample, weights * weights, len(item)))
        gram, sample, weights = gram[seen], sample[seen], weights[seen]
        wanted = gram * self._corpus.items + item[sample]
        low = np.searchsorted(prepared.pairs, wanted, "left")
        many = np.searchsorted(prepared.pairs, wanted, "right") - low
        run = np.repeat(low - np.cumsum(many) + many, many) + np.arange(int(many.sum()))
        of_sample = np.repeat(weights, many)
        of_reference = prepared.weights[run]
        dots = np.minimum(of_sample, of_reference) * of_reference
        return self._gather(order, item, np.repeat(sample, many), run, dots, norms, length, reference_length)

    def _gather(
        self,
        order: int,
        item: IntArray,
        sample: IntArray,
        run: IntArray,
        dots: FloatArray,
        norms: FloatArray,
        length: IntArray,
        reference_length: IntArray,
    ) -> FloatArray:
        """Sum products into pairs of sample and reference, and those into samples."""
        corpus, prepared = self._corpus, self._orders[order]
        first = corpus.firsts[item] + 1
        many = corpus.reference_counts[item]
        start = np.cumsum(many) - many
        pair_sample = np.repeat(np.arange(len(item)), many)
        pair_caption = np.arange(int(many.sum())) - np.repeat(start - first, many)
        where = start[sample] + prepared.captions[run] - first[sample]
        total = np.bincount(where, dots, len(pair_sample)).astype(np.float64, copy=False)
        both = norms[pair_sample] * prepared.norms[pair_caption]
        np.divide(total, both, out=total, where=both != 0)
        total *= length_factor(length[pair_sample] - reference_length[pair_caption])
        return np.bincount(pair_sample, total, len(item)).astype(np.float64, copy=False)
