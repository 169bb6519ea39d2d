"""MUTAN: a bilinear form with Tucker's decomposition and a core of low rank.

x̃ᵢ = Wᵢ xᵢ + bᵢ of width r,  z = Σ_ρ ⊙ᵢ (Mᵢ^ρ x̃ᵢ + mᵢ^ρ) over R terms,  y = W z + b.

The Wᵢ and W are the factors of the decomposition; each slice of the core has rank R at most. For N streams
the form is N-linear.

Source: Ben-younes et al. 2017 (arXiv:1705.06676).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from zimu.model.fusion.options import Count

__all__ = ["Mutan"]


class Mutan(nn.Module):
    """N vectors [..., D] to one.

    Args:
        count: N.
        width: D.
        inner: r; D if not given.
        rank: R.
    """

    def __init__(self, count: int, width: int, inner: Count | None = None, rank: Count = 5) -> None:
        super().__init__()
        inner, self.rank = inner or width, rank
        self.squeeze = nn.ModuleList(nn.Linear(width, inner) for _ in range(count))
        self.merge = nn.ModuleList(nn.Linear(inner, rank * inner) for _ in range(count))
        self.out = nn.Linear(inner, width)

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        product: Tensor | None = None
        for squeeze, merge, x in zip(self.squeeze, self.merge, vectors, strict=True):
            own = merge(squeeze(x))
            product = own if product is None else product * own
        assert product is not None  # there is at least one stream
        result: Tensor = self.out(product.view(*product.shape[:-1], self.rank, -1).sum(-2))
        return result
