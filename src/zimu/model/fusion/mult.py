"""Pairwise cross-modal Transformers (MulT): each stream is rewritten by each other stream, then by itself.

For streams i and j ≠ i: z⁰ = xᵢ,  zˡ = layer_ij(zˡ⁻¹ reads xⱼ) over L layers;
then yᵢ = self-attention layers over W [z_ij for all j].

Each layer reads the other stream as it came (not a deeper form of it), so that streams of any rates meet
without alignment.

Source: Tsai et al. 2019 (arXiv:1906.00295). Departs: the convolutions before it are the encoders';
positions are seconds; what the pairs give is brought to width D before the self-attention; all steps are
kept, where the paper takes the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations

import torch
from torch import nn

from zimu.model.fusion.attention import TransformerStack
from zimu.model.fusion.codes import Coded, joined
from zimu.model.fusion.options import Count, Share
from zimu.model.steps import Steps

__all__ = ["MulT"]


class MulT(nn.Module):
    """`fusion({name: [B, T, D]}) -> [B, sum of T, D]`, for at least 2 streams.

    Args:
        names: The streams.
        width: D; even.
        layers: Cross-modal layers a pair, and layers of self-attention a stream.
        heads: Number of heads; divides D.
        dropout: Share of units and weights dropped.
    """

    def __init__(
        self,
        names: Sequence[str],
        width: int,
        layers: Count = 2,
        heads: Count = 4,
        dropout: Share = 0.1,
    ) -> None:
        super().__init__()
        self.code = Coded(names, width)
        self.cross = nn.ModuleDict(
            {
                f"{own}<{other}": TransformerStack(layers, width, heads, dropout, crossed=True)
                for own, other in permutations(self.code.names, 2)
            }
        )
        self.join = nn.ModuleDict({n: nn.Linear((len(names) - 1) * width, width) for n in self.code.names})
        self.own = nn.ModuleDict(
            {n: TransformerStack(layers, width, heads, dropout) for n in self.code.names}
        )
        self.norm = nn.ModuleDict({n: nn.LayerNorm(width) for n in self.code.names})

    def forward(self, streams: Mapping[str, Steps]) -> Steps:
        coded = self.code(streams)
        finished = []
        for name, own in coded.items():
            parts = [
                self.cross[f"{name}<{other}"](own.values, source.keep, source.values)
                for other, source in coded.items()
                if other != name
            ]
            values = self.own[name](self.join[name](torch.cat(parts, 2)), own.keep)
            finished.append(self.norm[name](values))
        return joined(list(coded.values()), finished)
