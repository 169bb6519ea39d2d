"""Gated sum: each stream is weighed, unit by unit, by a gate that sees all streams.

hᵢ = tanh(Wᵢ xᵢ + bᵢ),  zᵢ = σ(Uᵢ [x₁; …; x_N] + cᵢ),  y = Σᵢ zᵢ ⊙ hᵢ.

Source: Arevalo et al. 2017 (arXiv:1702.01992), the unit for k modalities.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor, nn

__all__ = ["GatedSum"]


class GatedSum(nn.Module):
    """N vectors [..., D] to one.

    Args:
        count: N.
        width: D.
    """

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.values = nn.ModuleList(nn.Linear(width, width) for _ in range(count))
        self.gates = nn.Linear(count * width, count * width)

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        gates = torch.sigmoid(self.gates(torch.cat(tuple(vectors), -1))).chunk(len(self.values), -1)
        parts = [g * torch.tanh(h(x)) for g, h, x in zip(gates, self.values, vectors, strict=True)]
        return reduce(torch.add, parts)
