"""What a column of a table holds, told from its values and its name, each with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zimu.data.records import Records
from zimu.errors import ConfigError, unknown_name
from zimu.features.cells import parse_date, parse_number

__all__ = ["INPUT_KINDS", "KINDS", "SERIES_SUFFIXES", "Column", "recognise"]

# Kinds that a model takes in, and those that it does not.
INPUT_KINDS = ("number", "category", "date", "text", "image", "audio", "video", "series")
KINDS = (*INPUT_KINDS, "identifier", "group", "split", "constant", "ignore")

_SUFFIXES: dict[str, frozenset[str]] = {
    "image": frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif"}),
    "audio": frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".wma"}),
    "video": frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".wmv"}),
    "series": frozenset({".npy", ".csv", ".tsv"}),
}
SERIES_SUFFIXES = _SUFFIXES["series"]

_GROUP = re.compile(
    r"^(patient|subject|participant|person|speaker|user|customer|client|session|device|machine|animal|"
    r"household|family|hospital|site|case|driver|rider|video|dialogue)s?"
    r"[ _-]?(id|no|nr|num|number|key|code)?$",
    re.IGNORECASE,
)
# "patientid" and "PatientID" alike, but not "paid" or "grid".
_IDENTIFIER = re.compile(
    r"^(id|uuid|guid|index|row|unnamed: 0|key|name|.*[ _-](id|uuid|key|no|nr))$", re.IGNORECASE
)
_SPLIT = re.compile(r"^(split|subset|partition|part)$", re.IGNORECASE)
_PARTS = {"train", "training", "val", "valid", "validation", "dev", "test", "testing"}
_SENTENCE = re.compile(r"\w+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_MOSTLY = 0.95
# Files that are looked for on the disk to tell a path from a name.
_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds.

    Attributes:
        name: As in the table.
        kind: One of `KINDS`.
        reason: Why, in a few words.
        missing: The share of its values that is missing, 0 to 1.
    """

    name: str
    kind: str
    reason: str
    missing: float

    @property
    def is_input(self) -> bool:
        """Whether a model takes it in."""
        return self.kind in INPUT_KINDS


def recognise(
    records: Records,
    *,
    target: str | None = None,
    group: str | None = None,
    kinds: Mapping[str, str] | None = None,
) -> list[Column]:
    """Return what each column of a table holds, in the table's order; the target is left out.

    Args:
        records: The table.
        target: The column to predict.
        group: The column whose rows stay together when the table is split.
        kinds: {column: kind} of columns that the user knows better.

    Raises:
        UnknownNameError: A named column or kind does not exist.
        ConfigError: Two columns are called groups.
    """
    asked = dict(kinds or {}) | ({group: "group"} if group is not None else {})
    for name in (*asked, *([target] if target is not None else [])):
        if name not in records.columns:
            raise unknown_name(f"column of {records.name}:", name, records.columns)
    for kind in asked.values():
        if kind not in KINDS:
            raise unknown_name("kind of column", kind, KINDS)
    found = []
    for name, values in records.columns.items():
        if name == target:
            continue
        real = [v for v in values if v is not None]
        missing = 1 - len(real) / len(values)
        kind, reason = (asked[name], "you said so") if name in asked else _tell(name, real, records)
        found.append(Column(name, kind, reason, missing))
    return _one_group(found, set(asked))


def _one_group(found: list[Column], asked: set[str]) -> list[Column]:
    groups = [c for c in found if c.kind == "group"]
    said = [c for c in groups if c.name in asked]
    if len(said) > 1:
        raise ConfigError(f"Two columns are called groups: {', '.join(c.name for c in said)}. Name one.")
    if not groups:
        return found
    keep = (said or groups)[0]
    return [
        Column(c.name, "identifier", f"{keep.name!r} keeps the rows together", c.missing)
        if c.kind == "group" and c is not keep
        else c
        for c in found
    ]


_Told = tuple[str, str] | None


def _tell(name: str, real: Sequence[Any], records: Records) -> tuple[str, str]:
    if not real:
        return "constant", "no value at all"
    for test in _TESTS:
        if (told := test(name, real, records)) is not None:
            return told
    raise AssertionError("the last test tells every column")


def _arrays(name: str, real: Sequence[Any], records: Records) -> _Told:
    if not all(isinstance(v, list | tuple | np.ndarray) for v in real):
        return ("ignore", "objects in cells") if isinstance(real[0], dict) else None
    first = real[0]
    if isinstance(first, np.ndarray) and first.dtype == np.uint8 and first.ndim == 3:
        return "image", f"pictures of {first.shape[1]}x{first.shape[0]}"
    flat = list(_leaves(first))
    if flat and all(parse_number(v) is not None or v is None for v in flat):
        lengths = sorted({len(v) for v in real})
        steps = f"{lengths[0]}" if len(lengths) == 1 else f"{lengths[0]} to {lengths[-1]}"
        return "series", f"lists of {steps} numbers"
    return "text", "lists of words"


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple | np.ndarray):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _constant(name: str, real: Sequence[Any], records: Records) -> _Told:
    different = len({str(v) for v in real})
    # A value in some rows and nothing in the others is a flag, not a constant.
    return ("constant", f"always {real[0]!r}") if different == 1 and len(real) == len(records) else None


def _files(name: str, real: Sequence[Any], records: Records) -> _Told:
    if not all(isinstance(v, str | Path) for v in real):
        return None
    suffixes = [Path(str(v)).suffix.lower() for v in real]
    for kind, known in _SUFFIXES.items():
        share = sum(s in known for s in suffixes) / len(suffixes)
        if share < _MOSTLY:
            continue
        step = max(1, len(real) // _LOOKED_AT)
        looked = list(real[::step])
        there = sum((records.folder / str(v)).is_file() for v in looked)
        if there:
            return kind, f"{there} of {len(looked)} files looked for are there"
        return "ignore", f"ends like {kind} files, but none is in {records.folder}"
    return None


def _roles(name: str, real: Sequence[Any], records: Records) -> _Told:
    words = {str(v).lower() for v in real}
    if _SPLIT.match(name) and words <= _PARTS:
        return "split", f"says {', '.join(sorted(words))}"
    different = len({str(v) for v in real})
    if _GROUP.match(name) and different < len(real):
        return "group", f"{different} different for {len(real)} rows, named like a group"
    if (_IDENTIFIER.match(name) or _GROUP.match(name)) and different > 0.9 * len(real) and len(real) > 1:
        return "identifier", f"{different} different for {len(real)} rows, named like one"
    return None


def _truths(name: str, real: Sequence[Any], records: Records) -> _Told:
    words = {str(v).lower() for v in real}
    if all(isinstance(v, bool) for v in real) or words <= {"true", "false"} or words <= {"yes", "no"}:
        return "category", "yes or no"
    return None


def _dates(name: str, real: Sequence[Any], records: Records) -> _Told:
    share = sum(parse_date(v) is not None for v in real) / len(real)
    return ("date", f"{share:.0%} are dates") if share >= _MOSTLY else None


def _numbers(name: str, real: Sequence[Any], records: Records) -> _Told:
    numbers = [n for v in real if (n := parse_number(v)) is not None]
    # "inf" marks a value past the limit of detection: a number that is missing, not a word.
    unbounded = sum(str(v).lower().strip("+-<> ") in ("inf", "infinity") for v in real)
    if not numbers or len(numbers) + unbounded < _MOSTLY * len(real):
        return None
    different = len(set(numbers))
    steps = np.diff(numbers)
    if different == len(real) > 10 and len(steps) and (steps == steps[0]).all() and steps[0] == 1:
        return "identifier", "counts the rows"
    share = "" if len(numbers) == len(real) else f"{len(numbers) / len(real):.0%} of the values, "
    return "number", f"{share}{different} different, {min(numbers):g} to {max(numbers):g}"


def _words(name: str, real: Sequence[Any], records: Records) -> tuple[str, str]:
    texts = [str(v) for v in real]
    different = len(set(texts))
    length = sum(len(_SENTENCE.findall(t)) + len(_HAN.findall(t)) for t in texts) / len(texts)
    if all(t.startswith(("http://", "https://")) for t in texts):
        return "identifier", "web addresses"
    if length >= 3 and different > max(10, 0.2 * len(texts)):
        return "text", f"{length:.0f} words on average, {different} different"
    if different > max(50, 0.5 * len(texts)):
        if length >= 2:
            return "text", f"{length:.0f} words on average, {different} different"
        return "identifier", f"{different} different for {len(texts)} rows"
    return "category", f"{different} different"


_TESTS: tuple[Callable[[str, Sequence[Any], Records], _Told], ...] = (
    _arrays,
    _constant,
    _files,
    _roles,
    _truths,
    _dates,
    _numbers,
    _words,
)
