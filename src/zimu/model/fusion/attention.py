"""Attention for the fusions: heads over a memory with a mask, and the Transformer layer made of them.

Source: Vaswani et al. 2017 (arXiv:1706.03762); layers normalise before each part, as in Xiong et
al. 2020 (arXiv:2002.04745). A memory without any real step gives zeros: nothing can be read from it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zimu.errors import ConfigError

__all__ = ["MultiHead", "TransformerLayer", "TransformerStack", "masked_softmax"]


def masked_softmax(scores: Tensor, keep: Tensor) -> Tensor:
    """Return weights over the last axis that sum to 1, or to 0 where nothing is kept.

    Args:
        scores: [..., S].
        keep: bool, broadcastable to `scores`.
    """
    weights = F.softmax(scores.masked_fill(~keep, torch.finfo(scores.dtype).min), -1)
    return weights * keep.to(weights.dtype)


class MultiHead(nn.Module):
    """softmax(Q Kᵀ / √d) V with several heads.

    Args:
        width: D of queries, memory and result.
        heads: Number of heads; divides D.
        dropout: Share of the weights dropped.

    Raises:
        ConfigError: The heads do not divide the width.
    """

    def __init__(self, width: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        if width % heads:
            raise ConfigError(f"heads={heads} do not divide the width {width}. Choose heads that do.")
        self.heads, self.dropout = heads, dropout
        self.query = nn.Linear(width, width)
        self.pair = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, queries: Tensor, memory: Tensor, keep: Tensor) -> Tensor:
        """Return [B, T, D] for queries [B, T, D] over a memory [B, S, D] with keep [B, S]."""
        query = self._split(self.query(queries))
        key, value = (self._split(x) for x in self.pair(memory).chunk(2, -1))
        # Finite, so that a memory without a real step gives a number, which the factor below takes away.
        mask = torch.zeros_like(keep, dtype=query.dtype).masked_fill(~keep, -1e9)[:, None, None]
        dropout = self.dropout if self.training else 0.0
        found = F.scaled_dot_product_attention(query, key, value, mask, dropout)
        found = found.transpose(1, 2).flatten(2) * keep.any(1)[:, None, None].to(found.dtype)
        result: Tensor = self.out(found)
        return result

    def _split(self, values: Tensor) -> Tensor:
        return values.view(*values.shape[:2], self.heads, -1).transpose(1, 2)


class TransformerLayer(nn.Module):
    """x ← x + MultiHead(norm(x), norm(m)),  x ← x + W relu(norm(x)): steps that read a memory, or themselves.

    Args:
        width: D.
        heads: Number of heads; divides D.
        dropout: Share of units and weights dropped.
        crossed: Whether the memory is another stream and has a norm of its own.
    """

    def __init__(self, width: int, heads: int, dropout: float = 0.0, crossed: bool = False) -> None:
        super().__init__()
        self.attention = MultiHead(width, heads, dropout)
        self.norm = nn.LayerNorm(width)
        self.memory_norm = nn.LayerNorm(width) if crossed else None
        self.feed = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(4 * width, width),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor, keep: Tensor, memory: Tensor | None = None) -> Tensor:
        """Return [B, T, D].

        Args:
            values: [B, T, D].
            keep: bool [B, S] of the memory.
            memory: [B, S, D]; the values themselves if not given.
        """
        normed = self.norm(values)
        read = normed if memory is None else memory
        if memory is not None and self.memory_norm is not None:
            read = self.memory_norm(memory)
        values = values + self.dropout(self.attention(normed, read, keep))
        result: Tensor = values + self.dropout(self.feed(values))
        return result


class TransformerStack(nn.Module):
    """Several layers, one after the other, all over the same memory or each over its own values.

    Args:
        layers: Number of layers.
        width: D.
        heads: Number of heads; divides D.
        dropout: Share of units and weights dropped.
        crossed: Whether the memory is another stream.
    """

    def __init__(self, layers: int, width: int, heads: int, dropout: float, crossed: bool = False) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TransformerLayer(width, heads, dropout, crossed) for _ in range(layers))

    def forward(self, values: Tensor, keep: Tensor, memory: Tensor | None = None) -> Tensor:
        """Return [B, T, D]; see `TransformerLayer.forward`."""
        for layer in self.layers:
            values = layer(values, keep, memory)
        return values
