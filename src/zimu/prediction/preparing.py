"""Rows of a table as what models take: a summary and steps for each modality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.data.records import Records
from zimu.features.clock import resample
from zimu.features.kernels import kernels_array
from zimu.features.table import table_array
from zimu.features.words import WordsSpec, words_array, words_ids
from zimu.prediction.opening import Frozen, open_column
from zimu.prediction.specs import StreamSpec
from zimu.streams import Stream, StreamBatch, pad_streams

__all__ = ["LONGEST_STEPS", "Prepared", "Raw", "prepare", "prepare_rows", "read_raw"]

# A network reads series of at most so many steps; longer ones are averaged down to it.
LONGEST_STEPS = 512


@dataclass
class Raw:
    """One modality of some rows, before anything was learned of it.

    Attributes:
        cells: {column: values} of a table, texts, or a stream a row.
        count: The number of rows.
        problems: What could not be read.
    """

    cells: Any
    count: int
    problems: list[str] = field(default_factory=list)

    def take(self, rows: Sequence[int]) -> Raw:
        """Return some rows."""
        if isinstance(self.cells, dict):
            return Raw({n: [v[i] for i in rows] for n, v in self.cells.items()}, len(rows))
        return Raw([self.cells[i] for i in rows], len(rows))


@dataclass(frozen=True)
class Prepared:
    """One modality of B rows.

    Attributes:
        present: bool [B], whether the row has it.
        summary: float32 [B, D], one vector a row; for a text None, see `texts`.
        steps: What a network reads.
        texts: The texts, whose summary is made when it is needed: it is wide and almost empty.
        words: How.
    """

    present: npt.NDArray[np.bool_]
    summary: npt.NDArray[np.float32] | None
    steps: StreamBatch
    texts: Sequence[str | None] = ()
    words: WordsSpec | None = None

    def take(self, rows: npt.NDArray[np.int64]) -> Prepared:
        """Return some rows."""
        return Prepared(
            self.present[rows],
            None if self.summary is None else self.summary[rows],
            StreamBatch(self.steps.values[rows], self.steps.keep[rows], self.steps.times[rows]),
            [self.texts[i] for i in rows] if self.words is not None else (),
            self.words,
        )

    def dense(self) -> npt.NDArray[np.float32]:
        """Return the summary float32 [B, D]."""
        if self.summary is not None:
            return self.summary
        assert self.words is not None  # a text has its words
        return words_array(self.words, self.texts)


def read_raw(spec: StreamSpec, records: Records, frozen: Frozen | None) -> Raw:
    """Return the cells of a modality; a column that the table lacks is missing in every row."""
    count = len(records)
    nothing: Sequence[Any] = [None] * count
    columns = {name: records.columns.get(name, nothing) for name in spec.columns}
    if spec.kind == "table":
        return Raw(columns, count)
    values = columns[spec.columns[0]]
    if spec.kind == "text":
        return Raw([_text(v) for v in values], count)
    opened = open_column(spec.kind, values, records.folder, frozen)
    return Raw(opened.streams, count, [f"{spec.columns[0]}, {p}" for p in opened.problems])


def _text(value: Any) -> str | None:
    if isinstance(value, list | tuple):
        value = " ".join(str(v) for v in value)
    return None if value is None or not str(value).strip() else str(value)


def prepare(spec: StreamSpec, raw: Raw) -> Prepared:
    """Return a modality's rows as models take them."""
    if spec.table is not None:
        vectors, present = table_array(spec.table, raw.cells, raw.count)
        times = np.zeros((raw.count, 1), np.float32)
        return Prepared(present, vectors, StreamBatch(vectors[:, None], present[:, None], times))
    if spec.words is not None:
        ids = [_step_of(i) for i in words_ids(spec.words, raw.cells)]
        present = np.array([t is not None for t in raw.cells], np.bool_)
        return Prepared(present, None, pad_streams(ids), raw.cells, spec.words)
    streams: list[Stream] = raw.cells
    if spec.kernels is not None:
        # The first training row decided how many channels a series has.
        streams = [_fitting(s, spec.kernels.channels) for s in streams]
    present = np.array([bool(s.keep.any()) for s in streams], np.bool_)
    if spec.kernels is not None:
        return Prepared(
            present, kernels_array(spec.kernels, streams), pad_streams([_shortened(s) for s in streams])
        )
    return Prepared(present, _moments(streams, spread=spec.kind != "image"), pad_streams(streams))


def prepare_rows(
    specs: Sequence[StreamSpec], records: Records, frozen: Frozen | None
) -> tuple[dict[str, Prepared], list[str]]:
    """Return {stream: rows as models take them} and what could not be read."""
    out, problems = {}, []
    for spec in specs:
        raw = read_raw(spec, records, frozen)
        problems += raw.problems
        out[spec.name] = prepare(spec, raw)
    return out, problems


def _step_of(ids: npt.NDArray[np.int64]) -> Stream:
    # Times of words: one a third of a second, as they are spoken; only their order matters.
    return Stream(ids, np.ones(len(ids), np.bool_), np.arange(len(ids)) / 3.0)


def _fitting(stream: Stream, channels: int) -> Stream:
    if stream.values.shape[1] == channels:
        return stream
    return Stream(np.zeros((0, channels), np.float32), np.zeros(0, np.bool_), np.zeros(0))


def _shortened(stream: Stream) -> Stream:
    """Return a stream of at most `LONGEST_STEPS` steps, its clock beginning at zero."""
    if not stream.keep.any():
        return stream
    first = stream.times[stream.keep][0]
    if len(stream.values) > LONGEST_STEPS:
        real = stream.times[stream.keep]
        stream = resample(stream, np.linspace(real[0], real[-1], LONGEST_STEPS), method="mean")
    return Stream(stream.values, stream.keep, np.where(stream.keep, stream.times - first, 0.0))


def _moments(streams: Sequence[Stream], *, spread: bool) -> npt.NDArray[np.float32]:
    """Return the mean over each stream's steps, and the spread where there may be several."""
    width = streams[0].values.shape[1] if streams else 0
    out = np.zeros((len(streams), width * (1 + spread)), np.float32)
    for row, stream in enumerate(streams):
        real = stream.values[stream.keep]
        if len(real):
            out[row, :width] = real.mean(axis=0)
            if spread:
                out[row, width:] = real.std(axis=0)
    return out
