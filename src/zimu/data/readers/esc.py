"""ESC-10 and ESC-50: environmental sounds of five seconds, in five folds."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from zimu.data.manifest import Sample
from zimu.data.readers.layout import Reader, find_files, missing_layout, read_lines

__all__ = ["READER_10", "READER_50"]

_LAYOUT_10 = "meta.csv (or meta/esc50.csv of ESC-50) and audio/"
_LAYOUT_50 = "meta/esc50.csv and audio/"


def read_10(source: Path) -> Iterator[Sample]:
    """Yield the 400 clips of the ten classes, from their own table or from that of ESC-50."""
    tables = find_files(source, r"meta\.csv|esc50\.csv")
    if not tables:
        raise missing_layout(source, _LAYOUT_10)
    return _samples(tables[0], only_10=tables[0].name == "esc50.csv")


def read_50(source: Path) -> Iterator[Sample]:
    """Yield the 2,000 clips of the fifty classes."""
    tables = find_files(source, r"esc50\.csv")
    if not tables:
        raise missing_layout(source, _LAYOUT_50)
    return _samples(tables[0], only_10=False)


def _samples(table: Path, only_10: bool) -> Iterator[Sample]:
    root = table.absolute().parent
    audio = (root if (root / "audio").is_dir() else root.parent) / "audio"
    for row in csv.DictReader(read_lines(table)):
        if only_10 and row["esc10"].lower() != "true":
            continue
        name = row.get("file") or row["filename"]
        extra = {k: v for k, v in row.items() if k not in ("file", "filename", "category", "fold") and v}
        # A fold is a split: cuts of one recording never lie in two folds.
        yield Sample(
            Path(name).stem,
            {"audio": audio / name},
            split=f"fold{row['fold']}",
            label=row["category"],
            extra=extra | {"class_number": extra.pop("target", "")} | {"fold": int(row["fold"])},
        )


READER_10 = Reader(
    "400 sounds of ten kinds, five folds",
    "github.com/karolpiczak/ESC-50 (Piczak 2015)",
    "CC BY 3.0; each clip has its own (column licence)",
    _LAYOUT_10,
    read_10,
)
READER_50 = Reader(
    "2,000 sounds of fifty kinds, five folds",
    "github.com/karolpiczak/ESC-50 (Piczak 2015)",
    "CC BY-NC 3.0; each clip has its own",
    _LAYOUT_50,
    read_50,
)
