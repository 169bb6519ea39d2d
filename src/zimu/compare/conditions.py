"""What may happen to the streams of a test part: one dead, or one under noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zimu.streams import StreamBatch
from zimu.tasks import PredictData

__all__ = ["Condition", "conditions", "filled", "noisy"]


@dataclass(frozen=True)
class Condition:
    """One thing that happens to one stream.

    Attributes:
        stream: Which.
        noise: Spread of the noise in the stream's own spreads; None where the stream is dead.
    """

    stream: str
    noise: float | None

    @property
    def name(self) -> str:
        """As results keep it: "face dead", "face noise 0.5"."""
        return f"{self.stream} dead" if self.noise is None else f"{self.stream} noise {self.noise:g}"


def conditions(streams: Sequence[str], levels: Sequence[float]) -> list[Condition]:
    """Return every condition of every stream; token streams (no spread) can only be dead."""
    return [Condition(s, level) for s in sorted(streams) for level in (*levels, None)]


def noisy(data: PredictData, spread: Mapping[str, np.ndarray], condition: Condition) -> PredictData:
    """Return the data with white noise on one stream, the same for every method and seed.

    Args:
        data: Samples.
        spread: {stream: spread of each value of a step over the training part}.
        condition: With a level of noise.
    """
    name, level = condition.stream, condition.noise or 0.0
    stream = data.streams[name]
    generator = np.random.default_rng(abs(hash_of(name)) + round(1000 * level))
    drawn = generator.standard_normal(stream.values.shape, np.float32)
    values = stream.values + np.float32(level) * drawn * spread[name].astype(np.float32)
    shape = (*stream.keep.shape, *(1,) * (values.ndim - 2))
    return data.with_streams(
        {**data.streams, name: StreamBatch(values * stream.keep.reshape(shape), stream.keep, stream.times)}
    )


def hash_of(name: str) -> int:
    """Return a number for a name that is the same in every process."""
    return sum((i + 1) * ord(letter) for i, letter in enumerate(name))


def filled(data: PredictData) -> PredictData:
    """Return the data with absent streams passed off as zeros, as many toolkits do.

    What is absent becomes one real step of zeros, so no model can know that there was nothing.
    """
    streams = {}
    for name, stream in data.streams.items():
        keep = stream.keep.copy()
        keep[~keep.any(1), 0] = True
        streams[name] = StreamBatch(stream.values, keep, stream.times)
    return data.with_streams(streams)
