"""Manifests: tables of samples, read with every error at once and written whole.

A row holds `id`; `media`, or one column a modality (`video`, `audio`, `image`, `text`, `series`, `points`),
each a path relative to the manifest; `start` and `end` in seconds; `split`; `references` (with `language`, or
told by their script), or `references_zh` and `references_en`; `label`; `target`. All else is kept in `extra`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, overload

from zimu.data.rows import RowErrors, check_row
from zimu.data.tables import BadRow, iter_rows, write_rows
from zimu.errors import ConfigError, unknown_name
from zimu.timing import Span

__all__ = [
    "Manifest",
    "Sample",
    "iter_manifest",
    "read_manifest",
    "read_rows",
    "sample_row",
    "write_manifest",
]


@dataclass(frozen=True, slots=True)
class Sample:
    """A clip or record with its references.

    Attributes:
        id: Unique in its manifest.
        media: {modality: path}, for instance {"video": Path("clips/a.mp4")}.
        start: Where the sample begins in its file, seconds; None is the beginning.
        end: Where it ends, exclusive, seconds; None is the end of the file.
        split: "train", "val", "test" or another name; empty where the manifest has none.
        references: {language: texts}.
        label: The class, as text.
        target: The number to predict.
        extra: Every other column, for instance `words` with the time of each word.
    """

    id: str
    media: Mapping[str, Path] = field(default_factory=dict)
    start: Fraction | None = None
    end: Fraction | None = None
    split: str = ""
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    label: str | None = None
    target: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The file to open: the video, else the picture, else the sound, else whatever there is."""
        for modality in ("video", "image", "audio", *self.media):
            if modality in self.media:
                return self.media[modality]
        raise ConfigError(
            f"Sample {self.id!r} has no media. Add a column `media` or `video` to its manifest."
        )

    @property
    def span(self) -> Span | None:
        """The stretch of the file, where both ends are given."""
        return None if self.start is None or self.end is None else Span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Manifest(Sequence[Sample]):
    """The samples of one table, in its order.

    Attributes:
        samples: The rows.
        path: Where they were read.
    """

    samples: tuple[Sample, ...]
    path: Path

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Sample, ...]: ...
    def __getitem__(self, index: int | slice) -> Sample | tuple[Sample, ...]:
        return self.samples[index]

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits, in the order of their first rows."""
        return tuple(dict.fromkeys(s.split for s in self.samples))

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the references, sorted."""
        return tuple(sorted({language for s in self.samples for language in s.references}))

    def part(self, split: str) -> Manifest:
        """Return the samples of one split.

        Raises:
            UnknownNameError: No sample is of that split.
        """
        if split not in self.splits:
            raise unknown_name(f"split of {self.path}:", split, self.splits)
        return Manifest(tuple(s for s in self.samples if s.split == split), self.path)

    def references(self, language: str) -> dict[str, list[str]]:
        """Return {id: references} of one language, as metrics take them; samples without are left out."""
        return {s.id: list(s.references[language]) for s in self.samples if s.references.get(language)}

    @property
    def digest(self) -> str:
        """The SHA-256 of the rows, the same on every machine: media count by their relative path."""
        state = hashlib.sha256()
        here = os.path.realpath(self.path.parent)
        for sample in self.samples:
            row = _row(sample, here)
            state.update(json.dumps(row, ensure_ascii=False, sort_keys=True).encode() + b"\n")
        return state.hexdigest()


def _iter_checked(path: Path, errors: RowErrors) -> Iterator[Sample]:
    folder = path.absolute().parent
    for number, row in iter_rows(path):
        if isinstance(row, BadRow):
            errors.add(number, "", str(row))
        elif (fields := check_row(row, number, folder, errors)) is not None:
            yield Sample(**fields)


def read_manifest(path: str | Path) -> Manifest:
    """Read a manifest.

    Args:
        path: A .jsonl, .csv or .parquet file.

    Raises:
        ConfigError: The file is missing, no table, or has wrong rows: all of them are named, each with its
            row and column. Two rows with one id are wrong too.
        MissingExtraError: Parquet without pyarrow.
    """
    samples, errors = read_rows(path)
    errors.raise_if_any()
    if not samples:
        raise ConfigError(f"{path} has no rows. A manifest needs one sample at least.")
    return Manifest(tuple(samples), Path(path))


def read_rows(path: str | Path) -> tuple[list[Sample], RowErrors]:
    """Return the samples of the rows that are right, and what is wrong with the others.

    Raises:
        ConfigError: The file is missing or no table.
        MissingExtraError: Parquet without pyarrow.
    """
    path = Path(path)
    errors = RowErrors(path)
    samples: dict[str, Sample] = {}
    for sample in _iter_checked(path, errors):
        if sample.id in samples:
            errors.add(None, "id", f"{sample.id!r} stands in two rows; ids must differ")
        samples.setdefault(sample.id, sample)
    return list(samples.values()), errors


def iter_manifest(path: str | Path) -> Iterator[Sample]:
    """Yield the samples of a manifest one by one; memory does not grow with its length.

    The whole table is checked at the call, before the first sample comes; only ids are not compared with each
    other, since that would mean holding them.

    Raises:
        ConfigError: As `read_manifest`.
    """
    path = Path(path)
    errors = RowErrors(path)
    for _ in _iter_checked(path, errors):
        pass
    errors.raise_if_any()
    return _iter_checked(path, errors)


def sample_row(sample: Sample, folder: Path) -> dict[str, Any]:
    """Return a sample as the row of a manifest that lies in `folder`; absent values are left out."""
    return _row(sample, os.path.realpath(folder))


def _row(sample: Sample, here: str) -> dict[str, Any]:
    row: dict[str, Any] = {"id": sample.id}
    for modality, path in sample.media.items():
        row[modality] = Path(os.path.relpath(path, here)).as_posix()
    row |= {name: float(at) for name, at in (("start", sample.start), ("end", sample.end)) if at is not None}
    if sample.split:
        row["split"] = sample.split
    row |= {f"references_{language}": list(texts) for language, texts in sample.references.items()}
    row |= {n: v for n, v in (("label", sample.label), ("target", sample.target)) if v is not None}
    return row | dict(sample.extra)


def write_manifest(samples: Iterable[Sample], path: str | Path) -> int:
    """Write samples as a manifest, whole or not at all, and return their number.

    Args:
        samples: What to write; JSONL takes an iterator without holding it.
        path: A .jsonl, .csv or .parquet file. Media are written relative to its folder.

    Raises:
        ConfigError: The suffix is unknown, or a column cannot be written.
        MissingExtraError: Parquet without pyarrow.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    here = os.path.realpath(path.parent)
    return write_rows((_row(s, here) for s in samples), path)
