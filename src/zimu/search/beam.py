"""Beam search over any `Stepper`, whole batches of hypotheses in NumPy. A beam of one is greedy search.

Source: Sutskever et al. 2014 (arXiv:1409.3215), section 3.2, for the beam; length normalisation as Wu et al.
2016 (arXiv:1609.08144), section 7. Departs: the penalty is length ** `length_penalty` (their form with the
constant 5 left out), there is no coverage penalty, and a hypothesis that would repeat an n-gram is cut
(Paulus et al. 2017, arXiv:1705.04304, section 2.5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError
from zimu.search.stepper import Stepper
from zimu.streams import StreamBatch
from zimu.text.vocabulary import END, PAD, UNKNOWN

__all__ = ["Hypothesis", "SearchOptions", "search"]

_IMPOSSIBLE = np.float32(-1e9)

# Clips that are done leave the batch when they are at least this part of it: each leaving copies the rest.
_WORTH_LEAVING = 8


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How captions are searched.

    Attributes:
        beam_size: Hypotheses kept a clip; 1 is greedy.
        length_penalty: Power of the length by which log-probabilities are divided; 0 prefers short captions.
        max_length: Most tokens of a caption, without `<end>`.
        min_length: Fewest tokens of a caption.
        block_ngrams: No caption holds the same run of this many tokens twice; 0 allows all.
    """

    beam_size: int = 3
    length_penalty: float = 0.7
    max_length: int = 24
    min_length: int = 1
    block_ngrams: int = 0

    def __post_init__(self) -> None:
        if self.beam_size < 1 or self.max_length < 1 or not 0 <= self.min_length <= self.max_length:
            raise ConfigError(
                f"Search options must have beam_size >= 1 and 0 <= min_length <= max_length, found {self}."
            )
        if self.block_ngrams < 0:
            raise ConfigError(f"`block_ngrams` is {self.block_ngrams}; it must be 0 or more.")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One found caption.

    Attributes:
        tokens: Ids, without language token and `<end>`.
        log_probs: Natural log-probability of each token.
        score: Normalised log-probability, `<end>` included.
        attention: float32 [tokens, S].
    """

    tokens: tuple[int, ...]
    log_probs: tuple[float, ...]
    score: float
    attention: npt.NDArray[np.float32]


@dataclass
class _Beam:
    """K hypotheses a clip: tokens, log_probs and rows [B, K, L], scores and lengths [B, K].

    `rows` tells where the attention of each token lies among all that the decoder gave at its position: far
    smaller than the attention, which then need not follow the hypotheses through the search.
    """

    tokens: npt.NDArray[np.int64]
    log_probs: npt.NDArray[np.float32]
    rows: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    lengths: npt.NDArray[np.int64]

    @classmethod
    def empty(cls, clips: int, size: int, length: int) -> _Beam:
        return cls(
            np.full((clips, size, length), PAD, np.int64),
            np.zeros((clips, size, length), np.float32),
            np.zeros((clips, size, length), np.int64),
            np.full((clips, size), _IMPOSSIBLE, np.float32),
            np.zeros((clips, size), np.int64),
        )

    def take(self, parents: npt.NDArray[np.int64]) -> _Beam:
        """Return the hypotheses `parents` [B, K] of each clip."""
        rows = np.arange(len(parents))[:, None]
        return _Beam(*(a[rows, parents] for a in self._arrays()))

    def of_clips(self, clips: npt.NDArray[np.int64]) -> _Beam:
        """Return the hypotheses of some clips only."""
        return _Beam(*(a[clips] for a in self._arrays()))

    def first(self, count: int) -> _Beam:
        """Return the first `count` hypotheses of each clip."""
        return _Beam(*(a[:, :count] for a in self._arrays()))

    def better(self, other: _Beam) -> _Beam:
        """Return the best K of two beams, clip by clip."""
        size = self.scores.shape[1]
        pairs = zip(self._arrays(), other._arrays(), strict=True)
        both = _Beam(*(np.concatenate(pair, 1) for pair in pairs))
        return both.take(np.argsort(-both.scores, axis=1, kind="stable")[:, :size])

    def _arrays(self) -> tuple[npt.NDArray[Any], ...]:
        return self.tokens, self.log_probs, self.rows, self.scores, self.lengths


def search(
    stepper: Stepper,
    streams: Mapping[str, StreamBatch],
    start: int | npt.NDArray[np.int64],
    options: SearchOptions,
    *,
    best: int | None = None,
) -> list[list[Hypothesis]]:
    """Return the best hypotheses of each clip, the best first.

    Clips for which nothing better can come leave the batch, so that a long caption delays only its own clip;
    hypotheses that can no longer be among the best are not followed. Neither changes what is found.

    Args:
        stepper: The decoder.
        streams: {name: B clips}.
        start: The first token, one for all or int64 [B]: it chooses the language.
        options: How to search.
        best: How many a clip are wanted, at most `beam_size`, which None stands for; the fewer, the sooner
            it is clear which.
    """
    state = stepper.start(streams)
    count, size = len(next(iter(state.arrays.values()))), options.beam_size
    active, found = np.arange(count), list[list[Hypothesis]]([[]] * count)
    alive = _Beam.empty(count, size, options.max_length)
    finished = _Beam.empty(count, min(best or size, size), options.max_length)
    alive.scores[:, 0] = 0.0
    # All hypotheses of a clip begin alike: the first step is made once a clip.
    ids, log_probs, state = stepper.step(np.zeros(count, np.int64) + start, state)
    looked = [state.attention]
    ids, log_probs, state = np.repeat(ids, size, 0), np.repeat(log_probs, size, 0), state.repeat(size)
    for position in range(options.max_length + 1):
        width = alive.scores.shape[1]
        ids, log_probs = ids.reshape(len(active), width, -1), log_probs.reshape(len(active), width, -1)
        log_probs = _forbid(ids, log_probs, alive, position, options)
        finished = _finish(finished, alive, ids, log_probs, position, options)
        if position == options.max_length:
            break
        alive, parents = _grow(alive, ids, log_probs, position, size)
        hopeful = _hopeful(finished, alive, options)
        if not hopeful.any():
            break
        kept = max(1, int(hopeful.sum(1).max()))
        alive, parents = alive.first(kept), parents[:, :kept]
        state = state.select((np.arange(len(active))[:, None] * width + parents).reshape(-1))
        done = ~hopeful.any(1)
        if done.sum() * _WORTH_LEAVING >= done.size:
            gone, stay = np.flatnonzero(done), np.flatnonzero(~done)
            _note(found, active[gone], finished.of_clips(gone), looked)
            active, state = active[stay], state.of_clips(stay, kept)
            alive, finished = alive.of_clips(stay), finished.of_clips(stay)
        ids, log_probs, state = stepper.step(alive.tokens[:, :, position].reshape(-1), state)
        looked.append(state.attention)
    _note(found, active, finished.better(_cut(alive, options)), looked)
    return found


def _forbid(
    ids: npt.NDArray[np.int64],
    log_probs: npt.NDArray[np.float32],
    alive: _Beam,
    position: int,
    options: SearchOptions,
) -> npt.NDArray[np.float32]:
    """Make impossible what no caption may hold: padding, unknowns, an early end, a repeated n-gram."""
    bad = (ids == PAD) | (ids == UNKNOWN)
    if position < options.min_length:
        bad |= ids == END
    n = options.block_ngrams
    if n and position >= n:
        tokens = alive.tokens[:, :, :position]
        windows = np.lib.stride_tricks.sliding_window_view(tokens, n, axis=2)
        tail = tokens[:, :, position - n + 1 :]
        seen = (windows[..., : n - 1] == tail[:, :, None]).all(3)
        nexts = np.where(seen, windows[..., n - 1], PAD)
        bad |= (ids[..., None] == nexts[:, :, None]).any(3)
    return np.where(bad, _IMPOSSIBLE, log_probs)


def _finish(
    finished: _Beam,
    alive: _Beam,
    ids: npt.NDArray[np.int64],
    log_probs: npt.NDArray[np.float32],
    position: int,
    options: SearchOptions,
) -> _Beam:
    """Offer each living hypothesis that can end here a place among the finished ones."""
    end = np.where(ids == END, log_probs, _IMPOSSIBLE).max(2)
    if end.max() <= _IMPOSSIBLE:
        return finished
    scores = (alive.scores + end) / np.float32(position + 1) ** np.float32(options.length_penalty)
    scores = np.maximum(np.where(end <= _IMPOSSIBLE, _IMPOSSIBLE, scores), _IMPOSSIBLE)
    lengths = np.full_like(alive.lengths, position)
    ended = _Beam(alive.tokens, alive.log_probs, alive.rows, scores.astype(np.float32), lengths)
    return finished.better(ended)


def _grow(
    alive: _Beam,
    ids: npt.NDArray[np.int64],
    log_probs: npt.NDArray[np.float32],
    position: int,
    size: int,
) -> tuple[_Beam, npt.NDArray[np.int64]]:
    """Return the best `size` continuations a clip and the hypotheses [B, `size`] that they come from."""
    clips, before, width = ids.shape
    totals = alive.scores[:, :, None] + np.where(ids == END, _IMPOSSIBLE, log_probs)
    flat = np.maximum(totals, _IMPOSSIBLE).reshape(clips, -1)
    best = np.argsort(-flat, axis=1, kind="stable")[:, :size]
    parents = best // width
    rows = np.arange(clips)[:, None]
    grown = alive.take(parents)
    grown.scores = flat[rows, best]
    grown.tokens[:, :, position] = ids.reshape(clips, -1)[rows, best]
    grown.log_probs[:, :, position] = log_probs.reshape(clips, -1)[rows, best]
    # Before the first token there is one hypothesis a clip, and one row of attention.
    grown.rows[:, :, position] = rows * before + parents if position else rows
    grown.lengths[:] = position + 1
    return grown, parents


def _hopeful(finished: _Beam, alive: _Beam, options: SearchOptions) -> npt.NDArray[np.bool_]:
    """Return which living hypotheses [B, K], best first, can still beat the last of the finished ones.

    A living score only falls; divided by the largest length it could reach, it bounds what it may become.
    """
    longest = np.float32(options.max_length + 1) ** np.float32(options.length_penalty)
    hopeful: npt.NDArray[np.bool_] = alive.scores / longest > finished.scores[:, -1:]
    return hopeful


def _cut(alive: _Beam, options: SearchOptions) -> _Beam:
    """Return what still lives at the length limit, ranked below everything that ended by itself."""
    scores = np.where(alive.lengths == options.max_length, alive.scores + _IMPOSSIBLE / 2, _IMPOSSIBLE)
    return _Beam(alive.tokens, alive.log_probs, alive.rows, scores.astype(np.float32), alive.lengths)


def _note(
    found: list[list[Hypothesis]],
    clips: npt.NDArray[np.int64],
    beam: _Beam,
    looked: Sequence[npt.NDArray[np.float32] | None],
) -> None:
    """Write down what was found for some clips."""
    for row, clip in enumerate(clips):
        found[clip] = _hypotheses(beam, row, looked)


def _hypotheses(beam: _Beam, clip: int, looked: Sequence[npt.NDArray[np.float32] | None]) -> list[Hypothesis]:
    found = []
    for k in range(beam.scores.shape[1]):
        if k and beam.scores[clip, k] <= _IMPOSSIBLE / 2 * 1.5:
            continue
        length = int(beam.lengths[clip, k])
        tokens = tuple(int(t) for t in beam.tokens[clip, k, :length])
        log_probs = tuple(float(p) for p in beam.log_probs[clip, k, :length])
        attention = _attention(beam.rows[clip, k, :length], looked)
        found.append(Hypothesis(tokens, log_probs, float(beam.scores[clip, k]), attention))
    return found


def _attention(
    rows: npt.NDArray[np.int64], looked: Sequence[npt.NDArray[np.float32] | None]
) -> npt.NDArray[np.float32]:
    first = looked[0]
    out = np.zeros((len(rows), 0 if first is None else first.shape[1]), np.float32)
    for position, row in enumerate(rows):
        step = looked[position]
        if step is not None:
            out[position] = step[row]
    return out
