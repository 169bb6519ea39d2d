"""Tensor fusion (TFN): the outer product of all streams, each with a constant 1.

zᵢ = relu(Wᵢ xᵢ + bᵢ) of width r,  Z = [z₁; 1] ⊗ … ⊗ [z_N; 1],  y = V vec(Z) + c.

Through the ones, Z holds each stream alone, each pair, and so on up to all together. It has (r + 1)^N
entries: so the streams are first squeezed to the widest r that fits into `entries`.

Source: Zadeh et al. 2017 (arXiv:1707.07250).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from zimu.model.fusion.options import Count

__all__ = ["TensorFusion", "outer_product", "widest_root"]


class TensorFusion(nn.Module):
    """N vectors [..., D] to one.

    Args:
        count: N.
        width: D.
        entries: Most entries of the product.
    """

    def __init__(self, count: int, width: int, entries: Count = 4096) -> None:
        super().__init__()
        inner = max(1, min(widest_root(entries, count) - 1, width))
        self.squeeze = nn.ModuleList(nn.Linear(width, inner) for _ in range(count))
        self.out = nn.Linear((inner + 1) ** count, width)

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        squeezed = [F.relu(layer(x)) for layer, x in zip(self.squeeze, vectors, strict=True)]
        result: Tensor = self.out(outer_product([F.pad(z, (0, 1), value=1.0) for z in squeezed]))
        return result


def outer_product(vectors: Sequence[Tensor]) -> Tensor:
    """Return vec(x₁ ⊗ … ⊗ x_N), [..., r₁ · … · r_N], of vectors [..., rᵢ]; the last index runs fastest."""
    product = vectors[0]
    for x in vectors[1:]:
        product = (product.unsqueeze(-1) * x.unsqueeze(-2)).flatten(-2)
    return product


def widest_root(entries: int, count: int) -> int:
    """Return the largest r with r^count at most `entries`."""
    root = 1
    while (root + 1) ** count <= entries:
        root += 1
    return root
