"""What a file holds, without decoding it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from zimu.errors import MediaError
from zimu.media.mapping import mapping
from zimu.media.opening import (
    Source,
    best_audio,
    best_video,
    file_origin,
    is_still,
    name_of,
    open_media,
)
from zimu.timing import seconds_from_pts

if TYPE_CHECKING:
    from av.container import InputContainer

__all__ = ["AudioInfo", "Probe", "VideoInfo", "describe", "probe"]


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """The video stream.

    Attributes:
        width: Pixels as stored; a turned video is not turned back here.
        height: Pixels as stored.
        fps: Frames a second on average, or None where the file does not say.
        codec: FFmpeg's name, for instance "h264".
        pixel_format: FFmpeg's name, for instance "yuv420p".
        start: Seconds from the start of the file to the first frame.
        frames: Frames that the file says it has, or 0.
    """

    width: int
    height: int
    fps: Fraction | None
    codec: str
    pixel_format: str
    start: Fraction
    frames: int


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """The audio stream.

    Attributes:
        rate_hz: Samples a second.
        channels: How many.
        codec: FFmpeg's name, for instance "aac".
        layout: FFmpeg's name, for instance "stereo".
        language: As the file says, or None.
        start: Seconds from the start of the file to the first sample.
        tracks: How many audio streams the file has; this one is FFmpeg's choice.
    """

    rate_hz: int
    channels: int
    codec: str
    layout: str
    language: str | None
    start: Fraction
    tracks: int


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file says it holds.

    Attributes:
        format: FFmpeg's name of the container.
        duration: Seconds, or None where the file does not say.
        video: The video stream, or None.
        audio: The audio stream, or None.
        is_still: Whether the file is a single picture.
    """

    format: str
    duration: Fraction | None
    video: VideoInfo | None
    audio: AudioInfo | None
    is_still: bool


def _video_info(container: InputContainer, origin: Fraction) -> VideoInfo | None:
    stream = best_video(container)
    if stream is None or stream.codec_context is None:
        return None
    context = stream.codec_context
    start = seconds_from_pts(stream.start_time or 0, stream.time_base or Fraction(0)) - origin
    return VideoInfo(
        width=context.width,
        height=context.height,
        fps=stream.average_rate or stream.guessed_rate or None,
        codec=context.name,
        pixel_format=context.pix_fmt or "",
        start=start if stream.start_time is not None else Fraction(0),
        frames=stream.frames,
    )


def _audio_info(container: InputContainer, origin: Fraction) -> AudioInfo | None:
    stream = best_audio(container)
    if stream is None or stream.codec_context is None:
        return None
    context = stream.codec_context
    start = seconds_from_pts(stream.start_time or 0, stream.time_base or Fraction(0)) - origin
    return AudioInfo(
        rate_hz=context.sample_rate,
        channels=context.channels,
        codec=context.name,
        layout=context.layout.name,
        language=stream.language,
        start=start if stream.start_time is not None else Fraction(0),
        tracks=len(container.streams.audio),
    )


def describe(container: InputContainer) -> Probe:
    """Return what an open container says it holds."""
    origin = file_origin(container)
    still = is_still(container)
    duration = None
    if not still and container.duration is not None and container.duration > 0:
        duration = Fraction(container.duration, 1_000_000)
    return Probe(
        format=container.format.name,
        duration=duration,
        video=_video_info(container, origin),
        audio=_audio_info(container, origin),
        is_still=still,
    )


def probe(source: Source) -> Probe:
    """Return what a file says it holds: streams, sizes, rates, length.

    Args:
        source: A path, or the bytes of a whole file.

    Raises:
        MediaError: The file cannot be read, or holds neither video, sound nor picture.
    """
    with open_media(source) as container, mapping(name_of(source)):
        found = describe(container)
    if found.video is None and found.audio is None:
        raise MediaError(f"{name_of(source)} holds no video, sound or picture that can be decoded.")
    return found
