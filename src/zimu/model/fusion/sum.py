"""Sum: y = x₁ + … + x_N, no weights at all.

What the streams add is learned by their encoders. A linear layer after this sum is additive in the
streams: it cannot hold what only their interplay tells (XOR).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor, nn

__all__ = ["Sum"]


class Sum(nn.Module):
    """N vectors [..., D] to one.

    Args:
        count: N; any.
        width: D; any.
    """

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.count, self.width = count, width

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        return reduce(torch.add, vectors)
