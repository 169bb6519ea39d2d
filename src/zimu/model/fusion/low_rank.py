"""Low-rank tensor fusion (LMF): the tensor of TFN is never made, its weights are a sum of R products.

y = Σ_r ⊙ᵢ (Wᵢʳ [xᵢ; 1]) + b, ⊙ over the streams.

With W = Σ_r w₁ʳ ⊗ … ⊗ w_Nʳ this is TFN's linear layer; at full rank it can be any (tested). Cost and weights
grow with N, not with the power N.

Source: Liu et al. 2018 (arXiv:1806.00064). Departs: the R products are added with no weights of
their own, since each can be taken into its factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from zimu.model.fusion.options import Count

__all__ = ["LowRank"]


class LowRank(nn.Module):
    """N vectors [..., D] to one.

    Args:
        count: N.
        width: D.
        rank: R.
    """

    def __init__(self, count: int, width: int, rank: Count = 4) -> None:
        super().__init__()
        self.rank = rank
        self.factors = nn.ModuleList(nn.Linear(width, rank * width) for _ in range(count))
        # Factors about 1 keep a product of any number of them at the scale of its streams; the sum of the R
        # products then starts about R, which the bias takes away.
        self.bias = nn.Parameter(torch.full((width,), -float(rank)))
        for factor in self.factors:
            nn.init.ones_(cast(nn.Linear, factor).bias)

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        product: Tensor = self.factors[0](vectors[0])
        for factor, x in zip(self.factors[1:], vectors[1:], strict=True):
            product = product * factor(x)
        return product.view(*product.shape[:-1], self.rank, -1).sum(-2) + self.bias
