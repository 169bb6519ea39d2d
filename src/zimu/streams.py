"""Streams of one event and the records that travel between the rooms.

A **stream** is one modality by name (`video`, `audio`, `text`, `series`, ...). Masks are called `keep`: True
is real, False is padding or absent. Axis order is batch, time, rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from zimu.timing import Span

__all__ = ["MODALITIES", "Caption", "Clip", "Frame", "Samples", "Stream", "StreamBatch", "pad_streams"]

MODALITIES = ("video", "audio", "text", "image", "series", "points", "table")


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a video.

    Attributes:
        time: Seconds from the start of the file.
        picture: uint8 [H, W, 3], RGB.
    """

    time: Fraction
    picture: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Samples:
    """A stretch of mono sound.

    Attributes:
        start: Seconds from the start of the file to the first sample.
        rate_hz: Samples a second.
        values: float32 [n], full scale is -1 to 1.
    """

    start: Fraction
    rate_hz: int
    values: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of one file with its streams on one clock; a stream that the file lacks is empty or None."""

    span: Span
    frames: Sequence[Frame] = ()
    samples: Samples | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """One modality of one clip as a model takes it.

    Attributes:
        values: float32 or uint8 [T, ...].
        keep: bool [T], True where the step is real.
        times: float64 [T], seconds from the start of the clip to the middle of each step.
    """

    values: npt.NDArray[Any]
    keep: npt.NDArray[np.bool_]
    times: npt.NDArray[np.float64]


class StreamBatch(NamedTuple):
    """One modality of B clips, padded to the longest.

    Attributes:
        values: [B, T, ...].
        keep: bool [B, T].
        times: float32 [B, T], seconds from the start of each clip.
    """

    values: npt.NDArray[Any]
    keep: npt.NDArray[np.bool_]
    times: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Caption:
    """A text for a span of a file.

    Attributes:
        start_ms: Start, milliseconds from the start of the file.
        end_ms: End, exclusive.
        text: The sentence, ready to be shown.
        language: BCP 47 tag, "zh" or "en".
        kind: "speech", "sound" or "scene".
        tokens: The model's tokens as text.
        log_probs: The natural logarithm of each token's probability, as long as `tokens`.
        attention: {stream: (times [S] seconds from the start of the file, weights [tokens, S])}; "clip" is
            the stream where a model has joined its streams moment by moment.
        word_times: Start and end of each token in milliseconds, as long as `tokens`; empty where not known.
    """

    start_ms: int
    end_ms: int
    text: str
    language: str
    kind: str = "scene"
    tokens: tuple[str, ...] = ()
    log_probs: tuple[float, ...] = ()
    attention: Mapping[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]] = field(
        default_factory=dict, compare=False, repr=False
    )
    word_times: tuple[tuple[int, int], ...] = ()

    @property
    def confidence(self) -> float:
        """The geometric mean of the tokens' probabilities, 0 to 1; 1 where there are no tokens."""
        return float(np.exp(np.mean(self.log_probs))) if self.log_probs else 1.0


def pad_streams(streams: Sequence[Stream]) -> StreamBatch:
    """Stack streams of different lengths; what is added is zero and not kept.

    Args:
        streams: B streams of one modality whose values agree in all axes but the first. The longest may be
            empty; then one padded step is made, since a graph cannot take none.
    """
    longest = max(1, *(len(s.values) for s in streams))
    rest = streams[0].values.shape[1:]
    values = np.zeros((len(streams), longest, *rest), streams[0].values.dtype)
    keep = np.zeros((len(streams), longest), np.bool_)
    times = np.zeros((len(streams), longest), np.float32)
    for row, stream in enumerate(streams):
        length = len(stream.values)
        values[row, :length] = stream.values
        keep[row, :length] = stream.keep
        times[row, :length] = stream.times
    return StreamBatch(values, keep, times)
