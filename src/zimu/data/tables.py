"""Tables on disk: JSONL, CSV and Parquet as rows of plain values, one at a time."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from zimu.errors import ConfigError, MissingExtraError

__all__ = ["SUFFIXES", "BadRow", "iter_rows", "write_rows"]

# The suffix says the format.
SUFFIXES = (".jsonl", ".csv", ".parquet")

Row = dict[str, Any]


class BadRow(Exception):
    """A line that is no row; the reader of the table goes on with the next."""


def iter_rows(path: Path) -> Iterator[tuple[int, Row | BadRow]]:
    """Yield the rows of a table with their numbers, without holding the table in memory.

    Args:
        path: A .jsonl, .csv or .parquet file.

    Yields:
        (row, values): rows are numbered from 1; in a CSV file the header is row 1, as in a spreadsheet. A
        line that cannot be read comes as a `BadRow`, so that one pass finds every error.

    Raises:
        ConfigError: The suffix is none of `SUFFIXES`, or the file cannot be read as what its suffix says.
        MissingExtraError: Parquet without pyarrow.
    """
    if not path.is_file():
        raise ConfigError(
            f"There is no manifest {path}. `zimu data import` and `zimu data from-folder` make one."
        )
    kinds = {".jsonl": _iter_jsonl, ".csv": _iter_csv, ".parquet": _iter_parquet}
    suffix = path.suffix.lower()
    if suffix not in kinds:
        raise ConfigError(
            f"{path} is no manifest: its suffix is {suffix!r}, allowed are {', '.join(SUFFIXES)}."
        )
    return kinds[suffix](path)


def _iter_jsonl(path: Path) -> Iterator[tuple[int, Row | BadRow]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except UnicodeDecodeError:
                yield number, BadRow("is not UTF-8")
            except json.JSONDecodeError as error:
                yield number, BadRow(f"is not JSON ({error.msg} at character {error.pos + 1})")
            else:
                yield number, row if isinstance(row, dict) else BadRow(f"is {_kind(row)}, not an object")


def _iter_csv(path: Path) -> Iterator[tuple[int, Row | BadRow]]:
    # A cell may hold a whole list of references or word times.
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            rows = csv.reader(file)
            header = next(rows, None)
            if header is None:
                raise ConfigError(f"{path} is empty: it lacks the header that names the columns.")
            twice = sorted({name for name in header if header.count(name) > 1})
            if twice:
                raise ConfigError(
                    f"{path} names these columns twice: {', '.join(twice)}. Rename one of each."
                )
            for number, cells in enumerate(rows, 2):
                if not cells:
                    continue
                if len(cells) != len(header):
                    yield number, BadRow(f"has {len(cells)} cells where the header has {len(header)}")
                    continue
                yield number, {name: _cell(text) for name, text in zip(header, cells, strict=True) if text}
        except (UnicodeDecodeError, csv.Error) as error:
            raise ConfigError(f"{path} cannot be read as UTF-8 CSV: {error}. Save it as UTF-8.") from error


def _cell(text: str) -> Any:
    """Return a cell's value: a list or an object where it is written as JSON, else the text."""
    if text[0] in "[{":
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text
    return text


def _iter_parquet(path: Path) -> Iterator[tuple[int, Row | BadRow]]:
    pyarrow, parquet = _pyarrow()
    try:
        with parquet.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches(batch_size=1024):
                for row in batch.to_pylist():
                    number += 1
                    yield number, {name: value for name, value in row.items() if value is not None}
    except (pyarrow.ArrowException, OSError) as error:
        raise ConfigError(f"{path} cannot be read as Parquet: {error}") from error


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", "train") from error
    return pyarrow, pyarrow.parquet


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", bool: "a truth value", type(None): "null"}.get(
        type(value), "a number"
    )


def write_rows(rows: Iterable[Mapping[str, Any]], path: Path) -> int:
    """Write a table whole or not at all, and return the number of its rows.

    Args:
        rows: Rows of plain values. JSONL takes them as they come; CSV and Parquet need all columns first and
            hold the rows in memory.
        path: A .jsonl, .csv or .parquet file; its folder is made.

    Raises:
        ConfigError: The suffix is none of `SUFFIXES`, or a column mixes types that Parquet cannot hold.
        MissingExtraError: Parquet without pyarrow.
    """
    kinds = {".jsonl": _write_jsonl, ".csv": _write_csv, ".parquet": _write_parquet}
    if path.suffix.lower() not in kinds:
        raise ConfigError(f"Cannot write {path}: allowed suffixes are {', '.join(SUFFIXES)}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    beside = Path(name)
    try:
        count = kinds[path.suffix.lower()](rows, beside)
        beside.chmod(0o644)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return count


def _write_jsonl(rows: Iterable[Mapping[str, Any]], path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for count, row in enumerate(rows, 1):  # noqa: B007 (the last number is the count)
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return count


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _write_csv(rows: Iterable[Mapping[str, Any]], path: Path) -> int:
    held = list(rows)
    columns = _columns(held)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in held:
            cells = (row.get(name, "") for name in columns)
            writer.writerow(
                [json.dumps(c, ensure_ascii=False) if isinstance(c, list | dict) else c for c in cells]
            )
    return len(held)


def _write_parquet(rows: Iterable[Mapping[str, Any]], path: Path) -> int:
    pyarrow, parquet = _pyarrow()
    held = list(rows)
    columns = _columns(held)
    arrays = []
    for name in columns:
        try:
            arrays.append(pyarrow.array([row.get(name) for row in held]))
        except pyarrow.ArrowException as error:
            raise ConfigError(f"Column {name!r} mixes types that Parquet cannot hold: {error}") from error
    parquet.write_table(pyarrow.table(arrays, names=columns), path)
    return len(held)
