from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest

from zimu.errors import ConfigError
from zimu.search.beam import SearchOptions, search
from zimu.search.stepper import State
from zimu.streams import StreamBatch
from zimu.text.vocabulary import END, PAD, UNKNOWN

VOCABULARY, FIRST = 7, 3


class TableStepper:
    """A random language model: the next token depends on the clip and the last two tokens."""

    def __init__(self, clips: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        scores = rng.normal(size=(clips, VOCABULARY, VOCABULARY, VOCABULARY)) * 2
        self.table = (scores - np.log(np.exp(scores).sum(-1, keepdims=True))).astype(np.float32)
        self.clips = clips
        self.calls = self.rows = 0

    def start(self, streams: Mapping[str, StreamBatch]) -> State:
        clip = np.arange(self.clips)
        return State({"last": np.full(self.clips, FIRST), "clip": clip})

    def step(
        self, tokens: npt.NDArray[np.int64], state: State
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], State]:
        self.calls, self.rows = self.calls + 1, self.rows + len(tokens)
        rows = self.table[state.arrays["clip"], state.arrays["last"], tokens]
        ids = np.argsort(-rows, axis=1, kind="stable")
        attention = np.repeat(tokens[:, None].astype(np.float32), 3, 1)
        after = State({"last": tokens, "clip": state.arrays["clip"]}, {}, attention)
        return ids, np.take_along_axis(rows, ids, 1), after

    def score(self, clip: int, tokens: tuple[int, ...]) -> float:
        last, current, total = FIRST, FIRST, 0.0
        for token in (*tokens, END):
            total += float(self.table[clip, last, current, token])
            last, current = current, token
        return total


def best_of_all(stepper: TableStepper, clip: int, options: SearchOptions) -> tuple[int, ...]:
    words = [t for t in range(VOCABULARY) if t not in (PAD, END, UNKNOWN)]
    captions = itertools.chain.from_iterable(
        itertools.product(words, repeat=n) for n in range(options.min_length, options.max_length + 1)
    )
    return max(captions, key=lambda c: stepper.score(clip, c) / (len(c) + 1) ** options.length_penalty)


@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0])
def test_a_wide_beam_finds_the_best_of_all_captions(penalty: float) -> None:
    stepper = TableStepper(5)
    options = SearchOptions(beam_size=64, length_penalty=penalty, max_length=4, min_length=1)
    found = search(stepper, {}, FIRST, options)
    for clip in range(5):
        best = best_of_all(stepper, clip, options)
        assert found[clip][0].tokens == best
        score = stepper.score(clip, best) / (len(best) + 1) ** penalty
        assert found[clip][0].score == pytest.approx(score, abs=1e-4)


def test_a_beam_of_one_takes_the_likeliest_token_each_time() -> None:
    stepper = TableStepper(3, seed=4)
    found = search(stepper, {}, FIRST, SearchOptions(beam_size=1, max_length=6, min_length=0))
    for clip in range(3):
        last, current, tokens = FIRST, FIRST, []
        while len(tokens) < 6:
            row = stepper.table[clip, last, current].copy()
            row[[PAD, UNKNOWN]] = -np.inf
            token = int(row.argmax())
            if token == END:
                break
            tokens.append(token)
            last, current = current, token
        assert list(found[clip][0].tokens) == tokens


def test_clips_of_a_batch_do_not_disturb_each_other() -> None:
    options = SearchOptions(beam_size=3, max_length=6)
    together = search(TableStepper(4, seed=9), {}, FIRST, options)
    for clip in range(4):
        alone = TableStepper(4, seed=9)
        alone.table, alone.clips = alone.table[clip : clip + 1], 1
        assert search(alone, {}, FIRST, options)[0][0].tokens == together[clip][0].tokens


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_clips_that_leave_early_find_what_they_find_alone(penalty: float) -> None:
    options = SearchOptions(beam_size=3, max_length=12, min_length=0, length_penalty=penalty)
    stepper = TableStepper(40, seed=3)
    stepper.table[::2, ..., END] += 4.0  # half of the clips end soon, the others late
    stepper.table -= np.log(np.exp(stepper.table).sum(-1, keepdims=True))
    together = search(stepper, {}, FIRST, options)
    lengths = {len(hypotheses[0].tokens) for hypotheses in together}
    assert len(lengths) > 3
    for clip in range(40):
        alone = TableStepper(40, seed=3)
        alone.table, alone.clips = stepper.table[clip : clip + 1], 1
        one = search(alone, {}, FIRST, options)[0]
        assert [h.tokens for h in one] == [h.tokens for h in together[clip]]
        for a, b in zip(one, together[clip], strict=True):
            assert np.array_equal(a.attention, b.attention) and a.score == pytest.approx(b.score)


@pytest.mark.parametrize("penalty", [0.0, 0.3, 0.7])
def test_the_best_one_is_the_same_whether_or_not_others_are_wanted_and_costs_less(penalty: float) -> None:
    options = SearchOptions(beam_size=4, max_length=12, min_length=1, length_penalty=penalty)
    steppers = TableStepper(60, seed=8), TableStepper(60, seed=8)
    everything = search(steppers[0], {}, FIRST, options)
    best = search(steppers[1], {}, FIRST, options, best=1)
    assert [len(found) for found in best] == [1] * 60
    for one, several in zip(best, everything, strict=True):
        assert (one[0].tokens, one[0].score) == (several[0].tokens, several[0].score)
        assert np.array_equal(one[0].attention, several[0].attention)
    assert steppers[1].rows < steppers[0].rows


def test_no_caption_holds_padding_unknowns_or_a_repeated_bigram() -> None:
    found = search(TableStepper(20, seed=2), {}, FIRST, SearchOptions(3, 1.0, 12, 8, block_ngrams=2))
    for hypotheses in found:
        tokens = hypotheses[0].tokens
        assert not {PAD, UNKNOWN, END} & set(tokens)
        assert len(tokens) >= 8
        pairs = list(itertools.pairwise(tokens))
        assert len(pairs) == len(set(pairs))


def test_log_probabilities_and_attention_belong_to_their_tokens() -> None:
    stepper = TableStepper(1, seed=5)
    best = search(stepper, {}, FIRST, SearchOptions(beam_size=4, max_length=5, length_penalty=0.0))[0][0]
    assert len(best.log_probs) == len(best.tokens) == len(best.attention)
    last, current = FIRST, FIRST
    for token, log_prob, attention in zip(best.tokens, best.log_probs, best.attention, strict=True):
        assert log_prob == pytest.approx(float(stepper.table[0, last, current, token]))
        assert attention.tolist() == [current] * 3  # the stepper's attention repeats the token it has read
        last, current = current, token


def test_hypotheses_come_in_falling_order_and_differ() -> None:
    hypotheses = search(TableStepper(1, seed=7), {}, FIRST, SearchOptions(beam_size=5, max_length=5))[0]
    assert [h.score for h in hypotheses] == sorted((h.score for h in hypotheses), reverse=True)
    assert len({h.tokens for h in hypotheses}) == len(hypotheses)


def test_it_stops_as_soon_as_nothing_better_can_come() -> None:
    stepper = TableStepper(1)
    stepper.table[:] = -20.0
    stepper.table[..., END] = -0.01
    search(stepper, {}, FIRST, SearchOptions(beam_size=1, max_length=50, min_length=0))
    assert stepper.calls <= 3


@pytest.mark.parametrize(
    "wrong", [{"beam_size": 0}, {"max_length": 0}, {"min_length": 99}, {"block_ngrams": -1}]
)
def test_senseless_options_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        SearchOptions(**wrong)
