"""Series of numbers as shares of time at which fixed patterns are seen: no training, strong on few series.

Source: MiniRocket, Dempster, Schmidt, Webb 2021 (arXiv:2012.08791). Departs: thresholds come from quantiles
of the whole training part, not from one series each; a pattern looks at one channel; beside the shares stand
each channel's mean, spread, extremes, trend and roughness, and the length, which the shares cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from zimu.features.clock import resample
from zimu.streams import Stream

__all__ = ["KernelsSpec", "fit_kernels", "kernels_array"]

Array = npt.NDArray[np.float32]

# Nine weights, three of them 2 and six -1: all 84 of them.
_TAPS = 9
_PATTERNS = tuple(combinations(range(_TAPS), 3))
_LONGEST = 512
_MOST_FEATURES = 2520
_STATISTICS = 6
# Series of the training part from which thresholds are taken.
_LOOKED_AT = 64


class KernelsSpec(BaseModel):
    """Which patterns are looked for, and how much is seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: int = Field(ge=1)
    length: int = Field(ge=_TAPS, description="steps that every series is resampled to")
    dilations: tuple[int, ...]
    thresholds: tuple[tuple[float, ...], ...] = Field(description="[patterns x dilations, thresholds]")

    @property
    def width(self) -> int:
        """How many numbers a series becomes."""
        return sum(len(t) for t in self.thresholds) + _STATISTICS * self.channels + 1


def fit_kernels(streams: Sequence[Stream]) -> KernelsSpec:
    """Return patterns and thresholds for series: those of the training part.

    Args:
        streams: Values float32 [T, C] each, all with the same C; empty ones are passed over.
    """
    real = [s for s in streams if s.keep.any()]
    channels = real[0].values.shape[1]
    length = max(_TAPS, min(_LONGEST, int(np.median([len(s.values) for s in real]))))
    longest = (length - 1) // (_TAPS - 1)
    powers = np.unique(np.floor(2 ** np.arange(0, np.log2(max(1, longest)) + 1e-9)).astype(int))
    dilations = tuple(int(d) for d in powers)
    each = max(1, _MOST_FEATURES // (len(_PATTERNS) * len(dilations)))
    # Evenly spread without clumps: the golden ratio's multiples.
    golden = (5**0.5 - 1) / 2
    seen = _stack(real[:: max(1, len(real) // _LOOKED_AT)], channels, length)
    thresholds = []
    for number, response in enumerate(_responses(seen, dilations)):
        shares = (np.arange(1, each + 1) + number * each) * golden % 1
        thresholds.append(tuple(float(q) for q in np.quantile(response, shares)))
    return KernelsSpec(channels=channels, length=length, dilations=dilations, thresholds=tuple(thresholds))


def kernels_array(spec: KernelsSpec, streams: Sequence[Stream]) -> Array:
    """Return series as float32 [B, spec.width]; an empty series becomes zeros."""
    stacked = _stack(streams, spec.channels, spec.length)
    shares = []
    for response, thresholds in zip(_responses(stacked, spec.dilations), spec.thresholds, strict=True):
        shares += [(response > t).mean(axis=1) for t in thresholds]
    out = np.concatenate([np.stack(shares, axis=1), _statistics(streams, spec.channels)], axis=1)
    out[[not s.keep.any() for s in streams]] = 0
    return out.astype(np.float32)


def _stack(streams: Sequence[Stream], channels: int, length: int) -> Array:
    """Return series as float32 [B, C, length] on a clock of their own, from first to last real step."""
    out = np.zeros((len(streams), channels, length), np.float32)
    for row, stream in enumerate(streams):
        if stream.keep.any():
            times = stream.times[stream.keep]
            out[row] = resample(stream, np.linspace(times[0], times[-1], length)).values.T
    return out


def _responses(stacked: Array, dilations: Sequence[int]) -> Iterator[Array]:
    """Yield float32 [B, length] for each dilation and pattern; the patterns take turns at the channels."""
    channels, length = stacked.shape[1:]
    for turn, dilation in enumerate(dilations):
        reach = (_TAPS // 2) * dilation
        padded = np.pad(stacked, ((0, 0), (0, 0), (reach, reach)), mode="edge")
        taps = np.stack([padded[:, :, i * dilation : i * dilation + length] for i in range(_TAPS)])
        total = taps.sum(axis=0)
        for number, (i, j, k) in enumerate(_PATTERNS):
            c = (number + turn) % channels
            yield 3 * (taps[i, :, c] + taps[j, :, c] + taps[k, :, c]) - total[:, c]


def _statistics(streams: Sequence[Stream], channels: int) -> Array:
    out = np.zeros((len(streams), _STATISTICS * channels + 1), np.float32)
    for row, stream in enumerate(streams):
        values = stream.values[stream.keep].astype(np.float64)
        if len(values):
            ramp = np.linspace(-1, 1, len(values))
            trend = ramp @ values / max(1.0, float(ramp @ ramp))
            steps = np.abs(np.diff(values, axis=0)).mean(axis=0) if len(values) > 1 else 0 * values[0]
            parts = [values.mean(0), values.std(0), values.min(0), values.max(0), trend, steps]
            out[row] = np.append(np.concatenate(parts), np.log1p(len(values)))
    return out
