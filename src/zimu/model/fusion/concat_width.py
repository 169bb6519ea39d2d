"""Concatenation in width: y = relu(W [x₁; …; x_N] + b).

The plainest join at feature level (Ngiam et al. 2011, ICML, "Multimodal deep learning").
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["ConcatWidth"]


class ConcatWidth(nn.Module):
    """N vectors [..., D] to one.

    Args:
        count: N.
        width: D.
    """

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.join = nn.Linear(count * width, width)

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        return F.relu(self.join(torch.cat(tuple(vectors), -1)))
