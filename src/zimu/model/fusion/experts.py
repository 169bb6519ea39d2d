"""Product and mixture of experts: each stream has a say of its own, and how much of one.

Product: stream i says "y is μᵢ with precision πᵢ", [μᵢ; ·] = Wᵢ xᵢ + bᵢ, πᵢ = softplus(·), a Gaussian a unit;
with a prior of mean 0 and precision 1 the product of all has the mean
    y = Σᵢ πᵢ ⊙ μᵢ / (1 + Σᵢ πᵢ).
A stream that knows nothing has the precision 0 and is not missed.

Mixture: y = Σᵢ gᵢ Eᵢ(xᵢ),  g = softmax(G [x₁; …; x_N] + c),  Eᵢ a layer of relu between two linear ones.

Source: Hinton 2002 (Neural Computation 14) and Wu & Goodman 2018 (arXiv:1802.05335), for the
product with a prior; Jacobs et al. 1991 (Neural Computation 3) for the mixture and its gate. Departs: both
take the mean in the place of a sample; each expert of the mixture sees its own stream, the gate all.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["MixtureOfExperts", "ProductOfExperts"]


class ProductOfExperts(nn.Module):
    """N vectors [..., D] to one.

    Args:
        count: N.
        width: D.
    """

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.experts = nn.ModuleList(nn.Linear(width, 2 * width) for _ in range(count))

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        said = [expert(x).chunk(2, -1) for expert, x in zip(self.experts, vectors, strict=True)]
        precisions = torch.stack([F.softplus(raw) for _, raw in said])
        means = torch.stack([mean for mean, _ in said])
        return (precisions * means).sum(0) / (1.0 + precisions.sum(0))


class MixtureOfExperts(nn.Module):
    """N vectors [..., D] to one.

    Args:
        count: N.
        width: D.
    """

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width)) for _ in range(count)
        )
        self.gate = nn.Linear(count * width, count)

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        gate = F.softmax(self.gate(torch.cat(tuple(vectors), -1)), -1).chunk(len(vectors), -1)
        said: list[Tensor] = [g * e(x) for g, e, x in zip(gate, self.experts, vectors, strict=True)]
        return reduce(torch.add, said)
