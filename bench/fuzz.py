"""Mutated media files through the guarded reader: whatever happens to the child, the parent gets one line.

    python -m bench.fuzz [--count 1000] [--seed 0] [--keep FOLDER]

Small files of many formats are damaged at random: bits, bytes, numbers that tend to overflow, pieces cut out,
doubled, moved, or taken from another file. Each goes through `iter_media_guarded`, whose child is forked from
this process (a fresh interpreter a file would take longer than the reading) and otherwise runs as always.
Prints how many were read, refused, ended by a signal or by a limit, and keeps what was not read or refused in
the ordinary way. Exit code 1 if anything but a MediaError of one line reached this process.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from bench._torture_broken import sources
from bench._torture_files import good_cases

from zimu.errors import MediaError
from zimu.media import child, guard
from zimu.media.guard import Limits, iter_media_guarded
from zimu.media.requests import WATCH, FrameRequest, SampleRequest

__all__ = ["damage", "forked", "read_guarded", "seeds"]

LIMITS = Limits(stall_s=60, memory_mb=2048, cpu_s=20)
# A seed this large would be slow to read and its mutations would rarely hit a header.
_MOST_BYTES = 40_000
_WANTED = (
    *(
        "fragmented.mp4",
        "libx265.mov",
        "libsvtav1.ivf",
        "mpeg2video.mpg",
        "mjpeg.avi",
        "ffv1.mkv",
        "wmv2.asf",
    ),
    *("rv10.rm", "libx264.nut", "raw.h264", "mpeg2video.m2v", "pcm_s16le.wav", "pcm_s16be.aiff", "aac.aac"),
    *("alac.m4a", "libopus.ogg", "flac.oga", "ac3.ac3", "wavpack.wv", "tta.tta", "rgb24.png", "yuvj420p.jpg"),
    *("bgra.webp", "animated.apng", "rgb24.tiff", "turned 90.mp4", "two pictures.mkv"),
)
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def seeds(folder: Path) -> list[bytes]:
    """Return small whole files of many formats."""
    makers = dict(sources()) | {case.name: case.make for case in good_cases() if case.name in _WANTED}
    found = []
    for name, maker in makers.items():
        path = folder / name
        maker(path)
        if path.stat().st_size <= _MOST_BYTES:
            found.append(path.read_bytes())
    return found


def damage(rng: random.Random, files: list[bytes]) -> bytes:
    """Return a file with one to eight injuries; half of them fall into its first 512 bytes, the header."""
    data = bytearray(rng.choice(files))
    for _ in range(rng.choice([1, 1, 2, 4, 8])):
        reach = min(len(data), 512) if rng.random() < 0.5 else len(data)
        at = rng.randrange(max(1, reach))
        length = rng.choice([1, 2, 4, 8, 64, 512])
        kind = rng.randrange(7)
        if kind == 0 and data:
            data[min(at, len(data) - 1)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at : at + length] = rng.randbytes(length)
        elif kind == 2:
            layout = rng.choice(["<I", ">I", "<H", ">H", "<Q", ">Q", "B"])
            number = rng.choice(_NUMBERS) % (1 << 8 * struct.calcsize(layout))
            data[at : at + struct.calcsize(layout)] = struct.pack(layout, number)
        elif kind == 3:
            del data[at : at + length]
        elif kind == 4:
            data[at:at] = data[at : at + length] * rng.choice([1, 2, 50])
        elif kind == 5:
            other = rng.choice(files)
            place = rng.randrange(len(other))
            data[at : at + length] = other[place : place + length]
        elif rng.random() < 0.3:
            del data[at:]
    return bytes(data)


class _Forked:
    """A child of the guard that is a copy of this process instead of a fresh interpreter."""

    def __init__(self) -> None:
        order, given = os.pipe()
        taken, answer = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            self._decode(order, answer, (given, taken))
        os.close(order)
        os.close(answer)
        self.stdin, self.stdout = os.fdopen(given, "wb", 0), os.fdopen(taken, "rb")
        self._code: int | None = None

    @staticmethod
    def _decode(order: int, answer: int, others: tuple[int, int]) -> None:
        code = 99
        try:
            for end in others:
                os.close(end)
            os.dup2(order, 0)
            os.dup2(answer, 1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            sys.stdin = os.fdopen(0, encoding="utf-8")
            code = child.main()
        finally:
            os._exit(code)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code


@contextlib.contextmanager
def forked() -> Iterator[None]:
    """Let the guard fork its children inside the block."""
    usual = guard._start_child
    guard._start_child = lambda: cast("subprocess.Popen[bytes]", _Forked())
    try:
        yield
    finally:
        guard._start_child = usual


def read_guarded(path: Path) -> str:
    """Return what came of a file, "read" or "damaged" or the message of its MediaError."""
    request: dict[str, Any] = {"frames": FrameRequest(4, 32, 24), "samples": SampleRequest(), "watch": WATCH}
    try:
        with iter_media_guarded(path, **request, limits=LIMITS) as stream:
            for _ in stream:
                pass
            return "damaged" if stream.warnings else "read"
    except MediaError as error:
        return str(error)


def _kind(text: str) -> str:
    if text in ("read", "damaged"):
        return text
    odd = {
        "crashed": "ended by a signal",
        "made no progress": "ended by the clock",
        "the decoder failed": "our bug",
    }
    odd |= {"processor seconds": "ended by the clock", "memory": "ended by memory", "no message": "our bug"}
    odd |= {"without a word": "our bug", "\n": "our bug"}
    return next((kind for mark, kind in odd.items() if mark in text), "refused")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--keep", type=Path, help="keep what was not read or refused in the ordinary way here"
    )
    given = parser.parse_args()
    os.environ.setdefault("SVT_LOG", "0")
    counts: collections.Counter[str] = collections.Counter()
    begun, slowest, escaped = time.perf_counter(), 0.0, 0
    with tempfile.TemporaryDirectory() as folder, forked():
        files = seeds(Path(folder))
        path = Path(folder) / "mutant.bin"
        for number in range(given.seed, given.seed + given.count):
            data = damage(random.Random(number), files)
            path.write_bytes(data)
            started = time.perf_counter()
            try:
                text = read_guarded(path)
            except Exception as error:
                text, escaped = f"no message: {error!r}", escaped + 1
            slowest = max(slowest, time.perf_counter() - started)
            counts[_kind(text)] += 1
            if _kind(text) not in ("read", "damaged", "refused"):
                print(f"{number}: {text}", flush=True)
                if given.keep:
                    given.keep.mkdir(parents=True, exist_ok=True)
                    (given.keep / f"{number}.bin").write_bytes(data)
    seconds = time.perf_counter() - begun
    print(
        f"{given.count} mutations of {len(files)} files from seed {given.seed}: "
        f"{seconds:.0f} s, slowest {slowest:.1f} s"
    )
    print(", ".join(f"{kind} {count}" for kind, count in counts.most_common()))
    print(f"errors outside the child: {escaped}")
    return 1 if escaped or counts["our bug"] else 0


if __name__ == "__main__":
    sys.exit(main())
