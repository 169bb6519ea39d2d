"""Sound as a model takes it: log-mel steps, patches of them, or the waveform.

Source: the log-mel recipe of YAMNet (tensorflow/models, research/audioset/yamnet: features.py, params.py),
mel scale of HTK. Equal to it up to float32.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError
from zimu.features.spec import AudioSpec
from zimu.streams import Samples, Stream

__all__ = ["log_mel", "mel_weights", "sound_stream"]

_Array = npt.NDArray[np.float32]

# Steps transformed at once: keeps the working memory near 20 MB whatever the length.
_CHUNK = 4096


def _hz_to_mel(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    mel: npt.NDArray[np.float64] = 1127.0 * np.log1p(hz / 700.0)
    return mel


@lru_cache(maxsize=8)
def mel_weights(spec: AudioSpec) -> _Array:
    """Return the triangles that gather a magnitude spectrum into mel bands, float32 [fft // 2 + 1, bands].

    The triangles are straight in mel, as in TensorFlow and HTK, not in Hz; the lowest bin weighs nothing.
    """
    bins = _hz_to_mel(np.linspace(0.0, spec.rate_hz / 2, spec.fft // 2 + 1))[:, None]
    low, high = _hz_to_mel(np.array([spec.low_hz, spec.high_hz]))
    edges = np.linspace(low, high, spec.bands + 2)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    weights = np.maximum(0.0, np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre)))
    weights[0] = 0.0
    result: _Array = weights.astype(np.float32)
    result.setflags(write=False)
    return result


@lru_cache(maxsize=8)
def _hann(length: int) -> _Array:
    window: _Array = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)
    return window


def log_mel(values: _Array, spec: AudioSpec) -> _Array:
    """Return log(mel + offset) of a sound, float32 [T, bands].

    Args:
        values: float32 [n]; shorter than one window it is padded with silence to one.
        spec: Window, hop, transform and bands.
    """
    if len(values) < spec.window:
        values = np.pad(values, (0, spec.window - len(values)))
    steps = np.lib.stride_tricks.sliding_window_view(values, spec.window)[:: spec.hop]
    hann, weights = _hann(spec.window), mel_weights(spec)
    out = np.empty((len(steps), spec.bands), np.float32)
    for first in range(0, len(steps), _CHUNK):
        spectrum = np.fft.rfft(steps[first : first + _CHUNK] * hann, spec.fft, axis=1)
        out[first : first + _CHUNK] = np.abs(spectrum).astype(np.float32) @ weights
    out += np.float32(spec.offset)
    return np.log(out, out=out)


def _patches(values: _Array, spec: AudioSpec) -> _Array:
    """Return overlapping patches [P, patch, bands]; the end is padded with silence to a whole patch."""
    shortest = (spec.patch - 1) * spec.hop + spec.window
    stride = spec.patch_hop * spec.hop
    missing = shortest - len(values) if len(values) <= shortest else -(len(values) - shortest) % stride
    mel = log_mel(np.pad(values, (0, missing)), spec)
    windows = np.lib.stride_tricks.sliding_window_view(mel, spec.patch, axis=0)[:: spec.patch_hop]
    return np.ascontiguousarray(windows.transpose(0, 2, 1))


def sound_stream(samples: Samples, spec: AudioSpec, *, start: Fraction | int | None = None) -> Stream:
    """Return a clip's sound as the contract wants it.

    Args:
        samples: Mono sound at the contract's rate.
        spec: The contract's part for sound.
        start: Seconds from the start of the file to the start of the clip; None takes the start of `samples`.

    Returns:
        float32, (value - mean) / scale: kind log_mel [T, bands], patches [P, patch, bands], waveform [n, 1].
        Too short a sound is padded to one step or patch; no sound at all gives no step.

    Raises:
        ConfigError: The sound has another rate.
    """
    if samples.rate_hz != spec.rate_hz:
        raise ConfigError(
            f"The sound has {samples.rate_hz} samples a second, the contract wants {spec.rate_hz}."
        )
    values = np.asarray(samples.values, np.float32)
    if spec.kind == "waveform":
        array, first, hop = values[:, None].copy(), 0.5, 1
    elif spec.kind == "log_mel":
        array = log_mel(values, spec) if len(values) else np.zeros((0, spec.bands), np.float32)
        first, hop = spec.window / 2, spec.hop
    else:
        array = _patches(values, spec) if len(values) else np.zeros((0, spec.patch, spec.bands), np.float32)
        first, hop = ((spec.patch - 1) * spec.hop + spec.window) / 2, spec.patch_hop * spec.hop
    if spec.mean:
        # Not in place: patches of a short sound are a read-only view.
        array = array - np.float32(spec.mean)
    if spec.scale != 1:
        array = array / np.float32(spec.scale)
    offset = 0.0 if start is None else float(samples.start - start)
    times = offset + (first + hop * np.arange(len(array))) / spec.rate_hz
    return Stream(array, np.ones(len(array), np.bool_), times)
