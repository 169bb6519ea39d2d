"""MSR-VTT: web video clips of 10 to 30 seconds, twenty English sentences each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zimu.data.manifest import Sample
from zimu.data.readers.layout import (
    MediaIndex,
    Reader,
    clean,
    find_files,
    load_json,
    missing_layout,
    read_lines,
)
from zimu.errors import ConfigError

__all__ = ["READER"]

_LAYOUT = "train_val_videodatainfo.json, test_videodatainfo.json (or MSRVTT_data.json) and the videos"
_SPLITS = {"train": "train", "validate": "val", "val": "val", "test": "test"}


def read(source: Path) -> Iterator[Sample]:
    """Yield the clips with their sentences, and the name of their category where category.txt is there."""
    tables = find_files(source, r"(train_val_|test_)videodatainfo\.json|MSRVTT_data\.json")
    if not tables:
        raise missing_layout(source, _LAYOUT)
    categories = {
        number: name
        for path in find_files(source, r"category\.txt")
        for name, _, number in (line.partition("\t") for line in read_lines(path))
    }
    videos = MediaIndex(source, "video")
    return (sample for path in tables for sample in _read_table(path, videos, categories))


def _read_table(path: Path, videos: MediaIndex, categories: dict[str, str]) -> Iterator[Sample]:
    data = load_json(path)
    captions: dict[str, list[str]] = defaultdict(list)
    try:
        for sentence in data["sentences"]:
            captions[sentence["video_id"]].append(sentence["caption"])
        rows = data["videos"]
    except (KeyError, TypeError) as error:
        raise ConfigError(f"{path} is not in the layout of MSR-VTT: {error} is missing.") from error
    for row in rows:
        name = row["video_id"]
        # The times are those of the source film; the clip is cut to them already.
        extra: dict[str, Any] = {
            "source_url": row["url"],
            "source_start": row["start time"],
            "source_end": row["end time"],
            "category": categories.get(str(row["category"]), str(row["category"])),
        }
        yield Sample(
            name,
            {"video": videos.find(name)},
            split=_SPLITS[row["split"]],
            references={"en": clean(captions[name])} if name in captions else {},
            extra=extra,
        )


READER = Reader(
    "10,000 web video clips, twenty English sentences each",
    "ms-multimedia-challenge.com/2017/dataset (Xu, Mei, Yao, Rui 2016)",
    "research; videos belong to their uploaders",
    _LAYOUT,
    read,
)
