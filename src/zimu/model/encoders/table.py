"""The columns of a table, one row a sample, through a residual network."""

from __future__ import annotations

from torch import nn
from torch.nn import functional as F

from zimu.model.encoders.standardise import Standardise
from zimu.model.steps import Steps

__all__ = ["TableEncoder"]


class TableEncoder(nn.Module):
    """[B, 1, C] to [B, 1, D]: a linear layer, then blocks x + W₂ relu(W₁ norm(x)).

    Args:
        shape: (C,).
        width: D.
        blocks: Residual blocks.
        dropout: Share of units dropped.

    Source: Gorishniy et al. 2021 (arXiv:2106.11959), section 3.2. Departs: norm by layer, so that a batch of
    one equals a batch of many.
    """

    def __init__(self, shape: tuple[int, ...], width: int, blocks: int = 1, dropout: float = 0.2) -> None:
        super().__init__()
        self.standardise = Standardise(shape, limit=5.0)
        self.project = nn.Linear(shape[0], width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(blocks))
        self.rise = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(blocks))
        self.fall = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(blocks))
        self.dropout = nn.Dropout(dropout)
        self.last = nn.LayerNorm(width)

    def forward(self, table: Steps) -> Steps:
        """Return the encoded row."""
        steps = self.standardise(table)
        x = self.project(steps.values)
        for norm, rise, fall in zip(self.norms, self.rise, self.fall, strict=True):
            x = x + fall(self.dropout(F.relu(rise(norm(x)))))
        return Steps(self.last(x) * steps.keep.unsqueeze(2), steps.keep, steps.times)
