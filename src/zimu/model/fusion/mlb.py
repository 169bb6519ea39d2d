"""Multimodal low-rank bilinear pooling (MLB): the product of the streams in a common space.

y = P (tanh(U₁ x₁ + b₁) ⊙ … ⊙ tanh(U_N x_N + b_N)) + b.

Each unit of y is a bilinear form whose matrix has the rank r of the common space. For N streams it is
N-linear.

Source: Kim et al. 2017 (arXiv:1610.04325).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from zimu.model.fusion.options import Count

__all__ = ["LowRankBilinear"]


class LowRankBilinear(nn.Module):
    """N vectors [..., D] to one.

    Args:
        count: N.
        width: D.
        inner: r; D if not given.
    """

    def __init__(self, count: int, width: int, inner: Count | None = None) -> None:
        super().__init__()
        self.project = nn.ModuleList(nn.Linear(width, inner or width) for _ in range(count))
        self.out = nn.Linear(inner or width, width)

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        product = torch.tanh(self.project[0](vectors[0]))
        for layer, x in zip(self.project[1:], vectors[1:], strict=True):
            product = product * torch.tanh(layer(x))
        result: Tensor = self.out(product)
        return result
