"""The recurrent decoder with additive attention over the memory of all streams.

Source: Bahdanau et al. 2015 (arXiv:1409.0473), section 3 and appendix A.1.2, for the attention; Xu et al.
2015 (arXiv:1502.03044), section 3.1.2, for the start from the mean of the memory and the gate β over the
context. Departs: the output layer reads state, context and token through one hidden layer, and its weights
are tied to the token embeddings (Press & Wolf 2017, arXiv:1608.05859) where the recipe asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zimu.model.fusion.hierarchical import HierarchicalAttention
from zimu.text.vocabulary import PAD

__all__ = ["AttentionDecoder", "DecoderMemory", "DecoderState"]


@dataclass(frozen=True)
class DecoderMemory:
    """What is fixed for a clip while its caption is written.

    Attributes:
        values: [B, S, D], the fused streams.
        keys: [B, S, A], `values` as the attention compares them.
        keep: bool [B, S], True where a step is real.
    """

    values: Tensor
    keys: Tensor
    keep: Tensor


@dataclass(frozen=True)
class DecoderState:
    """What changes from token to token: `hidden` [N, H] and `cell` [N, H] (all zero for a GRU)."""

    hidden: Tensor
    cell: Tensor


class AttentionDecoder(nn.Module):
    """One token in, the distribution of the next one out.

    Args:
        vocabulary: Number of tokens V.
        memory: Width D of the memory.
        hidden: Width H of the recurrent state.
        embedding: Width of a token's embedding.
        attention: Width A in which state and memory are compared.
        dropout: Share of units dropped from embedding and output while training.
        cell: "lstm" or "gru".
        tied: Whether the output layer uses the token embeddings as its weights.
        streams: Number of streams that stand in the memory in turn, for hierarchical attention over them; see
            `zimu.model.fusion.hierarchical`. 1: the memory is one.
    """

    def __init__(
        self,
        vocabulary: int,
        memory: int,
        hidden: int = 512,
        embedding: int = 256,
        attention: int = 256,
        dropout: float = 0.5,
        cell: Literal["lstm", "gru"] = "lstm",
        tied: bool = True,
        streams: int = 1,
    ) -> None:
        super().__init__()
        self.streams = streams
        self.embed = nn.Embedding(vocabulary, embedding)
        nn.init.normal_(self.embed.weight, std=embedding**-0.5)
        self.key = nn.Linear(memory, attention)
        if streams > 1:
            self.hierarchy = HierarchicalAttention(streams, memory, hidden, attention)
        else:
            self.query = nn.Linear(hidden, attention, bias=False)
            self.score = nn.Linear(attention, 1, bias=False)
        self.gate = nn.Linear(hidden, memory)
        self.start_hidden = nn.Linear(memory, hidden)
        self.start_cell = nn.Linear(memory, hidden)
        self.cell: nn.LSTMCell | nn.GRUCell
        if cell == "lstm":
            self.cell = nn.LSTMCell(embedding + memory, hidden)
        else:
            self.cell = nn.GRUCell(embedding + memory, hidden)
        self.combine = nn.Linear(hidden + memory + embedding, embedding)
        self.out = nn.Linear(embedding, vocabulary)
        if tied:
            self.out.weight = self.embed.weight
        self.dropout = nn.Dropout(dropout)

    def start(self, memory: Tensor, keep: Tensor) -> tuple[DecoderMemory, DecoderState]:
        """Read the memory once.

        Args:
            memory: [B, S, D].
            keep: bool [B, S]; at least one True a row (the absent stream's stand-in sees to that).
        """
        weights = keep.to(memory.dtype).unsqueeze(2)
        mean = (memory * weights).sum(1) / weights.sum(1).clamp(min=1.0)
        state = DecoderState(torch.tanh(self.start_hidden(mean)), torch.tanh(self.start_cell(mean)))
        return DecoderMemory(memory, self.key(memory), keep), state

    def attend(self, memory: DecoderMemory, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return the context [N, D] and the weights [N, S] for states [N, H].

        N is a multiple of the memory's B: the hypotheses of a clip stand together and share its memory.
        """
        clips, steps, _ = memory.keys.shape
        if self.streams > 1:
            states = hidden.view(clips, -1, hidden.shape[1])
            context, weights = self.hierarchy(memory.values, memory.keys, memory.keep, states)
            return context.flatten(0, 1), weights.flatten(0, 1)
        query = self.query(hidden).view(clips, -1, 1, memory.keys.shape[2])
        scores = self.score(torch.tanh(memory.keys.unsqueeze(1) + query)).squeeze(3)
        scores = scores.masked_fill(~memory.keep.unsqueeze(1), torch.finfo(scores.dtype).min)
        weights = F.softmax(scores, dim=2)
        context = torch.bmm(weights, memory.values)
        return context.view(-1, memory.values.shape[2]), weights.view(-1, steps)

    def advance(
        self, tokens: Tensor, state: DecoderState, memory: DecoderMemory
    ) -> tuple[Tensor, DecoderState, Tensor]:
        """Read one token a hypothesis.

        Args:
            tokens: int64 [N].
            state: Of N hypotheses.
            memory: Of B clips, N a multiple of B.

        Returns:
            Features [N, E] for `logits`, the new state, attention weights [N, S].
        """
        embedded = self.dropout(self.embed(tokens))
        context, weights = self.attend(memory, state.hidden)
        context = torch.sigmoid(self.gate(state.hidden)) * context
        hidden, cell = self._recur(torch.cat((embedded, context), 1), state)
        joined = torch.cat((self.dropout(hidden), context, embedded), 1)
        return torch.tanh(self.combine(joined)), DecoderState(hidden, cell), weights

    def _recur(self, x: Tensor, state: DecoderState) -> tuple[Tensor, Tensor]:
        if isinstance(self.cell, nn.LSTMCell):
            hidden, cell = self.cell(x, (state.hidden, state.cell))
            return hidden, cell
        return self.cell(x, state.hidden), state.cell

    def logits(self, features: Tensor) -> Tensor:
        """Return [..., V] for features [..., E]."""
        result: Tensor = self.out(self.dropout(features))
        return result

    def step(
        self, tokens: Tensor, state: DecoderState, memory: DecoderMemory
    ) -> tuple[Tensor, DecoderState, Tensor]:
        """Return log-probabilities [N, V] of the next token, the new state, attention weights [N, S]."""
        features, state, weights = self.advance(tokens, state, memory)
        return F.log_softmax(self.logits(features), dim=1), state, weights

    def forward(
        self, tokens: Tensor, memory: Tensor, keep: Tensor, sampling: float = 0.0
    ) -> tuple[Tensor, Tensor]:
        """Teacher forcing: read the right tokens, or with a probability the model's own.

        Captions of unlike length cost what they are long: the r-th captions of all clips make a column, and a
        column is left out of the steps after its longest caption. So sort a clip's captions by length.

        Args:
            tokens: int64 [N, L], from the language token to `<end>`, then padding; N is a multiple of the
                memory's B and the captions of a clip stand together.
            memory: [B, S, D].
            keep: bool [B, S].
            sampling: Probability of reading the model's own best token instead of the right one (scheduled
                sampling, Bengio et al. 2015, arXiv:1506.03099).

        Returns:
            Logits [M, V] of the M tokens that follow another one, and which ones these are: int64 [M],
            positions in the flattened `tokens[:, 1:]`.
        """
        shared, state = self.start(memory, keep)
        clips, length = memory.shape[0], tokens.shape[1] - 1
        tokens = tokens.view(clips, -1, length + 1)
        lengths = (tokens[:, :, 1:] != PAD).sum(2).amax(0)
        order = lengths.argsort(descending=True, stable=True)
        # One answer from the device instead of one a position.
        active = (lengths > torch.arange(length, device=lengths.device).unsqueeze(1)).sum(1).tolist()
        columns = tokens.shape[1]
        state = DecoderState(*(s.repeat_interleave(columns, 0) for s in (state.hidden, state.cell)))
        parts: list[Tensor] = []
        step = memory
        for position in range(length):
            count = active[position]
            if not count:
                break
            current = tokens[:, order[:count], position]
            if position and sampling > 0.0:
                own = self.logits(step[:, :count]).argmax(2)
                swap = torch.rand(own.shape, device=own.device) < sampling
                current = torch.where(swap, own, current)
            state = _narrow(state, clips, count)
            flat, state, _ = self.advance(current.reshape(-1), state, shared)
            step = flat.view(clips, count, -1)
            parts.append(F.pad(step, (0, 0, 0, columns - count)))
        features = torch.stack(parts, 2)[:, order.argsort()].flatten(0, 1)
        real = (tokens[:, :, 1 : len(parts) + 1] != PAD).flatten(0, 1)
        row, column = real.nonzero(as_tuple=True)
        return self.logits(features[row, column]), row * length + column


def _narrow(state: DecoderState, clips: int, count: int) -> DecoderState:
    """Return the state of each clip's first `count` captions."""
    hidden, cell = (
        s.view(clips, -1, s.shape[1])[:, :count].flatten(0, 1) for s in (state.hidden, state.cell)
    )
    return DecoderState(hidden, cell)
