"""The model of `classify` and `regress`: an encoder a stream, a fusion, a pooled memory, a head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from zimu.errors import unknown_name
from zimu.model.absent import StandIns
from zimu.model.pooling import POOLINGS
from zimu.model.sessions import SessionContext
from zimu.model.steps import Steps

__all__ = ["Head", "PredictModel"]


@dataclass(frozen=True)
class Head:
    """What follows the fusion.

    Attributes:
        outputs: K, classes, or 1 for a number.
        pooling: A key of `POOLINGS`: how a memory [B, S, D] becomes one vector.
        hidden: Units of a layer before the last; 0 for none.
        dropout: Share of units dropped.
        context: What a sample sees of its group: "none", "gru" or "attention"; over each stream, and over the
            fused vectors.
    """

    outputs: int
    pooling: str = "mean"
    hidden: int = 0
    dropout: float = 0.2
    context: Literal["none", "gru", "attention"] = "none"


class PredictModel(nn.Module):
    """`model({stream: Steps [B, T, ...]}) -> logits [B, K]`.

    Args:
        encoders: {stream: Steps [B, T, ...] -> Steps [B, T', D]}.
        fusion: {stream: Steps} -> Steps [B, S, D].
        width: D.
        head: What follows.

    Raises:
        UnknownNameError: There is no such pooling.
    """

    def __init__(self, encoders: Mapping[str, nn.Module], fusion: nn.Module, width: int, head: Head) -> None:
        super().__init__()
        if head.pooling not in POOLINGS:
            raise unknown_name("pooling", head.pooling, POOLINGS)
        self.encoders = nn.ModuleDict(encoders)
        self.stand_ins = StandIns(encoders, width)
        self.fusion, self.outputs = fusion, head.outputs
        self.pooling = POOLINGS[head.pooling](width)
        self.stream_context, self.context = nn.ModuleDict(), None
        if head.context != "none":
            self.stream_context = nn.ModuleDict(
                {n: SessionContext(width, head.context, head.dropout) for n in encoders}
            )
            self.context = SessionContext(width, head.context, head.dropout)
        layers: list[nn.Module] = [nn.Dropout(head.dropout)]
        if head.hidden:
            layers += [nn.Linear(width, head.hidden), nn.ReLU(), nn.Dropout(head.dropout)]
        self.head = nn.Sequential(*layers, nn.Linear(head.hidden or width, head.outputs))

    def encode_streams(
        self, streams: Mapping[str, Steps], sessions: Tensor | None = None
    ) -> dict[str, Steps]:
        """Encode each stream; one that is absent (`keep` all False) becomes its learned stand-in."""
        encoded = {}
        for name, encoder in self.encoders.items():
            steps: Steps = self.stand_ins(name, encoder(streams[name]))
            if sessions is not None and name in self.stream_context:
                steps = self._in_context(name, steps, sessions)
            encoded[name] = steps
        return encoded

    def _in_context(self, name: str, steps: Steps, sessions: Tensor) -> Steps:
        """Return one step a sample, the mean of its own, in the context of its group."""
        mask = steps.keep.unsqueeze(2).to(steps.values.dtype)
        total = mask.sum(1).clamp(min=1.0)
        vectors = self.stream_context[name]((steps.values * mask).sum(1) / total, sessions)
        times = (steps.times * steps.keep).sum(1, keepdim=True) / total
        return Steps(vectors.unsqueeze(1), steps.keep.any(1, keepdim=True), times)

    def decide(self, encoded: Mapping[str, Steps], sessions: Tensor | None = None) -> Tensor:
        """Return logits [B, K] of encoded streams."""
        vector = self.pooling(self.fusion(encoded))
        if sessions is not None and self.context is not None:
            vector = self.context(vector, sessions)
        logits: Tensor = self.head(vector)
        return logits

    def forward(self, streams: Mapping[str, Steps], sessions: Tensor | None = None) -> Tensor:
        """Return logits [B, K], or standardised values [B, 1].

        Args:
            streams: {stream: Steps [B, T, ...]}.
            sessions: int64 [G, U], the rows of each group in their order, filled up with -1; needed where the
                head has a context.
        """
        return self.decide(self.encode_streams(streams, sessions), sessions)
