"""Tokens through an embedding learned from scratch, then convolutions or a GRU; for small tables of texts."""

from __future__ import annotations

from typing import Literal

from torch import nn

from zimu.model.encoders.context import ConvContext
from zimu.model.encoders.recurrent import TwoWayGru
from zimu.model.steps import Steps

__all__ = ["TextEncoder"]


class TextEncoder(nn.Module):
    """Token ids int64 [B, T] to [B, T, D].

    Args:
        shape: (), a token is one number.
        width: D.
        vocabulary: Number of tokens; 0 is padding.
        context: "conv" or "gru".
        dropout: Share of whole embeddings' units dropped.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        width: int,
        vocabulary: int,
        context: Literal["conv", "gru"] = "conv",
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=0)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        self.dropout = nn.Dropout(dropout)
        self.context: nn.Module = (
            TwoWayGru(width, width) if context == "gru" else ConvContext(width, 2, kernel=3, dropout=dropout)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Steps) -> Steps:
        """Return a vector for each token."""
        values = self.dropout(self.embedding(tokens.values.long())) * tokens.keep.unsqueeze(2)
        values = self.norm(self.context(values, tokens.keep)) * tokens.keep.unsqueeze(2)
        return Steps(values, tokens.keep, tokens.times)
