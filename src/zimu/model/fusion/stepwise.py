"""A method for vectors works on streams: all are read on one clock and fused moment by moment.

The clock of a clip is that of its stream with the most real steps; at each of its moments t the other streams
are read through the Gaussian kernel of `aligned.read_at`. A record without time has streams of one step: its
clock has one moment, and its fusion is one vector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from zimu.model.fusion.aligned import read_at
from zimu.model.fusion.options import Positive
from zimu.model.steps import Steps

__all__ = ["Stepwise", "longest_clock"]


class Stepwise(nn.Module):
    """`fusion({name: [B, T, D]}) -> [B, S, D]`, S the most steps of a stream.

    Args:
        names: The streams.
        method: Vectors, a list of [..., D] in the order of the sorted names, to [..., D]. A stream that a
            clip lacks is a vector of zeros.
        sigma_s: Width of the kernel in seconds; about one step of the slowest stream.
    """

    def __init__(self, names: Sequence[str], method: nn.Module, sigma_s: Positive = 0.05) -> None:
        super().__init__()
        self.names, self.method, self.sigma_s = sorted(names), method, sigma_s

    def forward(self, streams: Mapping[str, Steps]) -> Steps:
        """Fuse the streams in the order of their names, whatever order they come in."""
        ordered = [streams[n] for n in self.names]
        times, keep = longest_clock(ordered)
        return Steps(self.method([read_at(times, s, self.sigma_s) for s in ordered]), keep, times)


def longest_clock(streams: Sequence[Steps]) -> tuple[Tensor, Tensor]:
    """Return times [B, S] and keep [B, S]: for each clip those of its stream with the most real steps.

    The choice rests on real steps alone, so that neither padding nor the rest of a batch has a say in it. It
    is made of tensors throughout: an exported graph chooses anew for each clip.
    """
    counts = torch.stack([s.keep.sum(1) for s in streams], 1)
    lengths = torch.stack([torch.as_tensor(s.keep.shape[1], device=s.keep.device) for s in streams])
    length = lengths[counts.argmax(1)].unsqueeze(1)
    start = (lengths.cumsum(0) - lengths)[counts.argmax(1)].unsqueeze(1)
    # A tensor as the end, which the stubs do not know, so that an exported graph follows its inputs.
    position = torch.arange(lengths.amax(), device=counts.device).unsqueeze(0)  # type: ignore[call-overload]
    index = start + torch.minimum(position, length - 1)
    times = torch.cat([s.times for s in streams], 1).gather(1, index)
    keep = torch.cat([s.keep for s in streams], 1).gather(1, index)
    return times, keep & (position < length)
