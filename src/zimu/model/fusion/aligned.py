"""Concatenation in width on a common clock: each step learns what the other streams held at its own time.

For a step at time t of one stream, another stream's features are read at t through a Gaussian kernel over its
time stamps: a_j ∝ exp(-(t - t_j)² / 2σ²), Σ a_j = 1. Both stand side by side and a linear layer joins them.
No stream's clock is preferred and nothing is resampled to a grid, so streams of any rate and jitter fit.
Kernel regression of asynchronous streams as in Nadaraya 1964 and Watson 1964.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zimu.model.encoders.context import ConvContext
from zimu.model.fusion.options import Layers, Positive, Share
from zimu.model.steps import Steps

__all__ = ["Aligned", "read_at"]


def read_at(times: Tensor, source: Steps, sigma_s: float) -> Tensor:
    """Return `source`'s features [B, T, D] at other times; zeros where a clip has no real step of it.

    Args:
        times: [B, T] seconds.
        source: [B, S, D].
        sigma_s: Width σ of the kernel in seconds.
    """
    distance = (times.unsqueeze(2) - source.times.unsqueeze(1)) / sigma_s
    scores = (-0.5 * distance * distance).masked_fill(~source.keep.unsqueeze(1), -1e9)
    weights = F.softmax(scores.to(source.values.dtype), 2) * source.keep.any(1)[:, None, None]
    return torch.bmm(weights, source.values)


class Aligned(nn.Module):
    """`fusion({name: [B, T, D]}) -> [B, sum of T, D]`, every step informed by all streams.

    Args:
        names: The streams.
        width: D, the same for all.
        sigma_s: Width of the kernel in seconds; about one step of the slowest stream.
        context: Layers of temporal context over the joined steps.
        dropout: Share of units dropped in the context.
    """

    def __init__(
        self,
        names: list[str],
        width: int,
        sigma_s: Positive = 0.05,
        context: Layers = 3,
        dropout: Share = 0.2,
    ) -> None:
        super().__init__()
        self.names, self.width, self.sigma_s = sorted(names), width, sigma_s
        self.join = nn.ModuleDict({n: nn.Linear(width * len(names), width) for n in self.names})
        self.norm = nn.ModuleDict({n: nn.LayerNorm(width) for n in self.names})
        self.context = ConvContext(width, context, dropout=dropout)

    def forward(self, streams: Mapping[str, Steps]) -> Steps:
        """Join the streams in the order of their names, whatever order they come in."""
        values = []
        for name in self.names:
            own = streams[name]
            parts = [
                own.values if other == name else read_at(own.times, streams[other], self.sigma_s)
                for other in self.names
            ]
            joined = self.norm[name](F.relu(self.join[name](torch.cat(parts, 2))) + own.values)
            values.append(self.context(joined, own.keep))
        keep = torch.cat([streams[n].keep for n in self.names], 1)
        return Steps(torch.cat(values, 1), keep, torch.cat([streams[n].times for n in self.names], 1))
