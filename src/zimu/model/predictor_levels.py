"""Predictors that fuse before any encoder (data level) or after every head (decision level, jointly)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from zimu.model.fusion.concat_time import ConcatTime
from zimu.model.fusion.early import EarlyJoin
from zimu.model.fusion.late import LateHeads
from zimu.model.predictor import Head, PredictModel
from zimu.model.steps import Steps

__all__ = ["EarlyModel", "LateModel"]

_JOINED = "joined"


class EarlyModel(nn.Module):
    """Raw streams joined on a common clock, then one encoder, a pooled memory and a head.

    Args:
        join: How raw streams become one.
        encoder: Takes what the join gives.
        width: D of the encoder.
        head: What follows.
    """

    def __init__(self, join: EarlyJoin, encoder: nn.Module, width: int, head: Head) -> None:
        super().__init__()
        self.join = join
        self.model = PredictModel({_JOINED: encoder}, ConcatTime([_JOINED], width), width, head)
        self.outputs = head.outputs

    def forward(self, streams: Mapping[str, Steps], sessions: Tensor | None = None) -> Tensor:
        """Return logits [B, K]; see `PredictModel.forward`."""
        as_numbers = {n: s._replace(values=s.values.to(torch.float32)) for n, s in streams.items()}
        logits: Tensor = self.model({_JOINED: self.join(as_numbers)}, sessions)
        return logits


class LateModel(PredictModel):
    """An encoder, a pooling and a head for each stream, and their answers combined by a rule; one loss.

    Args:
        encoders: {stream: Steps [B, T, ...] -> Steps [B, T', D]}.
        heads: One a stream, and the rule.
        width: D.
        head: Its pooling, dropout and context are used.
    """

    def __init__(self, encoders: Mapping[str, nn.Module], heads: LateHeads, width: int, head: Head) -> None:
        super().__init__(encoders, nn.Identity(), width, head)
        self.head = nn.Sequential()
        # Each stream has its own context already; there is no fused vector to put into one.
        self.context = None
        self.heads, self.dropout = heads, nn.Dropout(head.dropout)

    def decide(self, encoded: Mapping[str, Steps], sessions: Tensor | None = None) -> Tensor:
        """Return log-probabilities [B, K], logits where there are several classes at once, or values."""
        answers: Tensor = self.heads({n: self.dropout(self.pooling(s)) for n, s in encoded.items()})
        return answers
