from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from zimu.errors import ConfigError
from zimu.search.beam import SearchOptions, search
from zimu.search.stepper import State
from zimu.streams import StreamBatch
from zimu.training.mixed_stepper import MixedStepper

VOCABULARY = 6


class Table:
    """A stepper that always has the same distribution and counts the tokens it has read."""

    def __init__(self, probabilities: list[float], best: int = VOCABULARY) -> None:
        self.log_probs, self.best = np.log(np.asarray(probabilities, np.float32)), best

    def start(self, streams: Mapping[str, StreamBatch]) -> State:
        return State({"read": np.zeros(2)}, {"clip": np.arange(2)})

    def step(self, tokens: np.ndarray, state: State) -> tuple[np.ndarray, np.ndarray, State]:
        assert set(state.arrays) == {"read"} and set(state.memory) == {"clip"}
        ids = np.argsort(-self.log_probs, kind="stable")[None, : self.best].repeat(len(tokens), 0)
        attention = np.full((len(tokens), 3), 1 / 3, np.float32)
        return ids, self.log_probs[ids], State({"read": state.arrays["read"] + 1}, state.memory, attention)


SURE = [0.7, 0.1, 0.09, 0.06, 0.03, 0.02]
ELSE = [0.1, 0.6, 0.1, 0.1, 0.05, 0.05]


def one_step(mixed: MixedStepper) -> tuple[np.ndarray, State]:
    """Return probabilities [V] of the first hypothesis, by token."""
    ids, log_probs, state = mixed.step(np.zeros(2, np.int64), mixed.start({}))
    found = np.zeros(VOCABULARY)
    found[ids[0]] = np.exp(log_probs[0])
    assert (np.diff(log_probs[0]) <= 0).all()
    return found, state


def test_a_linear_mixture_is_the_weighted_mean() -> None:
    found, state = one_step(MixedStepper([Table(SURE), Table(ELSE)], VOCABULARY, weights=[3, 1]))
    np.testing.assert_allclose(found, 0.75 * np.array(SURE) + 0.25 * np.array(ELSE), rtol=1e-5)
    assert state.attention is not None and state.attention.shape == (2, 6)
    np.testing.assert_allclose(state.attention.sum(1), 1, rtol=1e-5)
    assert state.arrays["1.read"].tolist() == [1, 1]


def test_a_log_linear_mixture_is_the_normalised_geometric_mean() -> None:
    found, _ = one_step(MixedStepper([Table(SURE), Table(ELSE)], VOCABULARY, rule="log_linear"))
    wanted = np.sqrt(np.array(SURE) * np.array(ELSE))
    np.testing.assert_allclose(found, wanted / wanted.sum(), rtol=1e-5)


def test_a_rule_of_its_own_joins_the_distributions() -> None:
    def largest(shares: np.ndarray) -> np.ndarray:
        assert shares.shape == (2, 2, VOCABULARY)
        return shares.max(0) / shares.max(0).sum(1, keepdims=True)

    found, _ = one_step(MixedStepper([Table(SURE), Table(ELSE)], VOCABULARY, rule=largest))
    wanted = np.maximum(SURE, ELSE)
    np.testing.assert_allclose(found, wanted / wanted.sum(), rtol=1e-5)


def test_a_rule_may_leave_nothing_to_a_token() -> None:
    found, _ = one_step(
        MixedStepper([Table(SURE)], VOCABULARY, rule=lambda shares: np.eye(VOCABULARY)[shares[0].argmax(1)])
    )
    np.testing.assert_allclose(found, [1, 0, 0, 0, 0, 0], atol=1e-9)


@pytest.mark.parametrize("rule", ["linear", "log_linear"])
def test_few_offered_tokens_still_make_a_distribution(rule: str) -> None:
    found, _ = one_step(MixedStepper([Table(SURE, 2), Table(ELSE, 2)], VOCABULARY, rule=rule))  # type: ignore[arg-type]
    assert found.sum() == pytest.approx(1, abs=1e-5)
    if rule == "linear":  # SURE leaves 0.2 to four others, ELSE 0.3
        assert found[2] == pytest.approx(0.5 * (0.2 + 0.3) / 4)


def test_a_model_mixed_with_itself_is_itself_under_the_search() -> None:
    options = SearchOptions(beam_size=2, max_length=3)
    mixed = MixedStepper([Table(SURE), Table(SURE)], VOCABULARY)
    wanted, found = search(Table(SURE), {}, 3, options), search(mixed, {}, 3, options)
    assert [[h.tokens for h in clip] for clip in found] == [[h.tokens for h in clip] for clip in wanted]


def test_weights_that_do_not_fit_are_told() -> None:
    with pytest.raises(ConfigError, match=r"\[1.0, 2.0\] do not fit 1 models"):
        MixedStepper([Table(SURE)], VOCABULARY, weights=[1.0, 2.0])
