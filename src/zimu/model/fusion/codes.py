"""Which stream a step belongs to and when it happened, added to its features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from zimu.model.clock import sinusoids
from zimu.model.steps import Steps

__all__ = ["Coded", "joined"]


class Coded(nn.Module):
    """{name: Steps} to the same with a learned vector a stream and sinusoids of seconds added.

    Args:
        names: The streams.
        width: D; even.
    """

    def __init__(self, names: Sequence[str], width: int) -> None:
        super().__init__()
        self.names, self.width = sorted(names), width
        self.kind = nn.ParameterDict({n: nn.Parameter(torch.zeros(width)) for n in self.names})
        self.time_scale = nn.Parameter(torch.zeros(()))

    def forward(self, streams: Mapping[str, Steps]) -> dict[str, Steps]:
        """Return the streams in the order of their names, whatever order they come in."""
        return {n: self._code(n, streams[n]) for n in self.names}

    def _code(self, name: str, stream: Steps) -> Steps:
        clock = self.time_scale * sinusoids(stream.times, self.width)
        return stream._replace(values=stream.values + self.kind[name] + clock)


def joined(streams: Sequence[Steps], values: Sequence[Tensor] | None = None) -> Steps:
    """Return the steps of all streams, one after the other: [B, ΣT, D].

    Args:
        streams: At least one.
        values: [B, T, D] of each, in the place of its own.
    """
    parts = [s.values for s in streams] if values is None else list(values)
    return Steps(
        torch.cat(parts, 1),
        torch.cat([s.keep for s in streams], 1),
        torch.cat([s.times for s in streams], 1),
    )
