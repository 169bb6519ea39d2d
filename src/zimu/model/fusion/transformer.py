"""One Transformer over the tokens of all streams, told apart by an embedding a modality.

z⁰ = [x + kind + clock of all steps of all streams],  zˡ = layer(zˡ⁻¹): every step may read every other.

Source: Vaswani et al. 2017 (arXiv:1706.03762) for the layers; Sun et al. 2019 (VideoBERT, arXiv:1904.01766)
and Chen et al. 2020 (UNITER, arXiv:1909.11740) for the joint sequence with an embedding a modality.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import nn

from zimu.model.fusion.attention import TransformerStack
from zimu.model.fusion.codes import Coded, joined
from zimu.model.fusion.options import Count, Share
from zimu.model.steps import Steps

__all__ = ["Transformer"]


class Transformer(nn.Module):
    """`fusion({name: [B, T, D]}) -> [B, sum of T, D]`.

    Args:
        names: The streams.
        width: D; even.
        layers: Number of layers.
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
        self.layers = TransformerStack(layers, width, heads, dropout)
        self.norm = nn.LayerNorm(width)

    def forward(self, streams: Mapping[str, Steps]) -> Steps:
        values, keep, times = joined(list(self.code(streams).values()))
        return Steps(self.norm(self.layers(values, keep)), keep, times)
