"""The streams of a file that are decoded: from frames of FFmpeg to frames and samples of ours."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from zimu.media.choosing import Chooser
from zimu.media.clocks import Clock, Timeline
from zimu.media.requests import LOWEST_RATE_HZ, MediaRequest, SampleRequest
from zimu.media.scaling import LumaScaler, Scaler
from zimu.media.sound import SoundBlocks
from zimu.streams import Frame, Samples

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

__all__ = ["AudioTrack", "Reading", "VideoTrack"]

# Threads beyond this hold more pictures in memory and decode hardly faster.
_MAX_THREADS = 8

# Each thread holds pictures of its own; all of them together may hold this many pixels (16 pictures of 4K).
_MAX_PIXELS_IN_THREADS = 16 * 3840 * 2160


# Where two watched pictures differ on average by this share of their contrast, every frame is watched.
_WATCH_CLOSELY = 0.4

# At 12.5 pictures a second these are all there are in a video of 100 frames a second.
_MAX_BETWEEN = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is read.

    Attributes:
        timeline: The clock of the file.
        request: What is taken from it.
        is_still: The file is a single picture.
    """

    timeline: Timeline
    request: MediaRequest
    is_still: bool


class _Lane:
    """Frames chosen from a video stream in one way, made into pictures of one size."""

    def __init__(self, chooser: Chooser[VideoFrame], scaler: Scaler) -> None:
        self._chooser = chooser
        self._scaler = scaler

    def push(self, time: Fraction, frame: VideoFrame) -> Iterator[Frame]:
        yield from self._pictures(self._chooser.push(time, frame))

    def finish(self, end: Fraction) -> Iterator[Frame]:
        yield from self._pictures(self._chooser.finish(end))

    def _pictures(self, chosen: Iterator[tuple[Fraction, VideoFrame]]) -> Iterator[Frame]:
        for moment, frame in chosen:
            yield Frame(moment, self._scaler.picture(frame))


class _WatchLane:
    """Small luma pictures: few while little changes, every frame around a change.

    The frames between two pictures are kept until it is known whether they matter; so a cut is found to the
    frame, and a still scene costs little.
    """

    def __init__(self, chooser: Chooser[VideoFrame], scaler: LumaScaler) -> None:
        self._chooser = chooser
        self._scaler = scaler
        self._between: deque[tuple[Fraction, VideoFrame]] = deque(maxlen=_MAX_BETWEEN)
        self._last: Frame | None = None

    def push(self, time: Fraction, frame: VideoFrame) -> Iterator[Frame]:
        chosen = next(self._chooser.push(time, frame), None)
        if chosen is None:
            if self._last is not None:
                self._between.append((time, frame))
            return
        new = self._frame(*chosen)
        if self._last is not None and _differ(self._last, new):
            yield from (self._frame(*other) for other in self._between)
        self._between.clear()
        self._last = new
        yield new

    def finish(self, end: Fraction) -> Iterator[Frame]:
        yield from ()

    def _frame(self, time: Fraction, frame: VideoFrame) -> Frame:
        return Frame(time, self._scaler.picture(frame))


def _differ(before: Frame, after: Frame) -> bool:
    change = float(np.abs(before.picture.astype(np.int16) - after.picture).mean())
    return change > _WATCH_CLOSELY * (float(after.picture.std()) + 8)


class VideoTrack:
    """The video stream.

    Args:
        stream: FFmpeg's stream.
        reading: How the file is read.
    """

    def __init__(self, stream: VideoStream, reading: Reading) -> None:
        self.stream = stream
        self._clock = Clock(stream.time_base, reading.timeline)
        self._step = 1 / (stream.average_rate or stream.guessed_rate or Fraction(25))
        self._keyframes = reading.request.keyframes and not reading.is_still
        self._approximate = reading.request.approximate and not reading.is_still
        self._lanes = list(self._make_lanes(reading))
        self._prepare_decoder()

    def _make_lanes(self, reading: Reading) -> Iterator[_Lane | _WatchLane]:
        aspect = self.stream.sample_aspect_ratio or Fraction(1)
        request, once = reading.request, self._keyframes
        if request.frames is not None:
            rate = None if reading.is_still else request.frames.rate_hz
            chooser: Chooser[VideoFrame] = Chooser(rate, start=request.start, end=request.end, once=once)
            yield _Lane(chooser, Scaler(request.frames, aspect))
        if request.watch is not None:
            rate = request.watch.rate_hz
            chooser = Chooser(rate, start=request.start, end=request.end, once=True)
            yield _WatchLane(chooser, LumaScaler(request.watch, aspect))

    def _prepare_decoder(self) -> None:
        context = self.stream.codec_context
        pixels = max(1, context.width * context.height)
        context.thread_type = "AUTO"
        # Half the processors: the other half is for what is done with the pictures. Keyframes are too few to
        # be worth handing over from thread to thread, which costs as much as a third of their decoding.
        wanted = 1 if self._keyframes else min((os.cpu_count() or 1) // 2, _MAX_THREADS)
        context.thread_count = max(1, min(wanted, _MAX_PIXELS_IN_THREADS // pixels))
        if self._keyframes:
            context.skip_frame = "NONKEY"
        elif self._approximate:
            context.skip_frame = "NONREF"

    @property
    def end(self) -> Fraction:
        """Seconds from the start of the file to the end of the last frame decoded."""
        return self._clock.end

    def time_of(self, pts: int) -> Fraction:
        """Return the seconds from the start of the file of a time stamp of this stream."""
        return self._clock.of(pts)

    def wants(self, packet: Packet[Any]) -> bool:
        """Return whether a packet is worth decoding; the empty one at the end always is."""
        if packet.pts is not None and (self._keyframes or self._approximate):
            self._clock.pass_over(packet.pts, self._step)  # the end is that of the last frame, decoded or not
        return not self._keyframes or packet.is_keyframe or packet.size == 0

    def push(self, frame: Any) -> Iterator[Frame]:
        """Take a decoded frame; yield the pictures chosen by now."""
        duration = frame.duration * self.stream.time_base if frame.duration else self._step
        time = self._clock.time(frame.pts, duration)
        if time is not None:
            for lane in self._lanes:
                yield from lane.push(time, frame)

    def finish(self) -> Iterator[Frame]:
        """Yield the pictures that are left."""
        for lane in self._lanes:
            yield from lane.finish(self._clock.end)


@lru_cache(maxsize=64)
def _length(samples: int, rate_hz: int) -> Fraction:
    """Return seconds; nearly all frames of a file are equally long, and to make a fraction is slow."""
    return Fraction(samples, rate_hz)


class AudioTrack:
    """The audio stream.

    Args:
        stream: FFmpeg's stream.
        samples: The sound for a model.
        reading: How the file is read.
    """

    def __init__(self, stream: AudioStream, samples: SampleRequest, reading: Reading) -> None:
        self.stream = stream
        self._clock = Clock(stream.time_base, reading.timeline)
        self._blocks = SoundBlocks(samples, start=reading.request.start, end=reading.request.end)

    @property
    def end(self) -> Fraction:
        """Seconds from the start of the file to the end of the last sample decoded."""
        return self._clock.end

    def time_of(self, pts: int) -> Fraction:
        """Return the seconds from the start of the file of a time stamp of this stream."""
        return self._clock.of(pts)

    def wants(self, packet: Packet[Any]) -> bool:
        """Return whether a packet is worth decoding."""
        return True

    def push(self, frame: Any) -> Iterator[Samples]:
        """Take a decoded frame; yield the blocks that are full."""
        audio: AudioFrame = frame
        if audio.samples and audio.sample_rate >= LOWEST_RATE_HZ:
            length = _length(audio.samples, audio.sample_rate)
            time = self._clock.time(audio.pts, length)
            if time is not None:
                yield from self._blocks.push(time, length, audio)

    def finish(self) -> Iterator[Samples]:
        """Yield the sound that is left."""
        yield from self._blocks.finish()
