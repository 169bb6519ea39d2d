"""ActivityNet Captions: long web videos, each with timed English sentences."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zimu.data.manifest import Sample
from zimu.data.readers.layout import MediaIndex, Reader, clean, find_files, load_json, missing_layout
from zimu.errors import ConfigError
from zimu.timing import to_seconds

__all__ = ["READER"]

_log = logging.getLogger(__name__)
_LAYOUT = "train.json, val_1.json, val_2.json and the videos"


def read(source: Path) -> Iterator[Sample]:
    """Yield the events of the videos, each a sample with start and end.

    The validation videos were described twice; `val_1` and `val_2` stand in the ids and in `annotation`.
    """
    tables = find_files(source, r"(train|val_1|val_2)\.json")
    if not tables:
        raise missing_layout(source, _LAYOUT)
    videos = MediaIndex(source, "video")
    return (sample for path in tables for sample in _read_table(path, videos))


def _read_table(path: Path, videos: MediaIndex) -> Iterator[Sample]:
    annotation = path.stem
    for name, row in load_json(path).items():
        try:
            events = list(zip(row["timestamps"], row["sentences"], strict=True))
            duration = row["duration"]
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(
                f"{path}, {name}: not in the layout of ActivityNet Captions ({error})."
            ) from error
        video = videos.find(name, name.removeprefix("v_"))
        for number, (times, sentence) in enumerate(events):
            # Some events of the published files have their ends exchanged.
            start, end = sorted(to_seconds(t) for t in times)
            sample_id = f"{name}/{annotation}/{number}"
            if start == end:
                _log.warning(
                    "%s, %s: left out, since it ends where it starts (%s s).", path, sample_id, times[0]
                )
                continue
            extra: dict[str, Any] = {"annotation": annotation, "duration": duration, "video_id": name}
            yield Sample(
                sample_id,
                {"video": video},
                start,
                end,
                split="train" if annotation == "train" else "val",
                references={"en": clean([sentence])},
                extra=extra,
            )


READER = Reader(
    "20,000 long videos, about four timed English sentences each",
    "cs.stanford.edu/people/ranjaykrishna/densevid (Krishna et al. 2017)",
    "research; videos belong to their uploaders",
    _LAYOUT,
    read,
)
