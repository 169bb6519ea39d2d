"""Reading and writing subtitle files; the suffix chooses the format."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from zimu.errors import SubtitleError
from zimu.streams import Caption
from zimu.subtitles.cue import Cue, Track
from zimu.subtitles.encoding import decode
from zimu.subtitles.formats import FORMATS, SUFFIXES
from zimu.subtitles.layout import lay_out
from zimu.subtitles.styles import Style, style_of

__all__ = ["format_of", "read", "read_track", "write", "write_track", "write_whole"]

_log = logging.getLogger(__name__)


def format_of(path: str | os.PathLike[str]) -> str:
    """Return the format of a path's suffix.

    Raises:
        SubtitleError: No format has this suffix.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise SubtitleError(
            f"{path}: no subtitle format has the suffix {suffix!r}. "
            f"Use one of: {', '.join(sorted(SUFFIXES))}."
        )
    return SUFFIXES[suffix]


def read(path: str | os.PathLike[str], *, encoding: str | None = None) -> list[Cue]:
    """Return the cues of a subtitle file in the file's order.

    Args:
        path: The file; its suffix says the format.
        encoding: The encoding, where the file does not say it and the guess is wrong.

    Raises:
        SubtitleError: The file cannot be read, or is not of its suffix's format.
    """
    return list(read_track(path, encoding=encoding).cues)


def read_track(path: str | os.PathLike[str], *, encoding: str | None = None) -> Track:
    """Return a subtitle file with its header, notes and encoding.

    Args:
        path: The file; its suffix says the format.
        encoding: The encoding, where the file does not say it and the guess is wrong.

    Raises:
        SubtitleError: The file cannot be read, or is not of its suffix's format.
    """
    name = format_of(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise SubtitleError(f"{path}: cannot be read: {error.strerror or error}.") from error
    try:
        text, used, is_guess = decode(data, encoding)
        text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        track = FORMATS[name].read(text)
    except SubtitleError as error:
        raise SubtitleError(f"{path}: {error}") from error
    if is_guess:
        _log.warning("%s: the encoding is not stated, or bytes are damaged; read as %s.", path, used)
    if not track.cues and name in ("srt", "lrc", "tsv") and text.strip():
        raise SubtitleError(f"{path}: no cue was found, so this is not a {name.upper()} file.")
    return replace(track, encoding=used, is_guess=is_guess)


def write(
    captions: Sequence[Caption | Cue],
    path: str | os.PathLike[str],
    *,
    style: Style | str | None = None,
    source: str | None = None,
    bundle: str | None = None,
) -> None:
    """Write captions or cues as a subtitle file, whole or not at all; the suffix chooses the format.

    Args:
        captions: Captions are laid out in the style; cues are written as they are unless a style is given.
        path: Where to. A file that is there is replaced.
        style: A style or its name; None is "plain" for captions.
        source: The file that was captioned, for JSON.
        bundle: The bundle that captioned it, for JSON.

    Raises:
        SubtitleError: The suffix is no format's, a time is negative, or the disk is full.
        UnknownNameError: No such style.
    """
    is_laid_out = all(isinstance(c, Cue) for c in captions)
    cues = [c for c in captions if isinstance(c, Cue)]
    if style is not None or not is_laid_out:
        cues = lay_out(captions, style_of(style or "plain"))
    write_track(Track(tuple(cues), source=source, bundle=bundle), path)


def write_track(track: Track, path: str | os.PathLike[str]) -> None:
    """Write a track, whole or not at all; header and notes are kept where the format stays.

    Raises:
        SubtitleError: The suffix is no format's, a time cannot be written, or the disk is full.
    """
    name = format_of(path)
    for number, cue in enumerate(track.cues, 1):
        if cue.start_ms < 0 or cue.end_ms < cue.start_ms:
            raise SubtitleError(
                f"{path}: cue {number} is from {cue.start_ms / 1000} s to {cue.end_ms / 1000} s, which no "
                "file can hold. Shift the cues or repair them with zimu fix."
            )
    write_whole(Path(path), FORMATS[name].write(track).encode("utf-8"))


def write_whole(path: Path, data: bytes) -> None:
    """Write beside, flush to the disk, rename; leave nothing behind where that fails.

    Raises:
        SubtitleError: The file cannot be written.
    """
    beside = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise SubtitleError(f"{path}: cannot be written: {error.strerror or error}.") from error
    finally:
        beside.unlink(missing_ok=True)
