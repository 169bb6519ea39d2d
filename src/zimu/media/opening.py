"""Opening a file: never a network address, one clock, the streams that count."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from zimu.errors import MediaError
from zimu.media.mapping import mapping
from zimu.timing import seconds_from_pts

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

__all__ = [
    "Source",
    "best_audio",
    "best_video",
    "check_file",
    "file_origin",
    "is_still",
    "name_of",
    "open_media",
]

Source = str | os.PathLike[str] | bytes

# What `protocol_whitelist` leaves out is what a hostile playlist would reach for: http, tcp, concat, pipe.
# `pattern_type` stops the picture reader from taking a % in a file's name as the number of a sequence.
_OPTIONS = {"protocol_whitelist": "file", "pattern_type": "none"}

# Renders any text file as a picture of a terminal.
_REFUSED_FORMATS = frozenset({"tty"})


def name_of(source: Source) -> str:
    """Return how messages call a source."""
    if isinstance(source, bytes):
        return "The given picture"
    # A line feed in a file's name must not make a message two lines.
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]", " ", str(Path(source)))


def check_file(path: Path) -> None:
    if path.is_dir():
        raise MediaError(f"{name_of(path)} is a folder. Give a file.")
    if not path.exists():
        raise MediaError(f"{name_of(path)} does not exist.")
    if not path.is_file():
        raise MediaError(f"{name_of(path)} is not a regular file. Give a file on disk.")
    if path.stat().st_size == 0:
        raise MediaError(f"{name_of(path)} is empty (0 bytes).")


@contextmanager
def open_media(source: Source) -> Iterator[InputContainer]:
    """Open a file for reading and close it afterwards.

    Args:
        source: A path, or the bytes of a whole file.

    Raises:
        MediaError: There is no such file, or FFmpeg knows no way to read it.
    """
    import av

    if isinstance(source, bytes):
        target: str | io.BytesIO = io.BytesIO(source)
    else:
        path = Path(source)
        check_file(path)
        target = f"file:{path.absolute()}"
    with mapping(name_of(source)):
        options = _OPTIONS if isinstance(target, str) else {}
        container = av.open(target, "r", options=dict(options), metadata_errors="replace")
    try:
        if container.format.name in _REFUSED_FORMATS:
            raise MediaError(f"{name_of(source)} is a text file, not video, sound or picture.")
        yield container
    finally:
        container.close()


def _is_cover(stream: Stream) -> bool:
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def best_video(container: InputContainer) -> VideoStream | None:
    """Return the video stream to look at, or None; a cover picture inside a sound file is no video."""
    videos = [stream for stream in container.streams.video if not _is_cover(stream)]
    best = container.streams.best("video")
    return next((stream for stream in videos if best is not None and stream.index == best.index), None) or (
        videos[0] if videos else None
    )


def best_audio(container: InputContainer) -> AudioStream | None:
    """Return the audio stream to listen to, or None."""
    audios = list(container.streams.audio)
    best = container.streams.best("audio")
    return next((stream for stream in audios if best is not None and stream.index == best.index), None) or (
        audios[0] if audios else None
    )


def file_origin(container: InputContainer) -> Fraction:
    """Return the file's zero: the start of its earliest video or audio stream, in the file's own seconds."""
    starts = [
        seconds_from_pts(stream.start_time, stream.time_base)
        for stream in (*container.streams.video, *container.streams.audio)
        if stream.start_time is not None and stream.time_base and not _is_cover(stream)
    ]
    return min(starts, default=Fraction(0))


def is_still(container: InputContainer) -> bool:
    """Return whether the file is a single picture (png, jpg, webp, ...)."""
    name = container.format.name
    return name == "image2" or name.endswith("_pipe")
