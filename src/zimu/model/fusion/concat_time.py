"""Concatenation in time: the steps of all streams stand side by side in one memory.

The decoder's attention then chooses among frames and moments of sound at each token (the joint memory of two
streams in Xu et al. 2017, ACM MM, "Learning multimodal attention LSTM networks for video captioning"). A
learned vector a stream tells them apart, sinusoids of their time stamps say what happens at once.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from zimu.model.clock import sinusoids
from zimu.model.steps import Steps

__all__ = ["ConcatTime"]


class ConcatTime(nn.Module):
    """`fusion({name: [B, T, D]}) -> [B, sum of T, D]`.

    Args:
        names: The streams.
        width: D, the same for all; even.
    """

    def __init__(self, names: list[str], width: int) -> None:
        super().__init__()
        self.names, self.width = sorted(names), width
        self.kind = nn.ParameterDict({n: nn.Parameter(torch.zeros(width)) for n in self.names})
        self.time_scale = nn.Parameter(torch.zeros(()))

    def forward(self, streams: Mapping[str, Steps]) -> Steps:
        """Join the streams in the order of their names, whatever order they come in."""
        ordered = [streams[n] for n in self.names]
        times = torch.cat([s.times for s in ordered], 1)
        values = torch.cat([s.values + self.kind[n] for n, s in zip(self.names, ordered, strict=True)], 1)
        values = values + self.time_scale * sinusoids(times, self.width)
        return Steps(values, torch.cat([s.keep for s in ordered], 1), times)
