"""One pass over a file: frames and sound, one container, one clock."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from fractions import Fraction
from types import TracebackType
from typing import TYPE_CHECKING, Any

from zimu.errors import MediaError
from zimu.media.clocks import Timeline
from zimu.media.mapping import mapping, one_line
from zimu.media.opening import Source, best_audio, best_video, file_origin, name_of, open_media
from zimu.media.probe import Probe, describe
from zimu.media.requests import LOWEST_RATE_HZ, FrameRequest, MediaRequest, SampleRequest
from zimu.media.tracks import AudioTrack, Reading, VideoTrack
from zimu.streams import Frame, Samples

if TYPE_CHECKING:
    from av.packet import Packet

__all__ = ["MediaStream", "iter_media", "read_picture"]

# Past the wanted end by this much in one stream, the other one is taken to hold nothing more either.
_PATIENCE_S = 5

# Containers without an index jump by decoding order and may land behind the picture wanted: try earlier.
_SEEK_MARGINS_S = (0, 2, 10, 40)

# Shorter than declared by more than this (and by more than 2 %) is called cut short.
_CUT_SHORT_S = Fraction(1)


class MediaStream(Iterator[Frame | Samples], AbstractContextManager["MediaStream"]):
    """Frames and samples of one file, in time order as decoded; frames and samples each in order.

    Args:
        source: A path, or the bytes of a whole file.
        request: What to take.
        on_packet: Called after each packet; a guard hears by it that the decoder lives.

    Attributes:
        probe: What the file says it holds.
        warnings: What went wrong without ending the reading, one line each; complete after the last item.
    """

    def __init__(
        self, source: Source, request: MediaRequest, *, on_packet: Callable[[], None] | None = None
    ) -> None:
        self.warnings: list[str] = []
        self._name = name_of(source)
        self._request = request
        self._on_packet = on_packet
        self._fault = ""
        self._opened = open_media(source)
        self._container = self._opened.__enter__()
        try:
            with mapping(self._name):
                self.probe: Probe = describe(self._container)
                self._tracks = self._choose_tracks()
                self._seek()
        except BaseException:
            self._opened.__exit__(None, None, None)
            raise
        self._items = self._decode()

    def __next__(self) -> Frame | Samples:
        try:
            return next(self._items)
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading and let go of the file."""
        self._items.close()
        self._opened.__exit__(None, None, None)

    @property
    def end(self) -> Fraction:
        """Seconds from the start of the file to the end of what was decoded so far."""
        return max(track.end for track in self._tracks)

    def _choose_tracks(self) -> list[VideoTrack | AudioTrack]:
        request, container = self._request, self._container
        timeline = Timeline(file_origin(container))
        reading = Reading(timeline, request, self.probe.is_still)
        video, audio = best_video(container), best_audio(container)
        tracks: list[VideoTrack | AudioTrack] = []
        if request.wants_video and video is not None and self.probe.video is not None:
            tracks.append(VideoTrack(video, reading))
        if request.samples is not None and audio is not None and self._is_sound():
            tracks.append(AudioTrack(audio, request.samples, reading))
        if not tracks:
            raise self._nothing_wanted(video is not None, audio is not None)
        return tracks

    def _is_sound(self) -> bool:
        """Return whether the audio stream can be decoded and has a rate that a recording may have."""
        found = self.probe.audio
        return found is not None and not 0 < found.rate_hz < LOWEST_RATE_HZ

    def _nothing_wanted(self, has_video: bool, has_audio: bool) -> MediaError:
        request = self._request
        asked = {"video": request.wants_video, "audio": request.samples is not None}
        if asked["audio"] and self.probe.audio is not None and not self._is_sound():
            return MediaError(
                f"{self._name} says that its sound has {self.probe.audio.rate_hz} samples a second, fewer "
                f"than any recording ({LOWEST_RATE_HZ}). Its header is wrong."
            )
        wanted = " or ".join(kind for kind, is_asked in asked.items() if is_asked)
        if (asked["video"] and has_video) or (asked["audio"] and has_audio):
            return MediaError(f"{self._name} has a {wanted} stream in a codec that cannot be decoded.")
        found = ", ".join(sorted({stream.type for stream in self._container.streams})) or "nothing"
        return MediaError(f"{self._name} has no {wanted} stream (found: {found}).")

    def _seek(self) -> None:
        """Jump so far back that the picture on the screen at the wanted start is decoded."""
        if not self._request.start:
            return
        origin = file_origin(self._container)
        lead = next((t for t in self._tracks if isinstance(t, VideoTrack)), self._tracks[0])
        for margin in _SEEK_MARGINS_S:
            target = self._request.start - margin
            if target <= 0 or not self._jump(target + origin):
                break
            packets = self._container.demux(lead.stream)
            first = next((p.pts for p in packets if p.is_keyframe and p.pts is not None), None)
            if first is not None and lead.time_of(first) <= self._request.start:
                self._jump(target + origin)
                return
        self._container.seek(0)

    def _jump(self, seconds: Fraction) -> bool:
        import av

        try:
            self._container.seek(int(seconds * av.time_base), backward=True)
        except av.FFmpegError:
            return False
        return True

    def _decode(self) -> Generator[Frame | Samples, None, None]:
        by_index = {track.stream.index: track for track in self._tracks}
        is_empty = True
        for packet in self._packets():
            if self._is_past_end():
                break
            track = by_index[packet.stream.index]
            frames = self._frames_of(packet) if track.wants(packet) else ()
            for frame in frames:
                for item in track.push(frame):
                    is_empty = False
                    yield item
            if self._on_packet is not None:
                self._on_packet()
        for track in self._tracks:
            for item in track.finish():
                is_empty = False
                yield item
        self._report(is_empty)

    def _packets(self) -> Iterator[Packet[Any]]:
        """Yield packets until the file ends or cannot be read any further."""
        import av

        with mapping(self._name):
            try:
                yield from self._container.demux([track.stream for track in self._tracks])
            except MemoryError:
                raise
            except av.FFmpegError as error:
                self._fault = self._fault or one_line(error)
                self.warnings.append(f"{self._name} could not be read to its end: {one_line(error)}.")

    def _frames_of(self, packet: Packet[Any]) -> list[Any]:
        import av

        with mapping(self._name):
            try:
                return list(packet.decode())
            except MemoryError:
                raise
            except av.FFmpegError as error:
                if not self._fault:
                    self.warnings.append(f"{self._name} is damaged: {one_line(error)}.")
                self._fault = self._fault or one_line(error)
                return []

    def _is_past_end(self) -> bool:
        end = self._request.end
        if end is None:
            return False
        reached = [track.end for track in self._tracks]
        return min(reached) >= end or max(reached) >= end + _PATIENCE_S

    def _report(self, is_empty: bool) -> None:
        """Say what the end showed: nothing could be decoded, or less than the file declares."""
        start, end = self._request.start, self._request.end
        if is_empty and start is None and end is None:
            reason = f" ({self._fault})" if self._fault else ""
            raise MediaError(f"{self._name} holds nothing that can be decoded{reason}.")
        declared, reached = self.probe.duration, self.end
        if declared is None or (end is not None and end <= reached):
            return
        if declared - reached > max(_CUT_SHORT_S, declared / 50):
            self.warnings.append(
                f"{self._name} is cut short: {float(reached):.1f} s of {float(declared):.1f} s could be read."
            )


def iter_media(
    path: Source,
    *,
    frames: FrameRequest | None,
    samples: SampleRequest | None,
    watch: FrameRequest | None = None,
    keyframes: bool = False,
    approximate: bool = False,
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
        watch: Small frames for the shot detector, or None. They travel between the others and are told from
            them by their pictures, [H, W] without an axis for colour; none is repeated.
        keyframes: Decode keyframes only; each is given once, at its own time.
        approximate: Leave out frames that no other frame needs, up to two thirds of a video and 40 % of the
            work. The picture chosen for a moment may then be some frames older than the one on the screen.
        start: Seconds; earlier frames and samples are left out.
        end: Seconds; from here on frames and samples are left out.

    Raises:
        MediaError: The file cannot be read, or has none of the streams asked for.
        ConfigError: Neither frames nor samples are asked for, or the span is empty.
    """
    request = MediaRequest.of(
        frames, samples, watch, keyframes=keyframes, approximate=approximate, start=start, end=end
    )
    return MediaStream(path, request)


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
