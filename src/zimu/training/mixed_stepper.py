"""Decision level for captions: several models write one caption, their distributions joined at each token.

Each model may see streams of its own; all share one vocabulary. Any rule of `zimu.tasks.decision` can join.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError
from zimu.search.stepper import State, Stepper
from zimu.streams import StreamBatch

__all__ = ["MixedStepper"]

_Ids = npt.NDArray[np.int64]
_Logs = npt.NDArray[np.float32]
_Shares = npt.NDArray[np.float64]

# A rule may leave nothing to a token; its logarithm must stay a number.
_LEAST = 1e-12


class MixedStepper:
    """Several steppers as one: "linear" p = Σ wᵢ pᵢ, "log_linear" p ∝ Π pᵢ^wᵢ, or any other rule.

    A stepper offers its best tokens only. What it leaves of the probability is taken to be spread evenly over
    the tokens that it does not offer, so that the mixture is a distribution however few it offers.

    Args:
        steppers: The models; each takes from the streams what it knows.
        vocabulary: Number of tokens V, the same for all.
        weights: One a stepper; the same for all if not given. They are scaled to a sum of 1. A rule that is a
            function knows its own; here they only weigh what is told of the attention.
        rule: How they are mixed; a function takes probabilities [M, N, V] of the M models and gives [N, V].
        best: How many next tokens a step offers.

    Raises:
        ConfigError: The weights are not one a stepper, or not positive.
    """

    def __init__(
        self,
        steppers: Sequence[Stepper],
        vocabulary: int,
        *,
        weights: Sequence[float] | None = None,
        rule: Literal["linear", "log_linear"] | Callable[[_Shares], _Shares] = "linear",
        best: int = 16,
    ) -> None:
        given = [1.0] * len(steppers) if weights is None else list(weights)
        if len(given) != len(steppers) or not steppers or min(given) < 0 or not sum(given):
            raise ConfigError(
                f"The weights {given} do not fit {len(steppers)} models. Give one positive weight a model."
            )
        self.steppers, self.vocabulary, self.rule = list(steppers), vocabulary, rule
        self.weights, self.best = np.asarray(given, np.float64) / sum(given), min(best, vocabulary)

    def start(self, streams: Mapping[str, StreamBatch]) -> State:
        """Encode B clips with every model."""
        return self._joined([s.start(streams) for s in self.steppers])

    def step(self, tokens: _Ids, state: State) -> tuple[_Ids, _Logs, State]:
        """Read one token a hypothesis."""
        logs, after = [], []
        for i, stepper in enumerate(self.steppers):
            ids, log_probs, own = stepper.step(tokens, _part(state, i))
            logs.append(self._dense(ids, log_probs))
            after.append(own)
        mixed = self._mix(np.stack(logs))
        ids = np.argsort(-mixed, axis=1, kind="stable")[:, : self.best]
        return ids, np.take_along_axis(mixed, ids, 1).astype(np.float32), self._joined(after)

    def _dense(self, ids: _Ids, log_probs: _Logs) -> npt.NDArray[np.float64]:
        """Return log-probabilities [N, V]."""
        hidden = self.vocabulary - ids.shape[1]
        left = np.maximum(1.0 - np.exp(log_probs.astype(np.float64)).sum(1, keepdims=True), _LEAST)
        dense = np.repeat(np.log(left / max(hidden, 1)), self.vocabulary, 1)
        np.put_along_axis(dense, ids, log_probs.astype(np.float64), 1)
        return dense

    def _mix(self, logs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return log-probabilities [N, V] of those of each model [M, N, V]."""
        if callable(self.rule):
            mixed = np.log(np.maximum(self.rule(np.exp(logs)), _LEAST))
        elif self.rule == "log_linear":
            mixed = np.tensordot(self.weights, logs, 1)
        else:
            top = logs.max(0)
            mixed = np.log(np.tensordot(self.weights, np.exp(logs - top), 1)) + top
        total = np.log(np.exp(mixed - mixed.max(1, keepdims=True)).sum(1, keepdims=True))
        return np.asarray(mixed - mixed.max(1, keepdims=True) - total)

    def _joined(self, states: Sequence[State]) -> State:
        arrays = {f"{i}.{n}": a for i, s in enumerate(states) for n, a in s.arrays.items()}
        memory = {f"{i}.{n}": a for i, s in enumerate(states) for n, a in s.memory.items()}
        seen = [s.attention for s in states if s.attention is not None]
        if len(seen) < len(states):
            return State(arrays, memory)
        weighted = [w * a for w, a in zip(self.weights, seen, strict=True)]
        return State(arrays, memory, np.concatenate(weighted, 1).astype(np.float32))


def _part(state: State, number: int) -> State:
    start = f"{number}."
    arrays, memory = (
        {n.removeprefix(start): a for n, a in given.items() if n.startswith(start)}
        for given in (state.arrays, state.memory)
    )
    return State(arrays, memory)
