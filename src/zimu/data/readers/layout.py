"""What all readers share: the record that describes one, and how files are found in a folder.

To add a set: write a file beside this one with a function `read(source)` that yields samples, describe it in
a `Reader`, and name it in `READERS` (`__init__.py`). A reader names every media file that the set has, also
those that are not there; the import leaves these out and says so.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zimu.data.manifest import Sample
from zimu.data.rows import MEDIA_SUFFIXES
from zimu.errors import ConfigError

__all__ = ["MediaIndex", "Reader", "clean", "find_files", "load_json", "missing_layout", "read_lines"]


@dataclass(frozen=True, slots=True)
class Reader:
    """One public set: what it is, where it is had, and how it is read.

    Attributes:
        what: One line for a table.
        where: Where the set is had.
        licence: Under what terms.
        layout: The files that the source folder holds.
        read: Source folder → samples, media as absolute paths; `archive.zip!/member` is a file in a zip.
    """

    what: str
    where: str
    licence: str
    layout: str
    read: Callable[[Path], Iterator[Sample]]


def missing_layout(source: Path, layout: str) -> ConfigError:
    """Return the error for a folder that does not hold the set."""
    return ConfigError(f"{source} does not hold the set. Expected: {layout}.")


def find_files(source: Path, pattern: str) -> list[Path]:
    """Return the files below `source` whose name matches the regular expression whole, sorted."""
    if not source.is_dir():
        raise ConfigError(f"There is no folder {source}.")
    name = re.compile(pattern)
    return sorted(p for p in source.rglob("*") if name.fullmatch(p.name) and p.is_file())


def load_json(path: Path) -> Any:
    """Return the content of a .json, .json.gz or .jsonl(.gz) file; of JSONL the list of its lines.

    Raises:
        ConfigError: It is no JSON.
    """
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        text = data.decode("utf-8-sig")
        if ".jsonl" in path.suffixes:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        return json.loads(text)
    except (OSError, ValueError, EOFError) as error:
        raise ConfigError(f"{path} cannot be read as JSON: {error}") from error


def read_lines(path: Path) -> list[str]:
    """Return the lines of a UTF-8 file that are not blank, without their ends."""
    try:
        return [line.strip() for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: {error}. Convert it first.") from error


class MediaIndex:
    """The media files below a folder by their stem, found in one walk."""

    def __init__(self, source: Path, modality: str) -> None:
        suffixes = MEDIA_SUFFIXES[modality]
        self._source = source.absolute()
        self._default = suffixes[0]
        self._by_stem: dict[str, Path] = {}
        for path in sorted(self._source.rglob("*")):
            if path.suffix.lower() in suffixes:
                self._by_stem.setdefault(path.stem, path)

    def find(self, *stems: str) -> Path:
        """Return the file of the first stem that is there; else the path where the first would be."""
        for stem in stems:
            if stem in self._by_stem:
                return self._by_stem[stem]
        return self._source / (stems[0] + self._default)


def clean(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts with white space collapsed, empty ones left out; doubles stay, as published."""
    return tuple(t for t in (" ".join(text.split()) for text in texts) if t)
