"""Errors of FFmpeg, made ours."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import PurePath
from types import TracebackType

from zimu.errors import MediaError

__all__ = ["mapping", "one_line"]


def one_line(error: BaseException) -> str:
    """Return the reason that an error gives, without FFmpeg's repetition of the path, on one line."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(reason).split())


def mapping(name: str | PurePath) -> AbstractContextManager[None]:
    """Turn what FFmpeg raises inside the block into a MediaError that names the file.

    Args:
        name: The file, for the message.

    Raises:
        MediaError: The file cannot be read.
    """
    return _Mapping(name)


class _Mapping(AbstractContextManager[None]):
    """A class, since one is entered for each packet and a generator would cost several times as much."""

    __slots__ = ("_name",)

    def __init__(self, name: str | PurePath) -> None:
        self._name = name

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        import av

        if isinstance(error, MemoryError):  # FFmpeg's own is one too
            raise MediaError(
                f"{self._name} cannot be read: decoding it needs more memory than is allowed."
            ) from error
        if isinstance(error, av.FFmpegError):
            raise MediaError(
                f"{self._name} cannot be read as video, sound or picture: {one_line(error)}."
            ) from error
