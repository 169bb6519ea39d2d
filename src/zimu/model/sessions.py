"""Context over the samples of a group: the utterances of a video, the visits of a patient, in their order.

Source: Poria et al. 2017 (ACL P17-1081), section 3.3, contextual LSTM over the utterances of a video.
Departs: GRU, a residual connection, or self-attention in its place.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from zimu.model.encoders.features import SelfAttention
from zimu.model.encoders.recurrent import TwoWayGru

__all__ = ["SessionContext"]


class SessionContext(nn.Module):
    """[B, D] to [B, D], each sample knowing the others of its group.

    Args:
        width: D.
        kind: "gru", both directions, or "attention", with the place in the group told.
        dropout: Share of units dropped.
    """

    def __init__(self, width: int, kind: Literal["gru", "attention"], dropout: float) -> None:
        super().__init__()
        self.context: nn.Module = TwoWayGru(width, width) if kind == "gru" else SelfAttention(width, dropout)
        self.norm, self.dropout = nn.LayerNorm(width), nn.Dropout(dropout)

    def forward(self, vectors: Tensor, sessions: Tensor) -> Tensor:
        """Return the vectors in context.

        Args:
            vectors: [B, D].
            sessions: int64 [G, U], the rows of each group in their order, filled up with -1.
        """
        keep = sessions >= 0
        grouped = vectors[sessions.clamp(min=0)] * keep.unsqueeze(2)
        if isinstance(self.context, SelfAttention):
            order = torch.arange(sessions.shape[1], dtype=vectors.dtype, device=vectors.device)
            seen = self.context(grouped, keep, order.expand_as(keep))
        else:
            seen = self.context(grouped, keep)
        out = torch.zeros_like(vectors)
        out[sessions[keep]] = seen[keep]
        result: Tensor = self.norm(vectors + self.dropout(out))
        return result
