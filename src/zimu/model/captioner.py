"""The caption model: an encoder a stream, a fusion, one decoder for all languages."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from zimu.model.decoder import AttentionDecoder
from zimu.model.fusion.early import EarlyJoin
from zimu.model.steps import Steps

__all__ = ["CaptionModel"]


class CaptionModel(nn.Module):
    """Streams in, logits of a caption's tokens out.

    Args:
        encoders: {stream: Steps [B, T, ...] -> Steps [B, T', D]}.
        fusion: {stream: Steps} -> Steps [B, S, D].
        decoder: Over the fused memory.
        width: D.
        aligned_tokens: Number of tokens V whose presence is also predicted at each step of each stream and of
            the fused memory (for recipes with word times); 0 for none.
        join: Raw streams to one, for data-level fusion: there is one encoder, of the stream that `join` joins
        the
            others onto.
    """

    def __init__(
        self,
        encoders: Mapping[str, nn.Module],
        fusion: nn.Module,
        decoder: AttentionDecoder,
        width: int,
        aligned_tokens: int = 0,
        join: EarlyJoin | None = None,
    ) -> None:
        super().__init__()
        self.join = join
        self.encoders = nn.ModuleDict(encoders)
        self.absent = nn.ParameterDict({n: nn.Parameter(torch.zeros(width)) for n in encoders})
        self.fusion = fusion
        self.decoder = decoder
        self.present = nn.ModuleDict(
            {n: nn.Linear(width, aligned_tokens) for n in (*encoders, "memory")} if aligned_tokens else {}
        )

    def encode_streams(self, streams: Mapping[str, Steps]) -> dict[str, Steps]:
        """Encode each stream; one that is absent (`keep` all False) becomes its learned stand-in.

        The stand-in takes the first step, so that a fusion and the attention always find a real step.
        """
        if self.join is not None:
            streams = {self.join.onto: self.join(streams)}
        encoded = {}
        for name, encoder in self.encoders.items():
            values, keep, times = encoder(streams[name])
            absent = ~keep.any(1, keepdim=True)
            values = torch.where(absent.unsqueeze(2), self.absent[name].to(values.dtype), values)
            first = torch.arange(keep.shape[1], device=keep.device).unsqueeze(0) == 0
            encoded[name] = Steps(values, keep | (absent & first), times)
        return encoded

    def encode(self, streams: Mapping[str, Steps]) -> Steps:
        """Return the fused memory [B, S, D] of raw streams."""
        memory: Steps = self.fusion(self.encode_streams(streams))
        return memory

    def forward(
        self, streams: Mapping[str, Steps], tokens: Tensor, sampling: float = 0.0
    ) -> tuple[Tensor, Tensor, dict[str, tuple[Tensor, Steps]]]:
        """Teacher forcing; see `AttentionDecoder.forward`.

        Args:
            streams: {stream: Steps [B, T, ...]}.
            tokens: int64 [N, L], N a multiple of B, the captions of a clip together.
            sampling: Probability of scheduled sampling.

        Returns:
            Logits [M, V], the positions [M] of their tokens in the flattened `tokens[:, 1:]`, and for models
            with `aligned_tokens` {stream or "memory": (logits [B, T', V], steps)}, else an empty dictionary.
        """
        encoded = self.encode_streams(streams)
        memory = self.fusion(encoded)
        logits, positions = self.decoder(tokens, memory.values, memory.keep, sampling)
        encoded["memory"] = memory
        return (
            logits,
            positions,
            {n: (head(encoded[n].values), encoded[n]) for n, head in self.present.items()},
        )
