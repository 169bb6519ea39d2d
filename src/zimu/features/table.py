"""Columns of numbers, categories and dates as one vector a row; fitted on the training part alone.

A number gives itself (robustly scaled) and its place among the quantiles of the training part, so that a
linear model can bend: piecewise linear encoding, Gorishniy et al. 2022 (arXiv:2203.05556), section 3.1. What
is missing is filled with the median and flagged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from zimu.errors import ConfigError
from zimu.features.cells import parse_date, parse_number

__all__ = ["CategoryColumn", "DateColumn", "NumberColumn", "TableSpec", "fit_table", "table_array"]

Array = npt.NDArray[np.float32]

# One broken reading must not drown the rest.
_LIMIT = 8.0
_MOST_BINS = 12
_ROWS_A_BIN = 20
_MOST_CATEGORIES = 60
_YEAR_DAYS = 365.25
# Angles of a moment that repeat: part of the year, of the week, of the day.
_CYCLES = ("year", "week", "day")


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NumberColumn(_Frozen):
    """How a column of numbers becomes [scaled, missing?, one place for each bin]."""

    kind: Literal["number"] = "number"
    name: str
    centre: float
    scale: float = Field(gt=0)
    edges: tuple[float, ...] = Field(default=(), description="rising; n + 1 edges make n bins")
    flagged: bool = Field(default=False, description="values were missing in training")

    @property
    def features(self) -> tuple[str, ...]:
        """What each number of the vector is."""
        flag = (f"{self.name} missing",) if self.flagged else ()
        return (self.name, *flag, *(f"{self.name} from {low:g}" for low in self.edges[:-1]))

    @property
    def plain(self) -> int:
        """How many of the features come before the bins."""
        return 2 if self.flagged else 1

    def encode(self, values: Sequence[Any]) -> Array:
        """Return float32 [B, features]."""
        numbers = np.array([np.nan if (n := parse_number(v)) is None else n for v in values], np.float64)
        missing = np.isnan(numbers)
        numbers = np.where(missing, self.centre, numbers)
        parts = [np.clip((numbers - self.centre) / self.scale, -_LIMIT, _LIMIT)[:, None]]
        if self.flagged:
            parts.append(missing[:, None])
        if len(self.edges) > 1:
            edges = np.asarray(self.edges)
            parts.append(np.clip((numbers[:, None] - edges[:-1]) / np.diff(edges), 0, 1))
        return np.concatenate(parts, axis=1).astype(np.float32)


class CategoryColumn(_Frozen):
    """How a column of categories becomes [each known one?, another?, missing?]."""

    kind: Literal["category"] = "category"
    name: str
    values: tuple[str, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """What each number of the vector is."""
        return (*(f"{self.name} = {v}" for v in self.values), f"{self.name} other", f"{self.name} missing")

    @property
    def plain(self) -> int:
        """How many of the features come before the bins: all."""
        return len(self.features)

    def encode(self, values: Sequence[Any]) -> Array:
        """Return float32 [B, features]."""
        place = {v: i for i, v in enumerate(self.values)}
        out = np.zeros((len(values), len(self.values) + 2), np.float32)
        for row, value in enumerate(values):
            out[row, len(place) + 1 if value is None else place.get(str(value), len(place))] = 1
        return out


class DateColumn(_Frozen):
    """How a column of moments becomes [scaled days, missing?, sine and cosine of year, week, day]."""

    kind: Literal["date"] = "date"
    name: str
    centre: float = Field(description="days since 1970-01-01")
    scale: float = Field(gt=0)

    @property
    def features(self) -> tuple[str, ...]:
        """What each number of the vector is."""
        waves = tuple(f"{self.name} {wave} of {c}" for c in _CYCLES for wave in ("sine", "cosine"))
        return (self.name, f"{self.name} missing", *waves)

    @property
    def plain(self) -> int:
        """How many of the features come before the bins: all."""
        return len(self.features)

    def encode(self, values: Sequence[Any]) -> Array:
        """Return float32 [B, features]."""
        days = np.array([_days(v) for v in values], np.float64)
        missing = np.isnan(days)
        filled = np.where(missing, self.centre, days)
        out = [np.clip((filled - self.centre) / self.scale, -_LIMIT, _LIMIT), missing.astype(np.float64)]
        for length in (_YEAR_DAYS, 7.0, 1.0):
            angle = 2 * np.pi * filled / length
            out += [np.where(missing, 0, np.sin(angle)), np.where(missing, 0, np.cos(angle))]
        return np.stack(out, axis=1).astype(np.float32)


def _days(value: Any) -> float:
    moment = parse_date(value)
    return np.nan if moment is None else (moment - datetime(1970, 1, 1)).total_seconds() / 86400


_Column = Annotated[NumberColumn | CategoryColumn | DateColumn, Field(discriminator="kind")]


class TableSpec(_Frozen):
    """How rows of a table become vectors."""

    columns: tuple[_Column, ...] = Field(min_length=1)

    @property
    def features(self) -> tuple[str, ...]:
        """What each number of a vector is."""
        return tuple(f for c in self.columns for f in c.features)

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        return len(self.features)

    @property
    def plain(self) -> tuple[int, ...]:
        """Where the features without bins stand; trees need no others."""
        out: list[int] = []
        first = 0
        for column in self.columns:
            out += range(first, first + column.plain)
            first += len(column.features)
        return tuple(out)


def fit_table(columns: Mapping[str, Sequence[Any]], kinds: Mapping[str, str]) -> TableSpec:
    """Return how columns become vectors, learned from the rows given: those of the training part.

    Args:
        columns: {name: values}; None is missing.
        kinds: {name: "number", "category" or "date"}.

    Raises:
        ConfigError: There is no column.
    """
    if not kinds:
        raise ConfigError("A table needs one column of numbers, categories or dates at least.")
    fits: dict[str, Callable[[str, Sequence[Any]], _Column]] = {
        "number": _fit_number,
        "category": _fit_category,
        "date": _fit_date,
    }
    return TableSpec(columns=tuple(fits[kind](name, columns[name]) for name, kind in kinds.items()))


def table_array(
    spec: TableSpec, columns: Mapping[str, Sequence[Any]], count: int
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return rows as vectors, and which of them have any value at all.

    Args:
        spec: From `fit_table`.
        columns: {name: values}; a column that is absent is missing in every row.
        count: B, the number of rows.

    Returns:
        float32 [B, spec.width] and bool [B].
    """
    nothing: Sequence[Any] = [None] * count
    parts = [column.encode(columns.get(column.name, nothing)) for column in spec.columns]
    real = np.zeros(count, np.bool_)
    for column in spec.columns:
        real |= np.array([v is not None for v in columns.get(column.name, nothing)], np.bool_)
    return np.concatenate(parts, axis=1), real


def _fit_number(name: str, values: Sequence[Any]) -> NumberColumn:
    numbers = np.array([n for v in values if (n := parse_number(v)) is not None], np.float64)
    flagged = len(numbers) < len(values)
    if not len(numbers):
        return NumberColumn(name=name, centre=0.0, scale=1.0, flagged=flagged)
    low, centre, high = np.percentile(numbers, [25, 50, 75])
    # Half the numbers may be equal: then the spread of all of them scales.
    scale = (high - low) / 1.349 or float(numbers.std()) or 1.0
    return NumberColumn(
        name=name, centre=float(centre), scale=float(scale), edges=_edges(numbers), flagged=flagged
    )


def _edges(numbers: npt.NDArray[np.float64]) -> tuple[float, ...]:
    different = np.unique(numbers)
    bins = min(_MOST_BINS, len(numbers) // _ROWS_A_BIN)
    if len(different) <= min(_MOST_BINS, bins) + 1:
        edges = different
    else:
        edges = np.unique(np.quantile(numbers, np.linspace(0, 1, max(1, bins) + 1)))
    # One bin says no more than the scaled number.
    return tuple(float(e) for e in edges) if len(edges) > 2 else ()


def _fit_category(name: str, values: Sequence[Any]) -> CategoryColumn:
    counts = Counter(str(v) for v in values if v is not None)
    known = [v for v, n in counts.most_common(_MOST_CATEGORIES) if n > 1]
    return CategoryColumn(name=name, values=tuple(sorted(known)))


def _fit_date(name: str, values: Sequence[Any]) -> DateColumn:
    days = np.array([d for v in values if not np.isnan(d := _days(v))], np.float64)
    if not len(days):
        return DateColumn(name=name, centre=0.0, scale=1.0)
    return DateColumn(name=name, centre=float(np.median(days)), scale=float(days.std()) or 1.0)
