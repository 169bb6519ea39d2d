"""Multimodal factorised bilinear pooling (MFB) and its cascade of high order (MFH).

MFB: y = power(SumPool(dropout(U₁ x₁ ⊙ … ⊙ U_N x_N), k)): each unit is the sum of k products.
MFH: e¹ = the product of MFB before it is pooled,  eᵖ = eᵖ⁻¹ ⊙ (the product of another MFB),
     y = W [power(SumPool(e¹, k)); …; power(SumPool(eᴾ, k))] + b.

Source: Yu et al. 2017 (arXiv:1708.01471) and Yu et al. 2018 (arXiv:1708.03619). For
N streams the products are N-fold. Departs: MFH's parts, of width D each, are brought to D by a linear layer.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from zimu.model.fusion.options import Count, Share
from zimu.model.fusion.power import power_normalise

__all__ = ["FactorisedBilinear", "HighOrderBilinear"]


class FactorisedBilinear(nn.Module):
    """MFB: N vectors [..., D] to one.

    Args:
        count: N.
        width: D.
        factors: k.
        dropout: Share of the products dropped.
    """

    def __init__(self, count: int, width: int, factors: Count = 5, dropout: Share = 0.1) -> None:
        super().__init__()
        self.factors = factors
        self.expand = _Expand(count, width, factors, dropout)

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        return _pool(self.expand(vectors), self.factors)


class HighOrderBilinear(nn.Module):
    """MFH: N vectors [..., D] to one.

    Args:
        count: N.
        width: D.
        order: P, blocks in the cascade.
        factors: k.
        dropout: Share of the products dropped.
    """

    def __init__(
        self, count: int, width: int, order: Count = 2, factors: Count = 5, dropout: Share = 0.1
    ) -> None:
        super().__init__()
        self.factors = factors
        self.expand = nn.ModuleList(_Expand(count, width, factors, dropout) for _ in range(order))
        self.out = nn.Linear(order * width, width)

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        pooled, product = [], None
        for block in self.expand:
            own = block(vectors)
            product = own if product is None else product * own
            pooled.append(_pool(product, self.factors))
        result: Tensor = self.out(torch.cat(pooled, -1))
        return result


class _Expand(nn.Module):
    """N vectors [..., D] to their products [..., D · k]."""

    def __init__(self, count: int, width: int, factors: int, dropout: float) -> None:
        super().__init__()
        self.project = nn.ModuleList(nn.Linear(width, width * factors) for _ in range(count))
        self.dropout = nn.Dropout(dropout)

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        product = self.project[0](vectors[0])
        for layer, x in zip(self.project[1:], vectors[1:], strict=True):
            product = product * layer(x)
        result: Tensor = self.dropout(product)
        return result


def _pool(product: Tensor, factors: int) -> Tensor:
    """Return [..., D] of [..., D · k]: k neighbours added, normalised."""
    return power_normalise(product.view(*product.shape[:-1], -1, factors).sum(-1))
