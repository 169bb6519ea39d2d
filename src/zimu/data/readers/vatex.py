"""VATEX: ten-second web video clips, ten English and ten Chinese sentences each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from zimu.data.manifest import Sample
from zimu.data.readers.layout import MediaIndex, Reader, clean, find_files, load_json, missing_layout
from zimu.errors import ConfigError

__all__ = ["READER"]

_LAYOUT = "vatex_training_v1.0.json, vatex_validation_v1.0.json, vatex_public_test_*.json and the videos"
_COLUMNS = {"en": "enCap", "zh": "chCap"}
_SPLITS = {"train": "train", "validation": "val", "public_test": "test", "private_test": "private"}


def read(source: Path) -> Iterator[Sample]:
    """Yield the clips with the sentences of both languages; a file of one language gives one."""
    tables = find_files(source, r"vatex_.*\.json")
    if not tables:
        raise missing_layout(source, _LAYOUT)
    videos = MediaIndex(source, "video")
    return (sample for path in tables for sample in _read_table(path, videos))


def _read_table(path: Path, videos: MediaIndex) -> Iterator[Sample]:
    rows = load_json(path)
    split = next((split for part, split in _SPLITS.items() if part in path.name), "")
    for row in rows:
        if not isinstance(row, dict) or "videoID" not in row:
            raise ConfigError(f"{path} is not in the layout of VATEX: an entry lacks videoID.")
        name = row["videoID"]
        # The name ends in the seconds that the clip was cut from: <id>_000055_000065.
        source_id = re.sub(r"_\d{6}_\d{6}$", "", name)
        yield Sample(
            name,
            {"video": videos.find(name, source_id)},
            split=split,
            references={lang: clean(row[column]) for lang, column in _COLUMNS.items() if row.get(column)},
        )


READER = Reader(
    "41,250 video clips of ten seconds, ten English and ten Chinese sentences each",
    "eric-xw.github.io/vatex-website (Wang et al. 2019)",
    "CC BY 4.0; videos belong to their uploaders",
    _LAYOUT,
    read,
)
