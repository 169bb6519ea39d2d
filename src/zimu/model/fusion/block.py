"""BLOCK: a bilinear form whose core is a row of small blocks on the diagonal.

x̃ᵢ = Wᵢ xᵢ + bᵢ, cut into C chunks x̃ᵢᶜ;  zᶜ = Σ_ρ ⊙ᵢ (Mᵢ^{cρ} x̃ᵢᶜ + mᵢ^{cρ});  y = W [power(z¹); …;
power(z^C)] + b.

Between CP (each block one number) and Tucker (one block): chunks meet only their like, so a wide space is
cheap. With one block and without the power normalisation it is MUTAN (tested). For N streams each block is
N-linear.

Source: Ben-younes et al. 2019 (arXiv:1902.00038); the blocks have rank R and each chunk is
normalised as in the authors' code.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from zimu.model.fusion.options import Count
from zimu.model.fusion.power import power_normalise

__all__ = ["Block"]


class Block(nn.Module):
    """N vectors [..., D] to one.

    Args:
        count: N.
        width: D.
        inner: Width of all chunks together, rounded up to a multiple of `chunks`; D if not given.
        chunks: C.
        rank: R.
        normalise: Whether each chunk's result is power-normalised.
    """

    def __init__(
        self,
        count: int,
        width: int,
        inner: Count | None = None,
        chunks: Count = 4,
        rank: Count = 5,
        normalise: bool = True,
    ) -> None:
        super().__init__()
        each = -(-(inner or width) // chunks)
        self.chunks, self.rank, self.normalise = chunks, rank, normalise
        self.squeeze = nn.ModuleList(nn.Linear(width, chunks * each) for _ in range(count))
        self.merge = nn.Parameter(torch.empty(count, chunks, each, rank * each))
        self.bias = nn.Parameter(torch.empty(count, chunks, 1, rank * each))
        for parameter in (self.merge, self.bias):  # as in nn.Linear
            nn.init.uniform_(parameter, -(each**-0.5), each**-0.5)
        self.out = nn.Linear(chunks * each, width)

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        product: Tensor | None = None
        for i, x in enumerate(vectors):
            chunks = self.squeeze[i](x).view(-1, self.chunks, self.merge.shape[2]).transpose(0, 1)
            own = torch.baddbmm(self.bias[i], chunks, self.merge[i])
            product = own if product is None else product * own
        assert product is not None  # there is at least one stream
        pooled = product.view(*product.shape[:-1], self.rank, -1).sum(-2)
        if self.normalise:
            pooled = power_normalise(pooled)
        result: Tensor = self.out(pooled.transpose(0, 1).flatten(1))
        return result.view(vectors[0].shape)
