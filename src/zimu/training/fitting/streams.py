"""Columns of a table to streams; what is learned of them is learned on the training part alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.bundles.manifest import find_bundle
from zimu.bundles.session import Graph
from zimu.data.columns import Column
from zimu.data.records import Records
from zimu.data.splits import Parts
from zimu.errors import ConfigError
from zimu.features.kernels import fit_kernels
from zimu.features.table import fit_table
from zimu.features.words import fit_words
from zimu.prediction.opening import Frozen
from zimu.prediction.preparing import Prepared, Raw, prepare, read_raw
from zimu.prediction.specs import StreamSpec

__all__ = ["HEARING", "SEEING", "Streams", "load_frozen", "make_streams"]

# Shipped bundles whose encoders look at pictures and listen to sounds, and the graph of each.
SEEING, HEARING = ("describe", "video"), ("sounds", "tag")

_TABLE = ("number", "category", "date")
# Of a video two pictures a second are looked at, eight at most.
_VIDEO_RATE_HZ, _VIDEO_FRAMES = 2.0, 8


@dataclass(frozen=True)
class Streams:
    """The streams of a table, prepared for each part.

    Attributes:
        specs: How each is made.
        parts: {"train", "val", "test": {stream: rows}}.
        problems: What could not be read.
        frozen: The encoders, where there are media.
    """

    specs: tuple[StreamSpec, ...]
    parts: Mapping[str, Mapping[str, Prepared]]
    problems: tuple[str, ...]
    frozen: Frozen | None


def load_frozen() -> Frozen:
    """Return the encoders of pictures and sounds that come with Zimu."""
    seeing, hearing = find_bundle(SEEING[0]), find_bundle(HEARING[0])
    video, audio = seeing.manifest.contract.video, hearing.manifest.contract.audio
    assert video is not None and audio is not None  # they are shipped bundles
    see, hear = Graph(seeing, SEEING[1]), Graph(hearing, HEARING[1])

    def look(frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        found: npt.NDArray[np.float32] = see(frames=frames)["regions"].mean(axis=1)
        return found

    def listen(patches: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        found: npt.NDArray[np.float32] = hear(patches=patches)["features"]
        return found

    wanted = video.model_copy(update={"rate_hz": _VIDEO_RATE_HZ, "max_frames": _VIDEO_FRAMES})
    return Frozen(wanted, audio, look, listen)


def make_streams(
    records: Records, columns: Sequence[Column], parts: Parts, tell: Callable[[str], None]
) -> Streams:
    """Return the streams of a table.

    Args:
        records: The table.
        columns: What its columns hold.
        parts: Which rows are learned from.
        tell: Is told what takes long.

    Raises:
        ConfigError: No column is an input.
    """
    drafts = _drafts(columns)
    if not drafts:
        raise ConfigError(
            f"No column of {records.name} can be learned from. Say what a column holds with "
            f'kinds={{"column": "text"}}.'
        )
    media = any(d.kind in ("image", "audio", "video") for d in drafts)
    if media:
        tell("Reading pictures and sounds ...")
    frozen = load_frozen() if media else None
    rows = {"train": parts.train, "val": parts.val, "test": parts.test}
    specs: list[StreamSpec] = []
    prepared: dict[str, dict[str, Prepared]] = {p: {} for p in rows}
    problems: list[str] = []
    for draft in drafts:
        raw = read_raw(draft, records, frozen)
        problems += raw.problems
        spec = _learn(draft, raw.take(parts.train), {c.name: c.kind for c in columns})
        if spec is None:
            continue
        specs.append(spec)
        for part, chosen in rows.items():
            prepared[part][spec.name] = prepare(spec, raw.take(chosen))
    if not specs:
        raise ConfigError(f"No training row of {records.name} has anything to learn from.")
    return Streams(tuple(specs), prepared, tuple(problems), frozen)


def _drafts(columns: Sequence[Column]) -> list[StreamSpec]:
    """Return a stream for the table, and one or two for each column that is a modality of its own."""
    out = []
    table = tuple(c.name for c in columns if c.kind in _TABLE)
    if table:
        out.append(StreamSpec(name="table", kind="table", columns=table))
    taken = {"table"}
    for column in columns:
        if not column.is_input or column.kind in _TABLE:
            continue
        name = _name(column.name, taken)
        out.append(StreamSpec.model_validate({"name": name, "kind": column.kind, "columns": (column.name,)}))
        if column.kind == "video":
            sound = _name(f"{column.name}_sound", taken)
            out.append(StreamSpec(name=sound, kind="audio", columns=(column.name,)))
    return out


def _name(column: str, taken: set[str]) -> str:
    """Return a name that a graph's input may have, unlike all others."""
    plain = re.sub(r"\W+", "_", column).strip("_") or "column"
    plain = plain if plain[0].isalpha() and plain.isascii() else f"stream_{len(taken)}"
    name, number = plain, 2
    while name in taken:
        name, number = f"{plain}_{number}", number + 1
    taken.add(name)
    return name


def _learn(draft: StreamSpec, train: Raw, kinds: Mapping[str, str]) -> StreamSpec | None:
    """Return the stream with what is learned of its training rows; None where none of them has it."""
    learned: dict[str, Any] = {}
    if draft.kind == "table":
        learned["table"] = fit_table(train.cells, {n: kinds[n] for n in draft.columns})
    elif draft.kind == "text":
        words = fit_words(train.cells)
        if not words.grams:
            return None
        learned["words"] = words
    else:
        if not any(s.keep.any() for s in train.cells):
            return None
        if draft.kind == "series":
            learned["kernels"] = fit_kernels(train.cells)
    return draft.model_copy(update=learned)
