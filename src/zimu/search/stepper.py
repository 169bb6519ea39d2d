"""The port between search and any engine: torch, ONNX Runtime, or a table in a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from zimu.streams import StreamBatch

__all__ = ["State", "Stepper"]


@dataclass(frozen=True, slots=True)
class State:
    """What a decoder remembers of N hypotheses.

    Attributes:
        arrays: Each [N, ...]; changes at every step and follows a hypothesis when the search reorders them.
        memory: Each [B, ...]; fixed for a clip (encoded streams and their masks). N is a multiple of B:
            searches keep all hypotheses of a clip together, so memory is neither repeated nor reordered.
        attention: float32 [N, S] of the last step over the memory, or None before the first.
    """

    arrays: Mapping[str, npt.NDArray[Any]]
    memory: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    attention: npt.NDArray[np.float32] | None = None

    def select(self, rows: npt.NDArray[np.int64]) -> State:
        """Return the state whose row i is this state's row `rows[i]`; `rows` stays within each clip."""
        return State({k: v[rows] for k, v in self.arrays.items()}, self.memory, None)

    def of_clips(self, clips: npt.NDArray[np.int64], hypotheses: int) -> State:
        """Return the state of some clips only, each of which has `hypotheses` rows."""
        rows = (clips[:, None] * hypotheses + np.arange(hypotheses)).reshape(-1)
        return State(
            {k: v[rows] for k, v in self.arrays.items()}, {k: v[clips] for k, v in self.memory.items()}
        )

    def repeat(self, times: int) -> State:
        """Return the state with every hypothesis `times` times in succession."""
        return State({k: np.repeat(v, times, 0) for k, v in self.arrays.items()}, self.memory)


class Stepper(Protocol):
    """A decoder that a search can drive."""

    def start(self, streams: Mapping[str, StreamBatch]) -> State:
        """Encode B clips; the state is of B hypotheses, one a clip."""
        ...

    def step(
        self, tokens: npt.NDArray[np.int64], state: State
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], State]:
        """Read one token a hypothesis, `tokens` [N]; return the best next tokens [N, K], their natural
        log-probabilities [N, K] in falling order, and the new state."""
        ...
