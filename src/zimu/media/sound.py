"""Decoded sound to blocks of mono float32 on the file's clock."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from zimu.media.requests import SampleRequest
from zimu.streams import Samples

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.filter import Graph

__all__ = ["MAX_GAP_S", "Resampler", "SoundBlocks"]

_Array = npt.NDArray[np.float32]

# Time stamps of real files wander by some milliseconds; only a larger step is a hole or an overlap.
_TOLERANCE_S = Fraction(1, 10)

# A longer hole is not filled with silence: the clock jumps instead, so a broken time stamp costs nothing.
MAX_GAP_S = 600


# Seconds of sound that FFmpeg's resampler gathers before they are asked for.
_READ_S = 0.5


class Resampler:
    """FFmpeg's resampler and mixer: any sound in, mono float32 at one rate out.

    Args:
        rate_hz: Samples a second that come out.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._form: tuple[object, ...] | None = None
        self._graph: Graph | None = None
        self._unread = 0

    def push(self, frame: AudioFrame) -> list[_Array]:
        """Return the samples that are ready, in pieces."""
        form = (frame.sample_rate, frame.format.name, frame.layout.name, frame.layout.nb_channels)
        pieces = []
        if form != self._form:
            pieces = self.flush()
            self._graph, self._form = self._build(frame), form
        assert self._graph is not None
        frame.pts = None
        self._graph.push(frame)
        self._unread += frame.samples
        # Asking costs as much as resampling a frame of some milliseconds, so several are pushed at a time.
        return pieces + self._pull() if self._unread > _READ_S * frame.sample_rate else pieces

    def flush(self) -> list[_Array]:
        """Return what is left inside; the next frame starts afresh."""
        if self._graph is None:
            return []
        self._graph.push(None)
        pieces = self._pull()
        self._graph = self._form = None
        return pieces

    def _pull(self) -> list[_Array]:
        import av

        assert self._graph is not None
        self._unread = 0
        pieces: list[_Array] = []
        while True:
            try:
                pieces.append(_values(self._graph.pull()))
            except (av.error.BlockingIOError, av.error.EOFError):
                return pieces

    def _build(self, frame: AudioFrame) -> Graph:
        from av.filter import Graph

        # FFmpeg mixes float channels down without keeping within full scale unless told to: the two
        # equal channels of a stereo file would come out 1.41 times too loud.
        mix = [("aresample", f"{self._rate_hz}:ochl=mono:osf=flt:rematrix_maxval=1")]
        if "channels" in frame.layout.name:
            # The places of the channels are unknown, so FFmpeg cannot weigh them: take the mean.
            channels = "+".join(f"c{number}" for number in range(frame.layout.nb_channels))
            mix.insert(0, ("pan", f"mono|c0<{channels}"))
        # Decoders give some hundredths of a second at a time; to fetch each costs more than to gather them.
        mix.append(("asetnsamples", f"{max(1, round(_READ_S * self._rate_hz))}:p=0"))
        graph = Graph()
        graph.link_nodes(
            graph.add_abuffer(
                sample_rate=frame.sample_rate,
                format=frame.format.name,
                layout=frame.layout.name,
                time_base=Fraction(1, frame.sample_rate),
            ),
            *(graph.add(name, settings) for name, settings in mix),
            graph.add("abuffersink"),
        ).configure()
        return graph


def _values(frame: Any) -> _Array:
    """Return the samples of a mono frame of 32-bit floats."""
    # FFmpeg's plane is a buffer that may be longer than the sound, and lives no longer than the frame.
    return np.frombuffer(frame.planes[0], np.float32, frame.samples).copy()


class SoundBlocks:
    """Cuts the sound into blocks; holes become silence, overlaps are cut, time stamps stay exact.

    Args:
        request: Rate and length of the blocks.
        start: First second wanted.
        end: First second not wanted any more, or None.
    """

    def __init__(self, request: SampleRequest, *, start: Fraction | None, end: Fraction | None) -> None:
        self._rate = request.rate_hz
        self._block = max(1, round(request.block_s * request.rate_hz))
        self._start = start
        self._end = end
        self._resampler = Resampler(request.rate_hz)
        self._pieces: list[_Array] = []
        self._waiting = 0
        self._anchor: Fraction | None = None
        self._given = 0  # samples handed over or waiting, counted from the anchor
        self._expected = Fraction(0)  # seconds; where the next frame starts if nothing is missing
        self._skip = Fraction(0)

    def push(self, time: Fraction, length: Fraction, frame: AudioFrame) -> Iterator[Samples]:
        """Take a decoded frame that starts at `time` and lasts `length`; yield the blocks that are full."""
        if self._anchor is None:
            self._anchor = self._expected = time
        step = 0 if time == self._expected else time - self._expected
        if step > MAX_GAP_S:
            yield from self.finish()
            self._anchor = self._expected = time
            self._given = 0
        elif step > _TOLERANCE_S:
            self._keep(self._resampler.flush())
            self._expected += step
            count = round((self._expected - self._anchor) * self._rate)
            self._keep([np.zeros(max(0, count - self._given), np.float32)])
        elif step < -_TOLERANCE_S and -step < MAX_GAP_S:
            return
        self._expected += length
        self._keep(self._resampler.push(frame))
        yield from self._full_blocks()

    def finish(self) -> Iterator[Samples]:
        """Yield what is left."""
        self._keep(self._resampler.flush())
        yield from self._full_blocks()
        if self._waiting:
            yield from self._cut(self._take(self._waiting))

    def _keep(self, pieces: list[_Array]) -> None:
        for piece in pieces:
            self._pieces.append(piece)
            self._waiting += len(piece)
            self._given += len(piece)

    def _full_blocks(self) -> Iterator[Samples]:
        while self._waiting >= self._block:
            yield from self._cut(self._take(self._block))

    def _take(self, count: int) -> Samples:
        assert self._anchor is not None
        start = self._anchor + Fraction(self._given - self._waiting, self._rate)
        joined = np.concatenate(self._pieces) if len(self._pieces) != 1 else self._pieces[0]
        self._pieces = [joined[count:]]
        self._waiting -= count
        return Samples(start, self._rate, joined[:count])

    def _cut(self, block: Samples) -> Iterator[Samples]:
        """Yield the part of the block inside the wanted span, if any."""
        first, last = 0, len(block.values)
        if self._start is not None:
            first = max(first, ceil((self._start - block.start) * self._rate))
        if self._end is not None:
            last = min(last, ceil((self._end - block.start) * self._rate))
        if first < last:
            start = block.start + Fraction(first, self._rate)
            yield Samples(start, self._rate, block.values[first:last])
