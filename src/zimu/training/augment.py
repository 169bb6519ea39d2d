"""Changes of a clip that its caption survives: played faster or slower, louder or softer, with holes.

A clip played at another speed keeps the times of its own clock, so that what is known about its moments (when
a word is said) stays true.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from zimu.streams import Stream

__all__ = ["draw_holes", "move_pictures", "play_frames", "play_sound", "within"]

Waveform = npt.NDArray[np.float32]


def play_sound(values: Waveform, speed: float) -> Waveform:
    """Return a sound [n] played `speed` times as fast, float32 [n / speed]; its pitch moves along.

    Band-limited: the spectrum of the whole is cut or filled up (speed perturbation: Ko et al. 2015).
    """
    length = round(len(values) / speed)
    if length == len(values) or not length:
        return values
    played = np.fft.irfft(np.fft.rfft(values), length) * (length / len(values))
    result: Waveform = played.astype(np.float32)
    return result


def play_frames(stream: Stream, speed: float) -> Stream:
    """Return the frames of a stream played `speed` times as fast: some left out, or some twice."""
    count = len(stream.values)
    chosen = np.minimum(np.round(np.arange(round(count / speed)) * speed).astype(np.int64), count - 1)
    return Stream(stream.values[chosen], stream.keep[chosen], stream.times[chosen])


def draw_holes(
    values: npt.NDArray[np.float32],
    bands: tuple[int, int],
    steps: tuple[int, int],
    rng: np.random.Generator,
) -> npt.NDArray[np.float32]:
    """Return log-mel steps [T, bands] with stretches set to 0, the mean (SpecAugment: Park et al. 2019).

    Args:
        values: Normalised.
        bands: How many holes over all steps, and how many bands each has at most.
        steps: How many holes over all bands, and how many steps each has at most.
        rng: Draws widths and places evenly.
    """
    out = values.copy()
    for axis, (holes, widest) in ((1, bands), (0, steps)):
        size = out.shape[axis]
        for _ in range(holes):
            width = int(rng.integers(0, min(widest, size) + 1))
            first = int(rng.integers(0, size - width + 1))
            hole = slice(first, first + width)
            if axis:
                out[:, hole] = 0.0
            else:
                out[hole] = 0.0
    return out


def move_pictures(
    pictures: npt.NDArray[np.uint8], most: int, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Return pictures [T, H, W, C] moved by one random shift of up to `most`, the edge repeated."""
    if not most:
        return pictures
    height, width = pictures.shape[1:3]
    down, right = (int(v) for v in rng.integers(0, 2 * most + 1, 2))
    wide = np.pad(pictures, ((0, 0), (most, most), (most, most), (0, 0)), "edge")
    return wide[:, down : down + height, right : right + width]


def within(stream: Stream, window: tuple[float, float] | None) -> Stream:
    """Return the steps of a stream within a window of seconds; they keep their times."""
    if window is None:
        return stream
    inside = (stream.times >= window[0]) & (stream.times < window[1])
    return Stream(stream.values[inside], stream.keep[inside], stream.times[inside])
