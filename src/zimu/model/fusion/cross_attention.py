"""Cross-attention: each step of a stream reads the steps of all other streams.

cₜ = Σ_s α_ts m_s,  α_t = softmax_s e(xₜ, m_s),  y_t = norm(x_t + W cₜ), m the steps of the other streams;
dot product: e(x, m) = (Q x)ᵀ(K m) / √d, with several heads;  additive: e(x, m) = wᵀ tanh(Q x + K m).

Source: Vaswani et al. 2017 (arXiv:1706.03762), for the dot product; Bahdanau et al. 2015
(arXiv:1409.0473), for the additive form, which makes an array of B · T · S · A numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from zimu.model.fusion.attention import MultiHead, masked_softmax
from zimu.model.fusion.codes import Coded, joined
from zimu.model.fusion.options import Count, Share
from zimu.model.steps import Steps

__all__ = ["Additive", "AdditiveAttention", "DotAttention"]


class DotAttention(nn.Module):
    """`fusion({name: [B, T, D]}) -> [B, sum of T, D]`, for at least 2 streams.

    Args:
        names: The streams.
        width: D; even.
        heads: Number of heads; divides D.
        dropout: Share of the weights dropped.
    """

    def __init__(self, names: Sequence[str], width: int, heads: Count = 4, dropout: Share = 0.1) -> None:
        super().__init__()
        self.code = Coded(names, width)
        self.read = nn.ModuleDict({n: MultiHead(width, heads, dropout) for n in self.code.names})
        self.norm = nn.ModuleDict({n: nn.LayerNorm(width) for n in self.code.names})

    def forward(self, streams: Mapping[str, Steps]) -> Steps:
        return _read_others(self.code(streams), self.read, self.norm)


class AdditiveAttention(nn.Module):
    """`fusion({name: [B, T, D]}) -> [B, sum of T, D]`, for at least 2 streams.

    Args:
        names: The streams.
        width: D; even.
        attention: Width A in which steps are compared; D / 2 if not given.
    """

    def __init__(self, names: Sequence[str], width: int, attention: Count | None = None) -> None:
        super().__init__()
        self.code = Coded(names, width)
        self.read = nn.ModuleDict({n: Additive(width, attention or width // 2) for n in self.code.names})
        self.norm = nn.ModuleDict({n: nn.LayerNorm(width) for n in self.code.names})

    def forward(self, streams: Mapping[str, Steps]) -> Steps:
        return _read_others(self.code(streams), self.read, self.norm)


class Additive(nn.Module):
    """Additive attention of every query over a memory.

    Args:
        width: D of queries, memory and result.
        attention: A.
    """

    def __init__(self, width: int, attention: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, attention, bias=False)
        self.key = nn.Linear(width, attention)
        self.score = nn.Linear(attention, 1, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, queries: Tensor, memory: Tensor, keep: Tensor) -> Tensor:
        """Return [B, T, D] for queries [B, T, D] over a memory [B, S, D] with keep [B, S]."""
        result: Tensor = self.out(torch.bmm(self.weigh(queries, memory, keep), memory))
        return result

    def weigh(self, queries: Tensor, memory: Tensor, keep: Tensor) -> Tensor:
        """Return the weights [B, T, S]."""
        compared = torch.tanh(self.query(queries).unsqueeze(2) + self.key(memory).unsqueeze(1))
        return masked_softmax(self.score(compared).squeeze(3), keep.unsqueeze(1))


def _read_others(streams: Mapping[str, Steps], read: nn.ModuleDict, norm: nn.ModuleDict) -> Steps:
    values = []
    for name, own in streams.items():
        others = joined([s for n, s in streams.items() if n != name])
        values.append(norm[name](own.values + read[name](own.values, others.values, others.keep)))
    return joined(list(streams.values()), values)
