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

import torch
from torch import Tensor, nn

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
            values: [B, S, D], step s of stream s mod N.
            keys: [B, S, A].
            keep: bool [B, S].
            hidden: [B, M, H], M hypotheses a clip.
        """
        stream = torch.arange(values.shape[1], device=values.device) % self.streams
        member = stream == torch.arange(self.streams, device=values.device).unsqueeze(1)
        real = keep.unsqueeze(1) & member  # [B, N, S]
        clips, hypotheses, _ = hidden.shape
        query = self.query(hidden).view(clips, hypotheses, self.streams, -1)[:, :, stream]
        scores = (torch.tanh(keys.unsqueeze(1) + query) * self.score[stream]).sum(3)
        within = masked_softmax(scores.unsqueeze(2), real.unsqueeze(1))  # [B, M, N, S]
        contexts = torch.bmm(within.flatten(1, 2), values)
        contexts = contexts.view(clips, hypotheses, self.streams, -1)
        own = torch.stack([layer(c) for layer, c in zip(self.own, contexts.unbind(2), strict=True)], 2)
        chosen = self.choose(torch.tanh(self.state(hidden).unsqueeze(2) + own)).squeeze(3)
        among = masked_softmax(chosen, real.any(2).unsqueeze(1)).unsqueeze(3)  # [B, M, N, 1]
        parts = torch.stack([layer(c) for layer, c in zip(self.out, contexts.unbind(2), strict=True)], 2)
        return (among * parts).sum(2), (among * within).sum(2)
