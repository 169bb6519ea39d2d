"""One pass over a file: frames and sound, one container, one clock."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from fractions import Fraction
from types import TracebackType
from typing import TYPE_CHECKING, Any

from zimu.errors import ConfigError, MediaError
from zimu.media.choosing import Chooser
from zimu.media.mapping import mapping, one_line
from zimu.media.opening import Source, best_audio, best_video, file_origin, name_of, open_media
from zimu.media.probe import Probe, describe
from zimu.media.requests import FrameRequest, SampleRequest
from zimu.media.scaling import Scaler
from zimu.media.sound import SoundBlocks
from zimu.streams import Frame, Samples
from zimu.timing import seconds_from_pts, to_seconds

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

__all__ = ["MediaStream", "iter_media", "read_picture"]

# Threads beyond this hold more pictures in memory and decode hardly faster.
_MAX_THREADS = 8

# Past the wanted end by this much in one stream, the other one is taken to hold nothing more either.
_PATIENCE_S = 5

# Shorter than declared by more than this (and by more than 2 %) is called cut short.
_CUT_SHORT_S = 1


class _Clock:
    """Times of one stream's frames in seconds of the file; a missing stamp continues from the last."""

    def __init__(self, time_base: Fraction | None, origin: Fraction) -> None:
        self._time_base = time_base or Fraction(1, 1000)
        self._origin = origin
        self._next = Fraction(0)

    def time(self, pts: int | None, duration: Fraction) -> Fraction:
        time = self._next if pts is None else seconds_from_pts(pts, self._time_base) - self._origin
        self._next = time + duration
        return time

    @property
    def end(self) -> Fraction:
        """The end of the last frame."""
        return self._next


class _VideoTrack:
    def __init__(
        self,
        stream: VideoStream,
        request: FrameRequest,
        origin: Fraction,
        span: tuple[Fraction | None, Fraction | None],
        *,
        keyframes: bool,
        still: bool,
    ) -> None:
        self.stream = stream
        self._clock = _Clock(stream.time_base, origin)
        self._scaler = Scaler(request, stream.sample_aspect_ratio or Fraction(1))
        self._chooser: Chooser[VideoFrame] = Chooser(
            None if still else request.rate_hz, start=span[0], end=span[1], once=keyframes
        )
        self._step = 1 / (stream.average_rate or stream.guessed_rate or Fraction(25))
        self._keyframes = keyframes
        context = stream.codec_context
        context.thread_type = "AUTO"
        context.thread_count = min(context.thread_count or _MAX_THREADS, _MAX_THREADS)
        if keyframes:
            context.skip_frame = "NONKEY"

    def wants(self, packet: Packet[Any]) -> bool:
        return not self._keyframes or packet.is_keyframe or packet.size == 0

    def push(self, frame: Any) -> Iterator[Frame]:
        duration = frame.duration * (self.stream.time_base or 0) if frame.duration else self._step
        time = self._clock.time(frame.pts, duration)
        yield from self._pictures(self._chooser.push(time, frame))

    def finish(self) -> Iterator[Frame]:
        yield from self._pictures(self._chooser.finish(self._clock.end))

    def _pictures(self, chosen: Iterator[tuple[Fraction, VideoFrame]]) -> Iterator[Frame]:
        for moment, frame in chosen:
            yield Frame(moment, self._scaler.picture(frame))

    @property
    def end(self) -> Fraction:
        return self._clock.end


class _AudioTrack:
    def __init__(
        self,
        stream: AudioStream,
        request: SampleRequest,
        origin: Fraction,
        span: tuple[Fraction | None, Fraction | None],
    ) -> None:
        self.stream = stream
        self._clock = _Clock(stream.time_base, origin)
        self._blocks = SoundBlocks(request, start=span[0], end=span[1])

    def wants(self, packet: Packet[Any]) -> bool:
        return True

    def push(self, frame: Any) -> Iterator[Samples]:
        audio: AudioFrame = frame
        if audio.samples and audio.sample_rate:
            time = self._clock.time(audio.pts, Fraction(audio.samples, audio.sample_rate))
            yield from self._blocks.push(time, audio)

    def finish(self) -> Iterator[Samples]:
        yield from self._blocks.finish()

    @property
    def end(self) -> Fraction:
        return self._clock.end


class MediaStream(Iterator[Frame | Samples]):
    """Frames and samples of one file, in time order as decoded; frames and samples each in order.

    Attributes:
        probe: What the file says it holds.
        warnings: What went wrong without ending the reading, one line each; complete after the last item.
    """

    def __init__(
        self,
        source: Source,
        frames: FrameRequest | None,
        samples: SampleRequest | None,
        *,
        keyframes: bool,
        start: Fraction | None,
        end: Fraction | None,
    ) -> None:
        self.warnings: list[str] = []
        self._name = name_of(source)
        self._span = (start, end)
        self._opened = open_media(source)
        self._container = self._opened.__enter__()
        self._damaged = 0
        try:
            with mapping(self._name):
                self.probe: Probe = describe(self._container)
                self._tracks = self._choose_tracks(frames, samples, keyframes)
                if start is not None and start > 0:
                    self._seek(start)
        except BaseException:
            self.close()
            raise
        self._items = self._decode()

    def __next__(self) -> Frame | Samples:
        return next(self._items)

    def __enter__(self) -> MediaStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading and let go of the file."""
        if hasattr(self, "_items"):
            self._items.close()
        self._opened.__exit__(None, None, None)

    def _choose_tracks(
        self, frames: FrameRequest | None, samples: SampleRequest | None, keyframes: bool
    ) -> list[_VideoTrack | _AudioTrack]:
        container, tracks = self._container, list[_VideoTrack | _AudioTrack]()
        origin = file_origin(container)
        video, audio = best_video(container), best_audio(container)
        if frames is not None and video is not None and self.probe.video is not None:
            still = self.probe.is_still
            tracks.append(
                _VideoTrack(video, frames, origin, self._span, keyframes=keyframes and not still, still=still)
            )
        if samples is not None and audio is not None and self.probe.audio is not None:
            tracks.append(_AudioTrack(audio, samples, origin, self._span))
        if not tracks:
            raise self._nothing_wanted(frames, samples, video, audio)
        return tracks

    def _nothing_wanted(
        self, frames: FrameRequest | None, samples: SampleRequest | None, video: object, audio: object
    ) -> MediaError:
        kinds = [kind for kind, asked in (("video", frames), ("audio", samples)) if asked is not None]
        wanted = " or ".join(kinds)
        if (frames is not None and video is not None) or (samples is not None and audio is not None):
            return MediaError(f"{self._name} has a {wanted} stream of a codec that cannot be decoded.")
        found = ", ".join(sorted({stream.type for stream in self._container.streams})) or "nothing"
        return MediaError(f"{self._name} has no {wanted} stream (found: {found}).")

    def _seek(self, start: Fraction) -> None:
        """Jump to the keyframe before `start`; where the file cannot, read from its beginning."""
        import av

        origin = file_origin(self._container)
        try:
            self._container.seek(int((start + origin) * av.time_base), backward=True)
        except av.FFmpegError:
            self._container.seek(0)

    def _decode(self) -> Generator[Frame | Samples, None, None]:
        by_index = {track.stream.index: track for track in self._tracks}
        packets = self._container.demux([track.stream for track in self._tracks])
        some = False
        while (packet := self._next_packet(packets)) is not None:
            track = by_index[packet.stream.index]
            if not track.wants(packet):
                continue
            for frame in self._frames_of(packet):
                for item in track.push(frame):
                    some = True
                    yield item
            if self._is_past_end():
                break
        for track in self._tracks:
            for item in track.finish():
                some = True
                yield item
        self._report(some)

    def _next_packet(self, packets: Iterator[Packet[Any]]) -> Packet[Any] | None:
        import av

        try:
            return next(packets, None)
        except (av.FFmpegError, MemoryError) as error:
            self.warnings.append(f"{self._name} could not be read to its end: {one_line(error)}.")
            return None

    def _frames_of(self, packet: Packet[Any]) -> list[Any]:
        import av

        try:
            return list(packet.decode())
        except (av.FFmpegError, MemoryError) as error:
            if not self._damaged:
                self.warnings.append(f"{self._name} is damaged: {one_line(error)}.")
            self._damaged += 1
            return []

    def _is_past_end(self) -> bool:
        end = self._span[1]
        if end is None:
            return False
        reached = [track.end for track in self._tracks]
        return min(reached) >= end or max(reached) >= end + _PATIENCE_S

    def _report(self, some: bool) -> None:
        reached = max(track.end for track in self._tracks)
        start, end = self._span
        if not some and start is None and end is None:
            reason = f" {self.warnings[0]}" if self.warnings else ""
            raise MediaError(f"{self._name} holds nothing that can be decoded.{reason}")
        declared = self.probe.duration
        if declared is None or (end is not None and end <= reached):
            return
        if declared - reached > max(Fraction(_CUT_SHORT_S), declared / 50):
            self.warnings.append(
                f"{self._name} is cut short: {float(reached):.1f} s of {float(declared):.1f} s could be read."
            )


def iter_media(
    path: Source,
    *,
    frames: FrameRequest | None,
    samples: SampleRequest | None,
    keyframes: bool = False,
    start: float | Fraction | None = None,
    end: float | Fraction | None = None,
) -> MediaStream:
    """Return an iterator over a file's frames and sound, decoded in one pass.

    A stream that was asked for and is not there is left out; if none is there the call fails. A still picture
    gives one frame.

    Args:
        path: A video, a sound file, a picture; or the bytes of one.
        frames: Which frames, or None for no pictures.
        samples: Which sound, or None for no sound.
        keyframes: Decode keyframes only; each is given once, at its own time.
        start: Seconds; earlier frames and samples are left out.
        end: Seconds; from here on frames and samples are left out.

    Raises:
        MediaError: The file cannot be read, or has none of the streams asked for.
        ConfigError: Neither frames nor samples are asked for, or the span is empty.
    """
    if frames is None and samples is None:
        raise ConfigError("Neither frames nor samples are asked for. Give a FrameRequest or a SampleRequest.")
    first = None if start is None else to_seconds(start)
    last = None if end is None else to_seconds(end)
    if last is not None and last <= (first or 0):
        raise ConfigError(f"The span from {float(first or 0)} s to {float(last)} s is empty.")
    return MediaStream(path, frames, samples, keyframes=keyframes, start=first, end=last)


def read_picture(source: Source, request: FrameRequest) -> Frame:
    """Return the first picture of a file or of the bytes of one.

    Args:
        source: A path, or the bytes of a whole file.
        request: What the picture looks like.

    Raises:
        MediaError: There is no picture in it.
    """
    with iter_media(source, frames=request, samples=None) as stream:
        for item in stream:
            if isinstance(item, Frame):
                return item
    raise MediaError(f"{name_of(source)} holds no picture.")
