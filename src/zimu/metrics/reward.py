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

_ROOM = 1 << 20  # numbers kept free for tokens of samples that no reference has


@dataclass(frozen=True)
class _Order:
    """What of the references' n-grams of one order is needed again and again.

    Attributes:
        keys: int64 [G], ascending: the number of an n-gram's first n-1 tokens and its last token.
        idf: float64 [G], the weight of one occurrence.
        pairs: int64 [S], ascending: n-gram and item, where a reference of the item has it.
        pair_starts: int64 [S + 1], the first run of each pair, then R.
        weights: float64 [R], the weight of each run (one n-gram in one reference).
        captions: int64 [R], the run's reference.
        norms: float64 [C], the length of each reference's vector.
    """

    keys: IntArray
    idf: FloatArray
    pairs: IntArray
    pair_starts: IntArray
    weights: FloatArray
    captions: IntArray
    norms: FloatArray


@dataclass(frozen=True)
class _Batch:
    """Samples as one run of tokens.

    Attributes:
        item: int64 [B], the item of each sample.
        ids: int64 [N], tokens.
        sample: int64 [N], the sample of each token.
        room: int64 [N], tokens from here to the sample's end.
        reference: int64 [P], for each pair of a sample and one of its references: the reference.
        pair_sample: int64 [P], and the sample.
        pair_starts: int64 [B], where each sample's pairs begin.
        factor: float64 [P], the factor for their difference of length.
    """

    item: IntArray
    ids: IntArray
    sample: IntArray
    room: IntArray
    reference: IntArray
    pair_sample: IntArray
    pair_starts: IntArray
    factor: FloatArray


class CiderReward:
    """Scores batches of samples; the scores are those of `cider` with the same document frequencies.

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
        self._stride = len(self._ids) + _ROOM
        self._log_items = float(np.log(np.array([float(max(1, corpus.items))]))[0])
        self._orders: list[_Order] = []
        numbers: IntArray = np.zeros(len(corpus.ids), np.int64)
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
        batch = self._batch(np.asarray(items, np.int64), samples)
        sums = np.zeros(len(samples))
        numbers: IntArray = np.zeros(len(batch.ids), np.int64)
        for order, prepared in enumerate(self._orders):
            at = np.flatnonzero(batch.room > order)
            numbers = self._number(prepared, batch, numbers, at, order)
            sums += self._similarity(prepared, batch, numbers, at)
        return sums / ORDERS / self._corpus.reference_counts[batch.item] * 10.0

    def _batch(self, item: IntArray, samples: Sequence[Sequence[Hashable]]) -> _Batch:
        corpus = self._corpus
        if len(item) != len(samples):
            raise ConfigError(
                f"There are {len(item)} item numbers for {len(samples)} samples. Give one each."
            )
        wrong = item[(item < 0) | (item >= corpus.items)]
        if len(wrong):
            raise ConfigError(f"There is no item {wrong[0]}: the reward has items 0 to {corpus.items - 1}.")
        lengths = np.fromiter(map(len, samples), np.int64, len(samples))
        sample = np.repeat(np.arange(len(samples)), lengths)
        many = corpus.reference_counts[item]
        pair_starts = np.cumsum(many) - many
        reference = np.arange(int(many.sum())) - np.repeat(pair_starts - corpus.firsts[item] - 1, many)
        pair_sample = np.repeat(np.arange(len(item)), many)
        bigrams = np.maximum(0, lengths - 1)[pair_sample]
        return _Batch(
            item=item,
            ids=self._tokens(samples),
            sample=sample,
            room=np.cumsum(lengths)[sample] - np.arange(len(sample)),
            reference=reference,
            pair_sample=pair_sample,
            pair_starts=pair_starts,
            factor=length_factor(bigrams - np.maximum(0, corpus.lengths - 1)[reference]),
        )

    def _tokens(self, samples: Sequence[Sequence[Hashable]]) -> IntArray:
        """Return [N], tokens as the references number them, and numbers above those for others."""
        flat = list(itertools.chain.from_iterable(samples))
        known = self._ids.get
        out = [known(token, -1) for token in flat]
        if -1 in out:
            others: dict[Hashable, int] = {}
            first = len(self._ids)
            out = [
                i if i >= 0 else others.setdefault(t, first + len(others))
                for i, t in zip(out, flat, strict=True)
            ]
        return np.array(out, np.int64)

    def _prepare(self, table: Table, numbers: IntArray) -> _Order:
        corpus = self._corpus
        at = table.at
        begins = at[np.flatnonzero(np.diff(table.grams, prepend=-1))]
        idf = self._log_items - np.log(np.maximum(1.0, table.documents))
        weights = table.counts * idf[table.grams]
        squares = np.zeros(len(corpus.ids))
        squares[at] = weights * weights
        pairs = table.grams.astype(np.int64) * corpus.items + corpus.item_of[table.captions]
        opens = np.flatnonzero(np.diff(pairs, prepend=-1))
        return _Order(
            keys=numbers[begins] * self._stride + corpus.ids[begins + table.order - 1],
            idf=idf,
            pairs=pairs[opens],
            pair_starts=np.append(opens, len(pairs)),
            weights=weights,
            captions=table.captions,
            norms=np.sqrt(np.bincount(corpus.caption_of, squares, len(corpus.lengths))),
        )

    def _number(
        self, prepared: _Order, batch: _Batch, numbers: IntArray, at: IntArray, order: int
    ) -> IntArray:
        """Return [N], the n-grams' numbers one order up: the references', and above those for others."""
        key = numbers[at] * self._stride + batch.ids[at + order]
        different, inverse = np.unique(key, return_inverse=True)
        count = len(prepared.keys)
        place = np.searchsorted(prepared.keys, different)
        found = prepared.keys[np.minimum(place, count - 1)] == different if count else place < 0
        out = np.full(len(numbers), -1, np.int64)
        out[at] = np.where(found, place, count + np.arange(len(different)))[inverse]
        return out

    def _similarity(self, prepared: _Order, batch: _Batch, numbers: IntArray, at: IntArray) -> FloatArray:
        """Return float64 [B], the sums over references of one order."""
        wide = int(numbers.max(initial=0)) + 1
        _, first, counts = np.unique(
            batch.sample[at] * wide + numbers[at], return_index=True, return_counts=True
        )
        in_order = np.argsort(first)
        at, counts = at[first[in_order]], counts[in_order]
        gram, sample = numbers[at], batch.sample[at]
        known = gram < len(prepared.idf)
        weights = counts * self._log_items
        weights[known] = counts[known] * prepared.idf[gram[known]]
        norms = np.sqrt(np.bincount(sample, weights * weights, len(batch.item)))
        gram, sample, weights = gram[known], sample[known], weights[known]
        pair = gram * self._corpus.items + batch.item[sample]
        place = np.searchsorted(prepared.pairs, pair)
        place = np.minimum(place, max(0, len(prepared.pairs) - 1))
        hit = prepared.pairs[place] == pair if len(pair) else np.zeros(0, np.bool_)
        place, sample, weights = place[hit], sample[hit], weights[hit]
        low = prepared.pair_starts[place]
        many = prepared.pair_starts[place + 1] - low
        run = np.repeat(low - np.cumsum(many) + many, many) + np.arange(int(many.sum()))
        of_reference = prepared.weights[run]
        dots = np.minimum(np.repeat(weights, many), of_reference) * of_reference
        return self._add_up(prepared, batch, dots, np.repeat(sample, many), prepared.captions[run], norms)

    def _add_up(
        self,
        prepared: _Order,
        batch: _Batch,
        dots: FloatArray,
        sample: IntArray,
        caption: IntArray,
        norms: FloatArray,
    ) -> FloatArray:
        """Add products into pairs of sample and reference, and those into samples."""
        first = self._corpus.firsts[batch.item] + 1
        where = batch.pair_starts[sample] + caption - first[sample]
        total = np.bincount(where, dots, len(batch.reference)).astype(np.float64, copy=False)
        both = norms[batch.pair_sample] * prepared.norms[batch.reference]
        np.divide(total, both, out=total, where=both != 0)
        total *= batch.factor
        return np.bincount(batch.pair_sample, total, len(batch.item)).astype(np.float64, copy=False)
