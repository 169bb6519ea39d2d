"""Bottleneck tokens (MBT): streams meet only through a few shared tokens.

For each layer: [xᵢ; fᵢ] = layerᵢ([xᵢ; f]) for each stream i by itself,  f = mean of the fᵢ.

Whatever one stream tells another has to pass f, which costs less than full attention and makes each stream
sum up what matters.

Source: Nagrani et al. 2021 (arXiv:2107.00135). Departs: the streams meet in
every layer, since the encoders before them are the unimodal layers of the paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import nn
from torch.nn import functional as F

from zimu.model.fusion.attention import TransformerLayer
from zimu.model.fusion.codes import Coded, joined
from zimu.model.fusion.options import Count, Share
from zimu.model.steps import Steps

__all__ = ["Bottleneck"]


class Bottleneck(nn.Module):
    """`fusion({name: [B, T, D]}) -> [B, sum of T, D]`.

    Args:
        names: The streams.
        width: D; even.
        tokens: Shared tokens.
        layers: Number of layers, each with weights of its own for each stream.
        heads: Number of heads; divides D.
        dropout: Share of units and weights dropped.
    """

    def __init__(
        self,
        names: Sequence[str],
        width: int,
        tokens: Count = 4,
        layers: Count = 2,
        heads: Count = 4,
        dropout: Share = 0.1,
    ) -> None:
        super().__init__()
        self.code, self.tokens = Coded(names, width), tokens
        self.shared = nn.Parameter(0.02 * torch.randn(tokens, width))
        self.layers = nn.ModuleList(
            nn.ModuleDict({n: TransformerLayer(width, heads, dropout) for n in self.code.names})
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, streams: Mapping[str, Steps]) -> Steps:
        coded = self.code(streams)
        values = {n: s.values for n, s in coded.items()}
        keeps = {n: F.pad(s.keep, (0, self.tokens), value=True) for n, s in coded.items()}
        clips = next(iter(values.values())).shape[0]
        shared = self.shared.expand(clips, -1, -1)
        for layer in self.layers:
            own = []
            for name in values:
                both = cast(nn.ModuleDict, layer)[name](torch.cat((values[name], shared), 1), keeps[name])
                values[name] = both[:, : -self.tokens]
                own.append(both[:, -self.tokens :])
            shared = torch.stack(own).mean(0)
        return joined(list(coded.values()), [self.norm(v) for v in values.values()])
