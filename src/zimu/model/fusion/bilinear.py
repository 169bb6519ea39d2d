"""Bilinear pooling: all products of all features, tamed by the signed square root and normalised.

zᵢ = Wᵢ xᵢ + bᵢ of width r,  Z = z₁ ⊗ … ⊗ z_N,  y = V power(vec(Z)) + c.

Source: Lin et al. 2015 (arXiv:1504.07889); Gao et al. 2016 (arXiv:1511.06062) for the comparison
with compact forms. Departs: two streams and not two networks over one picture, so that nothing is pooled over
places; for N streams the product is N-fold. It has r^N entries: r is the widest that fits into `entries`.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from zimu.model.fusion.options import Count
from zimu.model.fusion.power import power_normalise
from zimu.model.fusion.tensor import outer_product, widest_root

__all__ = ["Bilinear"]


class Bilinear(nn.Module):
    """N vectors [..., D] to one.

    Args:
        count: N.
        width: D.
        entries: Most entries of the product.
    """

    def __init__(self, count: int, width: int, entries: Count = 4096) -> None:
        super().__init__()
        inner = max(1, min(widest_root(entries, count), width))
        self.squeeze = nn.ModuleList(nn.Linear(width, inner) for _ in range(count))
        self.out = nn.Linear(inner**count, width)

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        squeezed = [layer(x) for layer, x in zip(self.squeeze, vectors, strict=True)]
        result: Tensor = self.out(power_normalise(outer_product(squeezed)))
        return result
