"""Errors of FFmpeg, made ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath

from zimu.errors import MediaError

__all__ = ["mapping", "one_line"]


def one_line(error: BaseException) -> str:
    """Return the reason that an error gives, without FFmpeg's repetition of the path, on one line."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(reason).split())


@contextmanager
def mapping(name: str | PurePath) -> Iterator[None]:
    """Turn what FFmpeg raises inside the block into a MediaError that names the file.

    Args:
        name: The file, for the message.

    Raises:
        MediaError: The file cannot be read.
    """
    import av

    try:
        yield
    except MemoryError as error:  # FFmpeg's own is one too
        raise MediaError(f"{name} cannot be read: decoding it needs more memory than is allowed.") from error
    except av.FFmpegError as error:
        raise MediaError(f"{name} cannot be read as video, sound or picture: {one_line(error)}.") from error
