"""How much later one stream runs than another: the shift at which their envelopes agree best.

An envelope is one number a step that rises and falls with what happens: the loudness of a sound, the motion
in a picture. Two given envelopes are compared as they are. Where they rise at different moments of one event
(a mouth opens before the vowel), a learned one is better: it foretells one stream's envelope from the other.

Source: cross-correlation as in Knapp & Carter 1976, without their weighting; learned envelopes are linear
stimulus reconstruction, Crosse et al. 2016 (doi 10.3389/fnhum.2016.00604), equations 6 and 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError
from zimu.features.clock import resample
from zimu.features.sound import mel_weights
from zimu.features.spec import AudioSpec
from zimu.streams import Samples, Stream

__all__ = [
    "EnvelopeModel",
    "Offset",
    "estimate_offset",
    "learn_envelope",
    "motion_envelope",
    "onset_envelope",
    "sound_envelope",
]

Array = npt.NDArray[np.float64]

_HOP_S = 0.01
_WINDOW_S = 0.025
# Quieter than this share of the loudest step is silence, whatever it is made of: 50 dB.
_FLOOR = 1e-5
# Fewer steps than this tell nothing.
_FEWEST = 8


@dataclass(frozen=True, slots=True)
class Offset:
    """How much later the second stream runs than the first.

    Attributes:
        seconds: Above 0 where the second is late; taking it off the second's times mends it.
        agreement: Correlation at that shift, -1 to 1.
        sharpness: How far the best agreement stands above those further away than 0.15 s, in their spread;
            below about 3 the shift may be chance: give more clips.
        shifts: The shifts that were tried, seconds.
        curve: The agreement at each.
    """

    seconds: float
    agreement: float
    sharpness: float
    shifts: Array = field(repr=False)
    curve: Array = field(repr=False)


def estimate_offset(
    first: Stream | Sequence[Stream],
    second: Stream | Sequence[Stream],
    *,
    largest_s: float = 0.5,
    step_s: float = 0.005,
) -> Offset:
    """Return how much later the second stream runs than the first.

    Args:
        first: An envelope [T] or [T, E], or those of several clips that share one offset. Of several numbers
            a step each is compared with its like.
        second: The same of the other stream, at any rate.
        largest_s: The largest shift that is looked for, either way.
        step_s: The step of the search; the peak is found between steps by a parabola.

    Raises:
        ConfigError: There are not as many clips on both sides, or none is long enough.
    """
    ours = [first] if isinstance(first, Stream) else list(first)
    others = [second] if isinstance(second, Stream) else list(second)
    if len(ours) != len(others):
        raise ConfigError(f"There are {len(ours)} first and {len(others)} second streams. Give pairs.")
    count = round(largest_s / step_s)
    shifts: Array = np.arange(-count, count + 1, dtype=np.float64) * step_s
    curves = [_agreement(a, b, shifts) for a, b in zip(ours, others, strict=True)]
    rows = np.array([c for c in curves if c is not None])
    if not len(rows):
        raise ConfigError("No pair of streams overlaps long enough to be compared. Give longer clips.")
    # Agreements are averaged as Fisher's z, so that a clear clip counts more than a vague one.
    curve = np.tanh(np.arctanh(np.clip(rows, -0.999, 0.999)).mean(axis=0))
    best = int(np.argmax(curve))
    far = np.abs(shifts - shifts[best]) > 0.15
    spread = float(curve[far].std()) if far.any() else 0.0
    sharpness = (float(curve[best]) - float(curve[far].mean())) / spread if spread > 0 else float("inf")
    return Offset(_peak(shifts, curve, best), float(curve[best]), sharpness, shifts, curve)


def _agreement(first: Stream, second: Stream, shifts: Array) -> Array | None:
    """Return the correlation at each shift, over all steps of the slower stream.

    Beyond its ends the faster stream holds its last value: were those steps left out, other steps would be
    compared at each shift, and the silence at the ends of a clip would pull the peak.
    """
    slow, fast, sign = (first, second, 1.0) if _step(first) >= _step(second) else (second, first, -1.0)
    times, values = slow.times[slow.keep], _flat(slow)[slow.keep]
    at, others = fast.times[fast.keep], _flat(fast)[fast.keep]
    if min(len(times), len(at)) < _FEWEST:
        return None
    wanted = times + sign * shifts[:, None]
    parts = [
        _correlations(np.interp(wanted, at, other), value)
        for other, value in zip(others.T, values.T, strict=True)
    ]
    return np.asarray(np.mean(parts, axis=0))


def _step(stream: Stream) -> float:
    times = stream.times[stream.keep]
    return float(np.median(np.diff(times))) if len(times) > 1 else 0.0


def _correlations(moved: Array, still: Array) -> Array:
    """Return the correlation of each row [S, T] with [T]; 0 where one of them never changes."""
    moved, still = moved - moved.mean(axis=1, keepdims=True), still - still.mean()
    size = np.sqrt((moved**2).sum(axis=1) * (still @ still))
    return np.where(size > 0, (moved @ still) / np.maximum(size, 1e-12), 0.0)


def _peak(shifts: Array, curve: Array, best: int) -> float:
    """Return the top of the parabola through the best shift and its neighbours."""
    if not 0 < best < len(curve) - 1:
        return float(shifts[best])
    left, top, right = curve[best - 1 : best + 2]
    bend = left - 2 * top + right
    move = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(shifts[best] + move * (shifts[1] - shifts[0]))


def sound_envelope(samples: Samples, *, bands: int = 1, start: float = 0.0) -> Stream:
    """Return the loudness of a sound, its logarithm, every 10 ms, float32 [T, bands].

    Args:
        samples: Mono sound.
        bands: Of the spectrum, equal in mel; 1 is the loudness of all.
        start: Seconds from the start of the file to the start of the clip.
    """
    hop, window = round(_HOP_S * samples.rate_hz), round(_WINDOW_S * samples.rate_hz)
    values = samples.values.astype(np.float64)
    if len(values) < window:
        return Stream(np.zeros((0, bands), np.float32), np.zeros(0, np.bool_), np.zeros(0))
    steps = np.lib.stride_tricks.sliding_window_view(values, window)[::hop]
    if bands == 1:
        energy = (steps**2).mean(axis=1, keepdims=True)
    else:
        high = min(8000.0, samples.rate_hz / 2)
        spec = AudioSpec(rate_hz=samples.rate_hz, fft=window, bands=bands, low_hz=60, high_hz=high)
        spectrum = np.abs(np.fft.rfft(steps * np.hanning(window), axis=1)) ** 2
        energy = spectrum @ mel_weights(spec)
    level = np.log(energy + _FLOOR * max(float(energy.max()), 1e-12))
    times = float(samples.start) - start + (window / 2 + hop * np.arange(len(level))) / samples.rate_hz
    return Stream(level.astype(np.float32), np.ones(len(level), np.bool_), times)


def onset_envelope(envelope: Stream, reach_s: float = 0.08) -> Stream:
    """Return how an envelope rises: its value so much later less its value so much earlier.

    Loudness lasts, so its agreement has a broad peak; beginnings and ends do not, and theirs is sharp.

    Args:
        envelope: Values [T, E] at an even rate.
        reach_s: Seconds on either side.
    """
    steps = max(1, round(reach_s / (_step(envelope) or reach_s)))
    if len(envelope.values) <= 2 * steps:
        return Stream(envelope.values[:0], envelope.keep[:0], envelope.times[:0])
    rise = envelope.values[2 * steps :] - envelope.values[: -2 * steps]
    keep = envelope.keep[2 * steps :] & envelope.keep[: -2 * steps]
    return Stream(rise, keep, envelope.times[steps:-steps])


def motion_envelope(pictures: Stream) -> Stream:
    """Return how much each picture differs from the one before, its logarithm, half way between them.

    Args:
        pictures: Values [T, ...] at their times.
    """
    real = pictures.values[pictures.keep].astype(np.float64).reshape(int(pictures.keep.sum()), -1)
    times = pictures.times[pictures.keep]
    if len(real) < 2:
        return Stream(np.zeros((0, 1), np.float32), np.zeros(0, np.bool_), np.zeros(0))
    moved = np.log(np.abs(np.diff(real, axis=0)).mean(axis=1) + 0.1)
    return Stream(
        moved[:, None].astype(np.float32), np.ones(len(moved), np.bool_), (times[1:] + times[:-1]) / 2
    )


@dataclass(frozen=True)
class EnvelopeModel:
    """Foretells one stream's envelope from the other stream's features.

    Attributes:
        mean: float64 [C], of the features.
        parts: float64 [C, P], their principal parts.
        reach: Steps looked at on either side.
        weights: float64 [(2 reach + 1) P, E].
        lead_s: How early the foretold envelope is where nothing was shifted; its clock is mended by it.
    """

    mean: Array
    parts: Array
    reach: int
    weights: Array
    lead_s: float = 0.0

    def envelope(self, features: Stream) -> Stream:
        """Return the foretold envelope [T, E] at the features' times."""
        seen = _in_context(_flat(features), self.mean, self.parts, self.reach)
        return Stream((seen @ self.weights).astype(np.float32), features.keep, features.times + self.lead_s)


def learn_envelope(
    features: Sequence[Stream],
    envelopes: Sequence[Stream],
    *,
    parts: int = 24,
    reach: int = 5,
    penalty: float = 30.0,
) -> EnvelopeModel:
    """Return what foretells envelopes from features, learned on clips whose streams are in step.

    Args:
        features: Values [T, ...] of each clip, for instance small pictures of a mouth, at an even rate.
        envelopes: The other stream's envelope [T, E] of each clip.
        parts: Principal parts of the features that are looked at.
        reach: Steps looked at on either side.
        penalty: Of the ridge regression.

    Raises:
        ConfigError: There are not as many of both.
    """
    if len(features) != len(envelopes) or not features:
        raise ConfigError(f"There are {len(features)} features and {len(envelopes)} envelopes. Give pairs.")
    model = _learn(features, envelopes, parts, reach, penalty)
    if len(features) < 2:
        return model
    # A regression that sees neighbours does not foretell past and future equally well. How early
    # it is, is seen on clips that it did not learn on: each half of them by what the other half taught.
    leads = []
    for half in (0, 1):
        other = _learn(features[half::2], envelopes[half::2], parts, reach, penalty)
        foretold = [other.envelope(f) for f in features[1 - half :: 2]]
        leads.append(estimate_offset(foretold, envelopes[1 - half :: 2], largest_s=0.2).seconds)
    return replace(model, lead_s=float(np.mean(leads)))


def _learn(
    features: Sequence[Stream], envelopes: Sequence[Stream], parts: int, reach: int, penalty: float
) -> EnvelopeModel:
    flat = [_flat(f) for f in features]
    stacked = np.concatenate(flat)
    mean = stacked.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov((stacked - mean).T))
    found = vectors[:, ::-1][:, :parts]
    rows, wanted = [], []
    for clip, stream, envelope in zip(flat, features, envelopes, strict=True):
        target = resample(envelope, stream.times)
        real = target.keep & stream.keep
        values = _flat(target)[real]
        rows.append(_in_context(clip, mean, found, reach)[real])
        wanted.append((values - values.mean(axis=0)) / (values.std(axis=0) + 1e-9))
    x, y = np.concatenate(rows), np.concatenate(wanted)
    scale = float(np.trace(x.T @ x)) / x.shape[1] / len(x)
    weights = np.linalg.solve(x.T @ x + penalty * scale * np.eye(x.shape[1]), x.T @ y)
    return EnvelopeModel(mean, found, reach, weights)


def _flat(stream: Stream) -> Array:
    return stream.values.reshape(len(stream.values), -1).astype(np.float64)


def _in_context(values: Array, mean: Array, parts: Array, reach: int) -> Array:
    """Return float64 [T, (2 reach + 1) P], each step with its neighbours."""
    seen = (values - mean) @ parts
    seen = seen / (np.abs(seen).mean() + 1e-9)
    index = np.arange(len(seen))[:, None] + np.arange(-reach, reach + 1)
    out: Array = seen[np.clip(index, 0, len(seen) - 1)].reshape(len(seen), -1)
    return out
