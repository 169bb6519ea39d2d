"""Cells of a table as streams: lists and files of numbers, pictures, sounds, videos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError, MediaError, ZimuError
from zimu.features.cells import parse_number
from zimu.features.frames import frames_stream
from zimu.features.sound import sound_stream
from zimu.features.spec import AudioSpec, VideoSpec
from zimu.media.guard import iter_media_guarded
from zimu.media.reader import iter_media
from zimu.media.requests import FrameRequest, SampleRequest
from zimu.streams import Frame, Samples, Stream

__all__ = ["Frozen", "Opened", "open_column", "open_series"]

# Columns of a file of a series that hold its clock.
_TIMES = ("time", "times", "t", "timestamp", "seconds", "time_s")
# Pictures and sound patches that a frozen encoder takes at once.
_BATCH = 8
# An hour of sound is 7,500 patches; what a table's cell holds is shorter, or is cut.
_LONGEST_S = 120

Encode = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Frozen:
    """Encoders that were trained before, on other data.

    Attributes:
        video: What pictures look like.
        audio: What sound looks like.
        see: Pictures float32 [n, 3, H, W] to features [n, D].
        hear: Patches float32 [n, patch, bands] to features [n, D].
        guard: Decode in a child process with limits: for files from strangers.
    """

    video: VideoSpec
    audio: AudioSpec
    see: Encode
    hear: Encode
    guard: bool = False


@dataclass
class Opened:
    """The cells of a column as streams.

    Attributes:
        streams: One a row; an absent one has no step.
        problems: What could not be read, one line each; those rows count as absent.
    """

    streams: list[Stream]
    problems: list[str] = field(default_factory=list)


def open_column(kind: str, values: Sequence[Any], folder: Path, frozen: Frozen | None) -> Opened:
    """Return a column's cells as streams; what cannot be read is absent, and told.

    Args:
        kind: "series", "image", "audio" or "video".
        values: Cells; None is absent.
        folder: What paths are relative to.
        frozen: The encoders, for everything but series.
    """
    known: dict[str, Stream] = {}
    found: list[Stream | None] = []
    problems: list[str] = []
    for row, value in enumerate(values):
        key = str(value) if isinstance(value, str | Path) else ""
        if value is None or key in known:
            found.append(known.get(key) if value is not None else None)
            continue
        try:
            stream = open_series(value, folder) if kind == "series" else _encode(kind, value, folder, frozen)
        except ZimuError as error:
            problems.append(f"row {row + 1}: {error}")
            found.append(None)
            continue
        if key:
            known[key] = stream
        found.append(stream)
    return Opened(_fill(found, problems), problems)


def _fill(found: Sequence[Stream | None], problems: list[str]) -> list[Stream]:
    """Give absent rows no step, and rows of another width than the first no place."""
    shapes = [s.values.shape[1:] for s in found if s is not None and len(s.values)]
    shape = shapes[0] if shapes else (1,)
    nothing = Stream(np.zeros((0, *shape), np.float32), np.zeros(0, np.bool_), np.zeros(0))
    out = []
    for row, stream in enumerate(found):
        if stream is not None and len(stream.values) and stream.values.shape[1:] != shape:
            problems.append(f"row {row + 1}: a step has the shape {stream.values.shape[1:]}, not {shape}")
            stream = None
        out.append(stream if stream is not None and len(stream.values) else nothing)
    return out


def open_series(value: Any, folder: Path) -> Stream:
    """Return a series as a stream float32 [T, C].

    Args:
        value: Numbers [T], or [T, C] (one list a step); or the path of an .npy, .csv or .tsv file of such. A
            column of the file called time, t, timestamp or seconds is its clock; without one, steps are
            a second apart.
        folder: What a path is relative to.

    Raises:
        ConfigError: There are no numbers, or the file cannot be read.
    """
    times: npt.NDArray[np.float64] | None = None
    if isinstance(value, str | Path):
        values, times = _read_series(folder / value)
    else:
        values = _numbers(value)
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or not values.size:
        raise ConfigError(
            f"A series is a list of numbers or of steps; this one has the shape {values.shape}."
        )
    if times is None:
        times = np.arange(len(values), dtype=np.float64)
    keep = np.isfinite(values).all(axis=1) & np.isfinite(times)
    return Stream(np.where(keep[:, None], values, 0).astype(np.float32), keep, np.where(keep, times, 0.0))


def _numbers(value: Any) -> npt.NDArray[np.float64]:
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"A series must hold numbers, each step as many: {str(value)[:60]!r}.") from error


def _read_series(path: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64] | None]:
    if not path.is_file():
        raise ConfigError(f"There is no series {path}.")
    if path.suffix.lower() == ".npy":
        try:
            return _numbers(np.load(path, allow_pickle=False)), None
        except (ValueError, OSError, EOFError) as error:
            raise ConfigError(f"{path} is no NumPy array of numbers: {error}") from error
    mark = "\t" if path.suffix.lower() == ".tsv" else ","
    lines = [line.split(mark) for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    if not lines:
        raise ConfigError(f"{path} is empty.")
    header = [cell.strip().lower() for cell in lines[0]]
    named = any(parse_number(cell) is None for cell in header)
    rows = lines[1:] if named else lines
    if any(len(row) != len(header) for row in rows):
        raise ConfigError(f"{path}: not every line has {len(header)} cells.")
    table = np.array([[_number(cell) for cell in row] for row in rows], np.float64).reshape(-1, len(header))
    clock = next((header.index(n) for n in _TIMES if n in header), None) if named else None
    if clock is None:
        return table, None
    return np.delete(table, clock, axis=1), table[:, clock]


def _number(cell: str) -> float:
    number = parse_number(cell.strip())
    return float("nan") if number is None else number


def _encode(kind: str, value: Any, folder: Path, frozen: Frozen | None) -> Stream:
    if frozen is None:
        raise ConfigError(f"A column of kind {kind} needs an encoder, and there is none.")
    if isinstance(value, np.ndarray):
        return _see([Frame(Fraction(0), _resized(value, frozen.video))], frozen)
    path = folder / str(value)
    if kind == "audio":
        return _hear(path, frozen)
    frames = [item for item in _items(path, frozen, frozen.video, None) if isinstance(item, Frame)]
    return _see(frames[:1] if kind == "image" else frames, frozen)


def _items(
    path: Path, frozen: Frozen, video: VideoSpec | None, audio: AudioSpec | None
) -> list[Frame | Samples]:
    frames = None
    if video is not None:
        frames = FrameRequest(video.rate_hz, video.width, video.height, video.resize, video.box, video.colour)
    samples = SampleRequest(audio.rate_hz) if audio is not None else None
    opener = iter_media_guarded if frozen.guard else iter_media
    with opener(path, frames=frames, samples=samples, end=_LONGEST_S) as stream:
        return list(stream)


def _resized(picture: npt.NDArray[Any], video: VideoSpec) -> npt.NDArray[np.uint8]:
    """Return a picture from memory at the encoder's size, by the nearest pixel."""
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise MediaError(f"A picture in a cell is uint8 [H, W, 3], not {picture.dtype} {picture.shape}.")
    rows = (np.arange(video.height) + 0.5) * picture.shape[0] / video.height
    columns = (np.arange(video.width) + 0.5) * picture.shape[1] / video.width
    out: npt.NDArray[np.uint8] = picture[rows.astype(int)][:, columns.astype(int)]
    return out


def _see(frames: Sequence[Frame], frozen: Frozen) -> Stream:
    stream = frames_stream(frames, frozen.video)
    if not len(stream.values):
        return stream
    parts = [frozen.see(stream.values[i : i + _BATCH]) for i in range(0, len(stream.values), _BATCH)]
    return Stream(np.concatenate(parts), stream.keep, stream.times)


def _hear(path: Path, frozen: Frozen) -> Stream:
    blocks = [item for item in _items(path, frozen, None, frozen.audio) if isinstance(item, Samples)]
    values = np.concatenate([b.values for b in blocks]) if blocks else np.zeros(0, np.float32)
    start = blocks[0].start if blocks else Fraction(0)
    stream = sound_stream(Samples(start, frozen.audio.rate_hz, values), frozen.audio, start=0)
    if not len(stream.values):
        return stream
    parts = [frozen.hear(stream.values[i : i + _BATCH]) for i in range(0, len(stream.values), _BATCH)]
    return Stream(np.concatenate(parts), stream.keep, stream.times)
