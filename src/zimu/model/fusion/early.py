"""Data level: raw streams are joined on a common clock before any encoder, and one encoder reads them all.

The clock is a grid of `rate_hz` from the start of the clip to the last real step of any stream. At each
moment t

- the stream whose encoder it is (`onto`) is read at its nearest step, so that pictures stay sharp;
- pictures get each other stream as a further channel: the `window` steps around t, which for a spectrogram is
  the sound of that moment as a picture, stretched to their size;
- anything else gets the other streams' values beside its own, read through a Gaussian kernel of half a step
of
  the grid, which averages what is denser and fills what is sparser;
- each stream has a last channel that says whether the clip has it at all, since zeros alone could be data.

This resampling loses what is finer than the grid: that is the price of data-level fusion, and why Zimu never
does it unasked. Source: Ngiam et al. 2011 (ICML), "Multimodal deep learning", for the join of raw
streams.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zimu.errors import ConfigError
from zimu.model.fusion.aligned import read_at
from zimu.model.steps import Steps

__all__ = ["EarlyJoin"]


class EarlyJoin(nn.Module):
    """`join({name: raw Steps [B, T, ...]}) -> raw Steps [B, S, ...]`, for the encoder of one of the streams.

    Args:
        shapes: {stream: shape of one step}: (C, H, W) for pictures, (..., F) for anything else.
        onto: The stream whose encoder reads the result.
        rate_hz: Of the common clock.
        window: Steps of another stream that make a picture.

    Raises:
        ConfigError: `onto` is no stream, or others are pictures while it is not.
    """

    def __init__(
        self, shapes: Mapping[str, Sequence[int]], onto: str, rate_hz: float = 25.0, window: int = 16
    ) -> None:
        super().__init__()
        if onto not in shapes:
            raise ConfigError(f"`onto` is {onto!r}, which is no stream. There are: {', '.join(shapes)}.")
        self.onto, self.rate_hz, self.window = onto, rate_hz, window
        self.others = sorted(n for n in shapes if n != onto)
        self.pictures = len(shapes[onto]) == 3
        if not self.pictures and any(len(shapes[n]) == 3 for n in self.others):
            raise ConfigError(f"Pictures cannot be laid beside {onto!r}. Set `onto` to the pictures.")
        self.step_shape = tuple(shapes[onto])
        self.added = sum(self._channels(shapes[n]) for n in self.others) + len(shapes)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one step of the result: what the encoder has to take."""
        if self.pictures:
            return (self.step_shape[0] + self.added, *self.step_shape[1:])
        return (*self.step_shape[:-1], self.step_shape[-1] + self.added)

    def forward(self, streams: Mapping[str, Steps]) -> Steps:
        """Join the streams."""
        times, keep = self._clock(streams)
        parts = [_nearest(times, streams[self.onto])]
        parts += [
            (self._as_pictures if self.pictures else self._as_values)(times, streams[n]) for n in self.others
        ]
        clips, steps = times.shape
        for name in (self.onto, *self.others):
            there = streams[name].keep.any(1).to(parts[0].dtype).view(clips, 1, *(1 for _ in self.step_shape))
            size = (1, *self.step_shape[1:]) if self.pictures else (*self.step_shape[:-1], 1)
            parts.append(there.expand(clips, steps, *size))
        return Steps(torch.cat(parts, 2 if self.pictures else -1), keep, times)

    def _channels(self, shape: Sequence[int]) -> int:
        if self.pictures:
            return shape[0] if len(shape) == 3 else 1
        return math.prod(shape)

    def _clock(self, streams: Mapping[str, Steps]) -> tuple[Tensor, Tensor]:
        """Return times [B, S] and keep [B, S] of the grid."""
        lasts = [s.times.masked_fill(~s.keep, -1.0).amax(1) for s in streams.values()]
        # Half a step of slack: the clocks of two streams end a rounding error apart.
        counts = torch.floor(torch.stack(lasts).amax(0) * self.rate_hz + 0.5).long() + 1  # 0 for none at all
        # A tensor as the end, which the stubs do not know, so that an exported graph follows its inputs.
        grid = torch.arange(counts.amax().clamp(min=1), device=counts.device)  # type: ignore[call-overload]
        keep = grid.unsqueeze(0) < counts.unsqueeze(1)
        return (grid / self.rate_hz).to(lasts[0]).unsqueeze(0).expand(counts.shape[0], -1), keep

    def _as_values(self, times: Tensor, stream: Steps) -> Tensor:
        """Return [B, S, ..., F] that stand beside the values of `onto`."""
        flat = stream._replace(values=stream.values.flatten(2))
        values = read_at(times, flat, 0.5 / self.rate_hz)
        places = self.step_shape[:-1]
        return values.view(*times.shape, *(1 for _ in places), -1).expand(*times.shape, *places, -1)

    def _as_pictures(self, times: Tensor, stream: Steps) -> Tensor:
        """Return [B, S, C, H, W] that stand behind the channels of `onto`."""
        height, width = self.step_shape[1:]
        if stream.values.dim() == 5:
            values = _nearest(times, stream)
        else:
            flat = stream._replace(values=stream.values.flatten(2))
            values = _window(times, flat, self.window).unsqueeze(2)
        sized = F.interpolate(values.flatten(0, 1), (height, width), mode="bilinear", align_corners=False)
        return sized.view(*times.shape, -1, height, width)


def _nearest_index(times: Tensor, stream: Steps) -> Tensor:
    """Return [B, S], which real step is nearest to each time; anything for a clip that has none."""
    distance = (times.unsqueeze(2) - stream.times.unsqueeze(1)).abs()
    return distance.masked_fill(~stream.keep.unsqueeze(1), 1e9).argmin(2)


def _take(stream: Steps, index: Tensor) -> Tensor:
    """Return values [B, S, *step] at steps [B, S]; zeros where a step is not real."""
    flat = stream.values.flatten(2) * stream.keep.unsqueeze(2).to(stream.values.dtype)
    found = flat.gather(1, index.unsqueeze(2).expand(-1, -1, flat.shape[2]))
    return found.view(*index.shape, *stream.values.shape[2:])


def _nearest(times: Tensor, stream: Steps) -> Tensor:
    return _take(stream, _nearest_index(times, stream))


def _window(times: Tensor, stream: Steps, size: int) -> Tensor:
    """Return [B, S, size, F], the steps around each time; zeros before the first and after the last."""
    around = torch.arange(size, device=times.device) - size // 2
    index = _nearest_index(times, stream).unsqueeze(2) + around
    inside = (index >= 0) & (index < stream.keep.shape[1])
    index = torch.minimum(index.clamp(min=0), torch.as_tensor(stream.keep.shape[1] - 1))
    found = _take(stream, index.flatten(1)).view(*index.shape, -1)
    return found * inside.unsqueeze(3).to(found.dtype)
