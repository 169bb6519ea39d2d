"""Streams on another clock, only where asked: what is between steps is made, what lies in gaps is marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError, unknown_name
from zimu.streams import Stream

__all__ = ["METHODS", "common_clock", "resample"]

METHODS = ("linear", "previous", "mean")

Method = Literal["linear", "previous", "mean"]


def resample(
    stream: Stream, times: npt.ArrayLike, *, method: Method = "linear", max_gap_s: float | None = None
) -> Stream:
    """Return a stream at other times.

    Args:
        stream: Values [T, ...] at rising times; steps that are not kept are not looked at.
        times: The wanted times [S], seconds, rising.
        method: "linear" draws a line between neighbours; "previous" holds the last value, for states and
            counts; "mean" averages all steps that lie nearer to a wanted time than to the others, and draws
            the line where there are none: nothing is lost to aliasing when the new clock is slower.
        max_gap_s: A wanted time further than this from a real step on either side is not kept. None keeps
            all times between the first and the last real step.

    Returns:
        float32 [S, ...]; a step in a gap, before the beginning or after the end holds the nearest value and
        is not kept.

    Raises:
        ConfigError: Times do not rise.
        UnknownNameError: There is no such method.
    """
    if method not in METHODS:
        raise unknown_name("method of resampling", method, METHODS)
    wanted = np.asarray(times, np.float64)
    at, values = stream.times[stream.keep], stream.values[stream.keep].astype(np.float64)
    if (np.diff(wanted) < 0).any() or (np.diff(at) < 0).any():
        raise ConfigError("Times must rise. Sort the steps by their time before resampling.")
    shape = (len(wanted), *stream.values.shape[1:])
    if not len(at):
        return Stream(np.zeros(shape, np.float32), np.zeros(len(wanted), np.bool_), wanted)
    after = np.searchsorted(at, wanted, side="right")
    left, right = np.clip(after - 1, 0, len(at) - 1), np.clip(after, 0, len(at) - 1)
    flat = values.reshape(len(at), -1)
    if method == "previous":
        out = flat[left]
    else:
        span = np.maximum(at[right] - at[left], 1e-12)
        share = np.clip((wanted - at[left]) / span, 0, 1)[:, None]
        out = (1 - share) * flat[left] + share * flat[right]
        if method == "mean":
            out = _means(at, flat, wanted, out)
    return Stream(out.reshape(shape).astype(np.float32), _kept(at, wanted, left, right, max_gap_s), wanted)


def _kept(
    at: npt.NDArray[np.float64],
    wanted: npt.NDArray[np.float64],
    left: npt.NDArray[np.int64],
    right: npt.NDArray[np.int64],
    max_gap_s: float | None,
) -> npt.NDArray[np.bool_]:
    # Times that were computed in another order differ in the last bits.
    small = 1e-9 * max(1.0, float(np.abs(at).max()))
    kept = (wanted >= at[0] - small) & (wanted <= at[-1] + small)
    if max_gap_s is not None:
        near = np.abs(at[left] - wanted) <= max_gap_s + small
        kept &= near & (np.abs(at[right] - wanted) <= max_gap_s + small)
    return np.asarray(kept, np.bool_)


def _means(
    at: npt.NDArray[np.float64],
    flat: npt.NDArray[np.float64],
    wanted: npt.NDArray[np.float64],
    drawn: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return the mean of the steps nearest to each wanted time; `drawn` where there are none."""
    cell = np.searchsorted((wanted[1:] + wanted[:-1]) / 2, at, side="right")
    # What lies beyond the first and last wanted step by more than half a step is nobody's.
    half = np.median(np.diff(wanted)) / 2 if len(wanted) > 1 else np.inf
    near = (at >= wanted[0] - half) & (at <= wanted[-1] + half)
    count = np.bincount(cell[near], minlength=len(wanted))
    sums = np.zeros_like(drawn)
    np.add.at(sums, cell[near], flat[near])
    return np.where(count[:, None] > 0, sums / np.maximum(count, 1)[:, None], drawn)


def common_clock(
    streams: Mapping[str, Stream],
    rate_hz: float,
    *,
    method: Method = "linear",
    max_gap_s: float | None = None,
) -> dict[str, Stream]:
    """Return streams on one clock that spans them all; where one has nothing its steps are not kept.

    Args:
        streams: {name: stream}, on one time line.
        rate_hz: Steps a second of the new clock.
        method: See `resample`.
        max_gap_s: See `resample`; None takes 1.5 of the stream's own usual step, so that gaps stay gaps.

    Raises:
        ConfigError: The rate is not above 0, or no stream has a real step.
    """
    if not rate_hz > 0:
        raise ConfigError(f"rate_hz is {rate_hz}. It must be above 0.")
    real = {n: s.times[s.keep] for n, s in streams.items() if s.keep.any()}
    if not real:
        raise ConfigError("No stream has a real step, so there is no clock to find.")
    first, last = min(t[0] for t in real.values()), max(t[-1] for t in real.values())
    wanted = first + np.arange(int(np.floor((last - first) * rate_hz + 1e-9)) + 1) / rate_hz
    out = {}
    for name, stream in streams.items():
        steps = np.diff(real.get(name, np.zeros(0)))
        gap = max_gap_s if max_gap_s is not None else 1.5 * float(np.median(steps)) if len(steps) else 0.0
        out[name] = resample(stream, wanted, method=method, max_gap_s=gap)
    return out
