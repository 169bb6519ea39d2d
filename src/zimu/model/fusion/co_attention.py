"""Co-attention: one table of affinities between two streams, read along its rows and along its columns.

L = X W Yᵀ / √D;  X reads Y by the softmax of L over Y's steps, Y reads X by that of Lᵀ over X's;
x' = norm(x + relu(V [x; what x read in each other stream] + b)).

Source: Lu et al. 2016 (arXiv:1606.00061), for the affinity; Xiong et al. 2017 (arXiv:1611.01604)
and Nguyen & Okatani 2018 (arXiv:1804.00775), for reading it both ways and keeping
every step. For N streams each pair has its table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import torch
from torch import nn
from torch.nn import functional as F

from zimu.model.fusion.attention import masked_softmax
from zimu.model.fusion.codes import Coded, joined
from zimu.model.steps import Steps

__all__ = ["CoAttention"]


class CoAttention(nn.Module):
    """`fusion({name: [B, T, D]}) -> [B, sum of T, D]`, for at least 2 streams.

    Args:
        names: The streams.
        width: D; even.
    """

    def __init__(self, names: Sequence[str], width: int) -> None:
        super().__init__()
        self.code = Coded(names, width)
        self.pairs = list(combinations(self.code.names, 2))
        self.affinity = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in self.pairs)
        self.join = nn.ModuleDict({n: nn.Linear(len(names) * width, width) for n in self.code.names})
        self.norm = nn.ModuleDict({n: nn.LayerNorm(width) for n in self.code.names})

    def forward(self, streams: Mapping[str, Steps]) -> Steps:
        coded = self.code(streams)
        parts = {n: [s.values] for n, s in coded.items()}
        for (first, second), affinity in zip(self.pairs, self.affinity, strict=True):
            x, y = coded[first], coded[second]
            table = torch.bmm(affinity(x.values), y.values.transpose(1, 2)) * x.values.shape[2] ** -0.5
            parts[first].append(torch.bmm(masked_softmax(table, y.keep.unsqueeze(1)), y.values))
            turned = masked_softmax(table.transpose(1, 2), x.keep.unsqueeze(1))
            parts[second].append(torch.bmm(turned, x.values))
        values = [
            self.norm[n](s.values + F.relu(self.join[n](torch.cat(parts[n], 2)))) for n, s in coded.items()
        ]
        return joined(list(coded.values()), values)
