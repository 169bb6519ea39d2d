"""Hierarchical attention: the decoder attends within each stream, then over the streams, at each token.

For the decoder's state s and stream k with steps x:
    α_t = softmax_t wₖᵀ tanh(Qₖ s + K x_t),  cₖ = Σ_t α_t x_t;
    β = softmax_k uᵀ tanh(Q s + Vₖ cₖ + bₖ),  context = Σ_k βₖ (Dₖ cₖ + dₖ).

A noisy stream loses its weight as a whole, token by token.

The fusion `Apart` joins nothing: it lays the streams into one memory, step by step in turn, so that step s of
the memory belongs to stream s mod N. `HierarchicalAttention` in the decoder tells them apart by that.

Source: Hori et al. 2017 (arXiv:1701.03126). Departs: the projection K of
the steps is the decoder's own, shared by the streams, which have each a vector added before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zimu.model.fusion.attention import masked_softmax
from zimu.model.fusion.codes import Coded
from zimu.model.steps import Steps

__all__ = ["Apart", "HierarchicalAttention"]


class Apart(nn.Module):
    """`fusion({name: [B, T, D]}) -> [B, N · longest T, D]`, the streams in turn.

    Args:
        names: The N streams.
        width: D; even.
    """

    def __init__(self, names: Sequence[str], width: int) -> None:
        super().__init__()
        self.code = Coded(names, width)

    def forward(self, streams: Mapping[str, Steps]) -> Steps:
        coded = list(self.code(streams).values())
        lengths = torch.stack([torch.as_tensor(s.keep.shape[1], device=s.keep.device) for s in coded])
        # A tensor as the end, which the stubs do not know, so that an exported graph follows its inputs.
        steps = torch.arange(lengths.amax(), device=lengths.device)  # type: ignore[call-overload]
        parts = []
        for stream, length in zip(coded, lengths, strict=True):
            index = torch.minimum(steps, length - 1)
            keep = stream.keep[:, index] & (steps < length)
            parts.append(Steps(stream.values[:, index], keep, stream.times[:, index]))
        values, keep, times = (torch.stack(part, 2).flatten(1, 2) for part in zip(*parts, strict=True))
        return Steps(values, keep, times)


class HierarchicalAttention(nn.Module):
    """Attention within each of N streams, then over the streams.

    Args:
        streams: N.
        memory: Width D of the memory.
        hidden: Width H of the decoder's state.
        attention: Width A in which they are compared.
    """

    def __init__(self, streams: int, memory: int, hidden: int, attention: int) -> None:
        super().__init__()
        self.streams = streams
        self.query = nn.Linear(hidden, streams * attention)
        self.score = nn.Parameter(torch.empty(streams, attention))
        nn.init.uniform_(self.score, -(attention**-0.5), attention**-0.5)
        self.own = nn.ModuleList(nn.Linear(memory, attention) for _ in range(streams))
        self.state = nn.Linear(hidden, attention, bias=False)
        self.choose = nn.Linear(attention, 1, bias=False)
        self.out = nn.ModuleList(nn.Linear(memory, memory) for _ in range(streams))

    def forward(self, values: Tensor, keys: Tensor, keep: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return the context [B, M, D] and the weights [B, M, S], whose sum is 1.

        Args:
            values: [B, S, D], step s of stream s mod N; S is a multiple of N.
            keys: [B, S, A].
            keep: bool [B, S].
            hidden: [B, M, H], M hypotheses a clip.
        """
        queries = self.query(hidden).unsqueeze(2).chunk(self.streams, 3)
        within, chosen, parts, some = [], [], [], []
        for k, (query, score) in enumerate(zip(queries, self.score, strict=True)):
            of_stream = slice(k, None, self.streams)
            scores = (torch.tanh(keys[:, of_stream].unsqueeze(1) + query) * score).sum(3)
            real = keep[:, of_stream].unsqueeze(1)
            # A stream without any real step has weights too, which count for nothing below.
            within.append(F.softmax(scores.masked_fill(~real, torch.finfo(scores.dtype).min), 2))
            context = torch.bmm(within[k], values[:, of_stream])
            chosen.append(self.own[k](context))
            parts.append(self.out[k](context))
            some.append(real.any(2))
        compared = torch.tanh(self.state(hidden).unsqueeze(2) + torch.stack(chosen, 2))
        among = masked_softmax(self.choose(compared).squeeze(3), torch.stack(some, 2))
        shares = torch.split(among, 1, 2)
        context = reduce(torch.add, (share * part for share, part in zip(shares, parts, strict=True)))
        return context, (among.unsqueeze(2) * torch.stack(within, 3)).flatten(2)
