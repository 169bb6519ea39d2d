"""Cells of a table as numbers and moments."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Any

__all__ = ["parse_date", "parse_number"]

_DATE = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(.*)$")


def parse_number(value: Any) -> float | None:
    """Return a cell as a finite number, or None; "1,234.5" and " 7 " are numbers, truth values are not."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = re.sub(r"(?<=\d),(?=\d{3}(\D|$))", "", value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def parse_date(value: Any) -> datetime | None:
    """Return a cell as a moment without a time zone, or None: ISO 8601, or 2024/3/1."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    parts = _DATE.match(value) if isinstance(value, str) else None
    if parts is None:
        return None
    year, month, day, rest = parts.groups()
    try:
        return datetime.fromisoformat(f"{year}-{int(month):02}-{int(day):02}{rest}").replace(tzinfo=None)
    except ValueError:
        return None
