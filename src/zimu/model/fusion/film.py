"""Feature-wise modulation (FiLM): each stream scales and shifts the others, unit by unit.

y = Σᵢ γᵢ ⊙ xᵢ + βᵢ,  [γᵢ; βᵢ] = Wᵢ [xⱼ for all j ≠ i] + bᵢ.

Source: Perez et al. 2018 (arXiv:1709.07871). Departs: the paper has one stream that conditions
and one that is conditioned; here every stream is conditioned by all others and the results are added, which
serves any number of streams and prefers none.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import cast

import torch
from torch import Tensor, nn

__all__ = ["FiLM"]


class FiLM(nn.Module):
    """N vectors [..., D], N at least 2, to one.

    Args:
        count: N.
        width: D.
    """

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.modulate = nn.ModuleList(nn.Linear((count - 1) * width, 2 * width) for _ in range(count))
        for layer in self.modulate:
            # γ starts about 1 and β about 0, so that the streams pass as they are.
            nn.init.ones_(cast(nn.Linear, layer).bias[:width])
            nn.init.zeros_(cast(nn.Linear, layer).bias[width:])

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        parts: list[Tensor] = []
        for i, layer in enumerate(self.modulate):
            rest = [x for j, x in enumerate(vectors) if j != i]
            # With two streams there is nothing to join, and joining one copies it.
            others = rest[0] if len(rest) == 1 else torch.cat(rest, -1)
            scale, shift = layer(others).chunk(2, -1)
            parts.append(scale * vectors[i] + shift)
        return reduce(torch.add, parts)
