"""Many files: which ones are meant, and which are captioned already."""

from __future__ import annotations

import glob
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zimu.errors import ConfigError, MediaError

__all__ = ["LEDGER", "Job", "Ledger", "find_inputs", "fingerprint"]

# The file in an output folder that says what was captioned there, and how.
LEDGER = ".zimu-batch.jsonl"

# What is taken from a folder. Pictures are not: beside videos they are covers and posters.
_VIDEOS = "mp4 m4v mov mkv webm avi flv wmv mpg mpeg ts m2ts mts 3gp ogv vob mxf"
_SOUNDS = "mp3 m4a aac wav flac ogg oga opus wma aiff"
_SUFFIXES = frozenset(f".{name}" for name in f"{_VIDEOS} {_SOUNDS}".split())

# Copies that Zimu has made of a video.
_COPIES = (".subtitled", ".burnt")
_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be captioned.

    Attributes:
        source: The file.
        stem: Where the names of its results begin.
    """

    source: Path
    stem: Path


def find_inputs(arguments: Sequence[str], stdin: Iterable[str] = ()) -> list[Path]:
    """Return the files that are meant, in order, each once.

    Args:
        arguments: Files; folders, of which all videos and sound files are taken, also of folders inside;
            patterns such as `films/*.mkv`; "-" for the lines of `stdin`.
        stdin: One of these a line; empty lines are left out.

    Raises:
        MediaError: A folder or pattern holds no file.
    """
    found: dict[Path, None] = {}
    for argument in arguments:
        texts = [line.rstrip("\r\n") for line in stdin] if argument == "-" else [argument]
        for text in texts:
            if text:
                found.update(dict.fromkeys(_expand(text)))
    return list(found)


def _expand(text: str) -> list[Path]:
    path = Path(text)
    if path.is_dir():
        files = sorted(
            p
            for p in path.rglob("*")
            if p.suffix.lower() in _SUFFIXES and not p.stem.endswith(_COPIES) and p.is_file()
        )
        if not files:
            raise MediaError(
                f"There is no video or sound file in the folder {path}. Pictures are named by a pattern, "
                f"for instance '{path / '*.jpg'}'."
            )
        return files
    if not path.exists() and _WILD & set(text):
        names = glob.glob(text, recursive=True)  # noqa: PTH207 - the pattern may be absolute
        files = sorted(Path(name) for name in names if Path(name).is_file())
        if not files:
            raise MediaError(f"No file fits the pattern {text}.")
        return files
    return [path]


def fingerprint(settings: Mapping[str, Any]) -> str:
    """Return a short hash of all that the results depend on besides the file."""
    text = json.dumps(settings, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Ledger:
    """Remembers which files were captioned with which settings; lies beside their results.

    A line a file, added when all its results are written; a line that a kill cut short is no line. A file is
    taken for the same while its size and time of change are; its results while they are there, so that what
    was corrected by hand is kept.

    Args:
        settings: From `fingerprint`.
    """

    def __init__(self, settings: str) -> None:
        self._settings = settings
        self._known: dict[Path, dict[str, Any]] = {}
        self._read: set[Path] = set()

    def has(self, job: Job, results: Sequence[Path]) -> bool:
        """Return whether the results of a file are there, made from it with these settings."""
        folder = job.stem.parent
        if folder not in self._read:
            self._read.add(folder)
            for line in _lines(folder / LEDGER):
                self._known[folder / str(line.get("stem"))] = line
        known = self._known.get(job.stem)
        try:
            now = _entry(job, results, self._settings)
        except OSError:
            return False
        return known == now and all(path.is_file() for path in results)

    def add(self, job: Job, results: Sequence[Path]) -> None:
        """Note that all results of a file are written.

        Raises:
            ConfigError: The ledger cannot be written.
        """
        path = job.stem.parent / LEDGER
        try:
            entry = _entry(job, results, self._settings)
            with path.open("a+b") as file:
                # After a line that was cut short a new one must not begin in it.
                file.seek(0, os.SEEK_END)
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    torn = file.read(1) != b"\n"
                else:
                    torn = False
                file.write((b"\n" if torn else b"") + json.dumps(entry, ensure_ascii=False).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written: {error.strerror or error}.") from error
        self._known[job.stem] = entry


def _entry(job: Job, results: Sequence[Path], settings: str) -> dict[str, Any]:
    state = job.source.stat()
    return {
        "stem": job.stem.name,
        "source": str(job.source.resolve()),
        "bytes": state.st_size,
        "changed_ns": state.st_mtime_ns,
        "settings": settings,
        "results": [path.name for path in results],
    }


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        content = path.read_text("utf-8", "replace")
    except OSError:
        return
    for line in content.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:  # cut short by a kill
            continue
        if isinstance(entry, dict):
            yield entry
