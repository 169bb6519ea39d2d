"""One media file, looked at once: can it be read, how long and loud is it, and what does it look like."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from zimu.errors import MediaError
from zimu.streams import Frame, Samples

if TYPE_CHECKING:
    from zimu.media.guard import GuardedStream
    from zimu.media.reader import MediaStream

__all__ = ["LEVEL_S", "LOOK_HZ", "SILENCE_DB", "Examined", "examine", "examine_all", "look_hash"]

# Sound levels are kept for each tenth of a second; pictures are looked at five times a second.
LEVEL_S = 0.1
LOOK_HZ = 5
SILENCE_DB = -100.0

# Low enough for levels, and a tenth of a second is a whole number of samples.
_RATE_HZ = 8000

# A worker that decodes nothing for so long is given up.
_STALL_S = 120

# Pictures whose grey values spread less than this (of 255) are black or blank, and look like all their kind.
_BLANK = 4.0
_PRINTS = 4


@dataclass(frozen=True, slots=True)
class Examined:
    """What is known of a file.

    Attributes:
        digest: BLAKE2 of its bytes; empty where there is no such file.
        error: Why it cannot be read; empty where it can.
        warnings: What went wrong without ending the reading.
        duration: Seconds; 0 for a picture.
        is_still: Whether it is a picture.
        size: Width and height in pixels of the video stream or picture, or None.
        has_audio: Whether it has a sound stream.
        levels: [n] decibels of full scale for each tenth of a second, `SILENCE_DB` where digitally silent.
        prints: uint64 [k, 4], hashes of the pictures at 0, 1, 2 and 3 s, k at most 4; zero where blank.
        motion: [m] mean change of grey value from look to look, five a second.
    """

    digest: str = ""
    error: str = ""
    warnings: tuple[str, ...] = ()
    duration: float = 0.0
    is_still: bool = False
    size: tuple[int, int] | None = None
    has_audio: bool = False
    levels: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    prints: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros((0, 4), np.uint64))
    motion: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))


def look_hash(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Return the 256-bit difference hash of a picture: where grey rises from left to right.

    Source: N. Krawetz, "Kind of Like That", 2013 (dHash). Departs: 16x16 instead of 8x8 comparisons, since 64
    bits confuse talking heads; a blank picture is all zeros.

    Args:
        grey: [16, 17] or [16, 17, 1].

    Returns:
        [4]
    """
    values = grey.reshape(16, 17).astype(np.int16)
    if values.std() < _BLANK:
        return np.zeros(4, np.uint64)
    bits: npt.NDArray[np.uint64] = np.packbits(values[:, 1:] > values[:, :-1]).view(np.uint64)
    return bits


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


class _Looks:
    """Small grey pictures as they come → hashes of the first seconds and the motion of all."""

    def __init__(self) -> None:
        self.prints: list[npt.NDArray[np.uint64]] = []
        self.motion: list[float] = []
        self._last: npt.NDArray[np.int16] | None = None
        self._count = 0

    def push(self, picture: npt.NDArray[np.uint8]) -> None:
        if self._count % LOOK_HZ == 0 and len(self.prints) < _PRINTS:
            self.prints.append(look_hash(picture))
        grey = picture.astype(np.int16)
        if self._last is not None:
            self.motion.append(float(np.abs(grey - self._last).mean()))
        self._last = grey
        self._count += 1


class _Levels:
    """Blocks of sound as they come → decibels for each tenth of a second of the file."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.float32)
        self._levels: list[npt.NDArray[np.float32]] = []
        self.start: Fraction | None = None

    def push(self, block: Samples) -> None:
        if self.start is None:
            self.start = block.start
        values = np.concatenate([self._rest, block.values])
        step = round(_RATE_HZ * LEVEL_S)
        whole = len(values) // step * step
        self._levels.append(_decibels(values[:whole].reshape(-1, step)))
        self._rest = values[whole:]

    def finish(self) -> npt.NDArray[np.float32]:
        """Return the levels from the start of the file; where the sound begins later it is silent before."""
        if len(self._rest):
            self._levels.append(_decibels(self._rest[None]))
        before = max(0, round(float(self.start or 0) / LEVEL_S))
        return np.concatenate([np.full(before, SILENCE_DB, np.float32), *self._levels])


def _decibels(blocks: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    power = np.mean(np.square(blocks), axis=1) if blocks.size else np.zeros(0, np.float32)
    levels: npt.NDArray[np.float32] = 10 * np.log10(np.maximum(power, 10 ** (SILENCE_DB / 10)))
    return levels.astype(np.float32)


def _open(path: Path, modality: str, guarded: bool) -> MediaStream | GuardedStream:
    from zimu.media.guard import iter_media_guarded
    from zimu.media.reader import iter_media
    from zimu.media.requests import FrameRequest, SampleRequest

    rate = None if modality == "image" else LOOK_HZ
    frames = None if modality == "audio" else FrameRequest(rate_hz=rate, width=17, height=16, colour="gray")
    samples = None if modality == "image" else SampleRequest(rate_hz=_RATE_HZ)
    return (iter_media_guarded if guarded else iter_media)(path, frames=frames, samples=samples)


def examine(
    path: Path, modality: str, *, guarded: bool = False, tick: Callable[[], object] = lambda: None
) -> Examined:
    """Return what is known of a file; that it cannot be read is a result, not an error.

    Args:
        path: The file.
        modality: "video", "audio" or "image" is decoded; of anything else only the bytes are looked at.
        guarded: Decode in a child process with limits.
        tick: Called as the decoder gets on.
    """
    if not path.is_file():
        return Examined(error="there is no such file")
    try:
        digest = _digest(path)
    except OSError as error:
        return Examined(error=f"cannot be read: {error.strerror}")
    if modality not in ("video", "audio", "image"):
        return Examined(digest)
    looks, levels = _Looks(), _Levels()
    try:
        with _open(path, modality, guarded) as stream:
            for item in stream:
                tick()
                if isinstance(item, Frame):
                    looks.push(item.picture)
                else:
                    levels.push(item)
            probe = stream.probe
    except MediaError as error:
        return Examined(digest, error=str(error))
    heard = levels.finish()
    seen = 0.0 if probe.is_still else len(looks.motion) / LOOK_HZ
    return Examined(
        digest,
        warnings=tuple(stream.warnings),
        duration=float(probe.duration or 0) or max(seen, len(heard) * LEVEL_S),
        is_still=probe.is_still,
        size=(probe.video.width, probe.video.height) if probe.video else None,
        has_audio=probe.audio is not None,
        levels=heard,
        prints=np.array(looks.prints, np.uint64).reshape(-1, 4),
        motion=np.array(looks.motion, np.float32),
    )


def _examine_in_worker(path: Path, modality: str) -> Examined:
    """Examine in a process that ends itself when the decoder hangs; the parent sees it as a crash."""
    if not hasattr(signal, "setitimer"):
        return examine(path, modality)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def tick() -> None:
        signal.setitimer(signal.ITIMER_REAL, _STALL_S)

    tick()
    try:
        return examine(path, modality, tick=tick)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def examine_all(
    files: Mapping[Path, str], jobs: int, progress: Callable[[int], object] = lambda _: None
) -> dict[Path, Examined]:
    """Examine files in worker processes; one that crashes its worker is looked at again under guard.

    Args:
        files: {path: modality}.
        jobs: Worker processes.
        progress: Called with the number of files done.
    """
    done: dict[Path, Examined] = {}
    while len(done) < len(files):
        waiting = ((path, modality) for path, modality in files.items() if path not in done)
        crashed = _run_pool(waiting, jobs, done, progress)
        for path in crashed:
            done[path] = examine(path, files[path], guarded=True)
            progress(len(done))
    return done


def _run_pool(
    waiting: Iterator[tuple[Path, str]],
    jobs: int,
    done: dict[Path, Examined],
    progress: Callable[[int], object],
) -> Iterable[Path]:
    """Fill `done` until all is done or a worker crashes; return the files that were in work then."""
    running: dict[Future[Examined], Path] = {}
    # Spawned, since threads of the parent (progress) must not be forked.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        try:
            while True:
                for path, modality in islice(waiting, 2 * jobs - len(running)):
                    running[pool.submit(_examine_in_worker, path, modality)] = path
                if not running:
                    return ()
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    done[running[future]] = future.result()
                    del running[future]
                    progress(len(done))
        except BrokenProcessPool:
            return list(running.values())
