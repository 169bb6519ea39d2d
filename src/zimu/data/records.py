"""Any table as columns of plain values: a data frame, rows, columns, or a file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zimu.data.tables import SUFFIXES, BadRow, iter_rows
from zimu.errors import ConfigError

__all__ = ["MISSING_WORDS", "Records", "read_records"]

# What stands for "nothing was measured" in tables that people send each other; compared in lower case.
MISSING_WORDS = frozenset({"", "?", "na", "n/a", "nan", "null", "none", "nil", "nat", "<na>", "-", "--", "."})


@dataclass(frozen=True, slots=True)
class Records:
    """A table by columns.

    Attributes:
        columns: {name: values}, all as long; None where a value is missing.
        folder: What paths in cells are relative to.
        name: What messages call the table.
    """

    columns: Mapping[str, Sequence[Any]]
    folder: Path
    name: str

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def take(self, rows: Sequence[int]) -> Records:
        """Return some rows, in the order asked for."""
        chosen = {n: [values[i] for i in rows] for n, values in self.columns.items()}
        return Records(chosen, self.folder, self.name)


def read_records(table: Any, folder: str | Path | None = None) -> Records:
    """Return any table as columns.

    Args:
        table: A pandas or polars data frame, a list of dictionaries, a dictionary of lists, or the path of a
            .csv, .jsonl or .parquet file.
        folder: What paths in cells are relative to; None takes the file's folder, or the working directory.

    Raises:
        ConfigError: It is none of these, it has no rows, its columns differ in length, or a line of the file
            cannot be read.
        MissingExtraError: Parquet without pyarrow.
    """
    if isinstance(table, str | Path):
        path = Path(table)
        columns, name, here = _from_file(path), str(path), path.absolute().parent
    else:
        columns, name, here = _from_memory(table), "the table", Path.cwd()
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        raise ConfigError(f"The columns of {name} have different lengths: {sorted(lengths)}.")
    if not lengths or lengths == {0}:
        raise ConfigError(f"{name} has no rows. Give one row for each sample.")
    cleaned = {n: [_clean(v) for v in values] for n, values in columns.items()}
    return Records(cleaned, here if folder is None else Path(folder).absolute(), name)


def _from_file(path: Path) -> dict[str, list[Any]]:
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path} is no table: allowed suffixes are {', '.join(SUFFIXES)}.")
    if not path.is_file():
        raise ConfigError(f"There is no table {path}.")
    rows = []
    for number, row in iter_rows(path):
        if isinstance(row, BadRow):
            raise ConfigError(f"{path}, row {number} {row}. Mend the row, or leave it out.")
        rows.append(row)
    return _by_column(rows)


def _from_memory(table: Any) -> dict[str, list[Any]]:
    if isinstance(table, Mapping):
        return {str(name): list(values) for name, values in table.items()}
    if hasattr(table, "columns") and hasattr(table, "__getitem__"):
        # pandas and polars both give a column by its name and a column's plain values by a method.
        return {str(name): _plain(table[name]) for name in table.columns}
    if isinstance(table, Sequence) and all(isinstance(row, Mapping) for row in table):
        return _by_column(table)
    raise ConfigError(
        f"A table cannot be a {type(table).__name__}. Give a pandas or polars data frame, a list of "
        "dictionaries, a dictionary of lists, or the path of a .csv, .jsonl or .parquet file."
    )


def _plain(column: Any) -> list[Any]:
    for name in ("to_list", "tolist"):
        if hasattr(column, name):
            return list(getattr(column, name)())
    return list(column)


def _by_column(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(str(name) for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _clean(value: Any) -> Any:
    """Return a cell's value with every way of saying "missing" as None and NumPy's scalars as Python's."""
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str):
        text = value.strip()
        return None if text.lower() in MISSING_WORDS else text
    # pandas' NaT and NA: the one is not equal to itself, the other will not say.
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    return value
