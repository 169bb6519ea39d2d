"""One row of a manifest: what each column may hold, and the errors of all rows together."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zimu.errors import ConfigError
from zimu.text.languages import is_han
from zimu.timing import to_seconds

__all__ = ["MEDIA_SUFFIXES", "RowErrors", "check_row", "language_of", "modality_of"]

# Which modality a file of the column `media` is, by its suffix.
MEDIA_SUFFIXES: dict[str, tuple[str, ...]] = {
    "video": (
        *(".mp4", ".mkv", ".mov", ".avi", ".webm", ".mpg", ".mpeg"),
        *(".m4v", ".flv", ".wmv", ".ts", ".mts", ".3gp", ".ogv"),
    ),
    "audio": (".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".wma", ".aiff"),
    "image": (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
    "text": (".txt",),
    "series": (".npy", ".csv", ".tsv"),
    "points": (".ply", ".pcd", ".bin", ".las"),
}
_BY_SUFFIX = {suffix: modality for modality, suffixes in MEDIA_SUFFIXES.items() for suffix in suffixes}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_SHOWN = 100


def modality_of(path: str | Path) -> str | None:
    """Return the modality of a file by its suffix, or None.

    >>> modality_of("talk.MP4")
    'video'
    """
    return _BY_SUFFIX.get(Path(path).suffix.lower())


def language_of(text: str) -> str | None:
    """Return "zh" for a text with Chinese characters, "en" for one with Latin letters only, else None.

    >>> language_of("两只dog"), language_of("Two dogs"), language_of("42")
    ('zh', 'en', None)
    """
    if any(is_han(c) for c in text):
        return "zh"
    return "en" if re.search(r"[A-Za-z]", text) else None


class RowErrors:
    """The errors of a table, collected, so that a user can mend them in one go.

    Attributes:
        count: How many.
        lines: The first hundred, each with its row and column.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.lines: list[str] = []

    def add(self, row: int | None, column: str, problem: str) -> None:
        """Note a problem; `row` is None where it is of no single row, `column` empty where of none."""
        self.count += 1
        if len(self.lines) < _SHOWN:
            place = ", ".join(
                p for p in (f"row {row}" if row else "", f"column {column}" if column else "") if p
            )
            self.lines.append(f"{place}: {problem}." if column else f"{place} {problem}.")

    def raise_if_any(self) -> None:
        """Raise one `ConfigError` with all that was noted."""
        if not self.count:
            return
        if self.count == 1:
            raise ConfigError(f"{self.path}, {self.lines[0]}")
        more = [f"... and {self.count - _SHOWN} more."] if self.count > _SHOWN else []
        raise ConfigError("\n  ".join([f"{self.path} has {self.count} errors:", *self.lines, *more]))


class _Row:
    """A row while its columns are taken out of it one by one; what is left is extra."""

    def __init__(self, values: Mapping[str, Any], number: int, errors: RowErrors) -> None:
        self.left = {name: value for name, value in values.items() if value is not None and value != ""}
        self.number = number
        self.errors = errors

    def wrong(self, column: str, problem: str) -> None:
        self.errors.add(self.number, column, problem)

    def number_of(self, column: str) -> int | float | str | None:
        """Take a number out; CSV brings it as text, which is passed on so that no digit is lost."""
        value = self.left.pop(column, None)
        if value is None:
            return None
        try:
            finite = not isinstance(value, bool) and math.isfinite(float(value))
        except (TypeError, ValueError):
            finite = False
        if finite:
            return value  # type: ignore[no-any-return]  # float() above accepted it
        self.wrong(column, f"{value!r} is not a number")
        return None

    def text_of(self, column: str) -> str | None:
        value = self.left.pop(column, None)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, int | float):
            return str(value)
        self.wrong(column, f"{value!r} is not a text")
        return None


def check_row(
    values: Mapping[str, Any], number: int, folder: Path, errors: RowErrors
) -> dict[str, Any] | None:
    """Return the fields of a `Sample`, or None after noting everything that is wrong with the row.

    Args:
        values: The row as the table has it.
        number: Its number, for messages and as the id where the table has none.
        folder: Where relative paths start.
        errors: Takes what is wrong.
    """
    before = errors.count
    row = _Row(values, number, errors)
    fields: dict[str, Any] = {"id": row.text_of("id") or str(number), "media": _media(row, folder)}
    for column in ("start", "end"):
        value = row.number_of(column)
        fields[column] = None if value is None else to_seconds(value)
        if fields[column] is not None and fields[column] < 0:
            row.wrong(column, f"{value} s is before the file begins")
    if fields["end"] is not None and fields["end"] <= (fields["start"] or 0):
        row.wrong("end", f"{float(fields['end'])} s is not after start, {float(fields['start'] or 0)} s")
    fields["split"] = row.text_of("split") or ""
    fields["references"] = _references(row)
    fields["label"] = row.text_of("label")
    target = row.number_of("target")
    fields["target"] = None if target is None else float(target)
    fields["extra"] = row.left
    return fields if errors.count == before else None


def _media(row: _Row, folder: Path) -> dict[str, Path]:
    media: dict[str, Path] = {}
    for column in ("media", *MEDIA_SUFFIXES):
        # A text that names no .txt file is the text itself, and stays with the other columns.
        if column == "text" and not str(row.left.get(column, "")).lower().endswith(".txt"):
            continue
        value = row.left.pop(column, None)
        if value is None:
            continue
        if not isinstance(value, str):
            row.wrong(column, f"{value!r} is not a path")
            continue
        modality = modality_of(value) if column == "media" else column
        if modality is None:
            row.wrong(
                column, f"{value!r} has a suffix that tells no modality; name the column video, audio, ..."
            )
        elif modality in media:
            row.wrong(column, f"the sample has two files of modality {modality}")
        else:
            media[modality] = folder / value
    return media


def _references(row: _Row) -> dict[str, tuple[str, ...]]:
    references: dict[str, list[str]] = {}
    if "references" in row.left:
        language = row.text_of("language")
        for text in _texts(row, "references"):
            told = language or language_of(text)
            if told is None:
                row.wrong("references", f"the language of {text!r} cannot be told; add a column language")
            elif not _LANGUAGE.fullmatch(told):
                row.wrong("language", f"{told!r} is no language tag such as en or zh")
            else:
                references.setdefault(told, []).append(text)
    for column in [name for name in row.left if name.startswith("references_")]:
        language = column.removeprefix("references_")
        if not _LANGUAGE.fullmatch(language):
            row.wrong(column, f"{language!r} is no language tag such as en or zh")
        references.setdefault(language, []).extend(_texts(row, column))
    return {language: tuple(texts) for language, texts in references.items() if texts}


def _texts(row: _Row, column: str) -> list[str]:
    value = row.left.pop(column)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(t, str) for t in texts):
        row.wrong(column, f"{value!r} is neither a text nor a list of texts")
        return []
    if not all(t.strip() for t in texts):
        row.wrong(column, "one of the texts is empty")
    return [t for t in texts if t.strip()]
