"""Samples in memory, cut into batches of tensors; what belongs together stays together where it must."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from zimu.errors import ConfigError
from zimu.model.steps import Steps
from zimu.streams import StreamBatch
from zimu.tasks import PredictData

__all__ = ["Batch", "MemoryBatches", "lose_streams"]

IntArray = npt.NDArray[np.int64]

# Rows [B] of the data, their streams, and for a context the sessions [G, U].
Batch = tuple[Tensor, dict[str, Steps], Tensor | None]


class MemoryBatches:
    """The samples as tensors, cut into batches.

    Args:
        data: Samples.
        shapes: {stream: shape of one step's values}, the streams that a model takes.
        only: The streams that are shown; the others count as absent. None: all.
        together: Whether the samples of a group stay in one batch, as a context over them needs.

    Raises:
        ConfigError: A stream has another shape, or there are no groups where they are needed.
    """

    def __init__(
        self,
        data: PredictData,
        shapes: Mapping[str, tuple[int, ...]],
        only: frozenset[str] | None = None,
        together: bool = False,
    ) -> None:
        self._streams = {
            name: _steps(name, data.streams.get(name), len(data), shape, only is None or name in only)
            for name, shape in shapes.items()
        }
        self._count = len(data)
        self._groups: list[IntArray] | None = None
        if together:
            if data.groups is None:
                raise ConfigError(
                    "A recipe with `context` needs groups. Name the column that says what belongs together."
                )
            _, place = np.unique(data.groups, return_inverse=True)
            order = np.argsort(place, kind="stable")
            self._groups = np.split(order, np.flatnonzero(np.diff(place[order])) + 1)

    def in_order(self, size: int) -> Iterator[Batch]:
        """Yield (rows, streams, sessions) once through."""
        yield from self._cut(np.arange(self._count if self._groups is None else len(self._groups)), size)

    def shuffled(self, size: int, generator: torch.Generator) -> Iterator[Batch]:
        """Yield (rows, streams, sessions) in a drawn order."""
        count = self._count if self._groups is None else len(self._groups)
        yield from self._cut(torch.randperm(count, generator=generator).numpy(), size)

    def _cut(self, order: IntArray, size: int) -> Iterator[Batch]:
        if self._groups is None:
            for start in range(0, len(order), size):
                yield self._take(order[start : start + size], None)
            return
        some: list[IntArray] = []
        for number in order:
            some.append(self._groups[number])
            if sum(map(len, some)) >= size:
                yield self._take(np.concatenate(some), _sessions(some))
                some = []
        if some:
            yield self._take(np.concatenate(some), _sessions(some))

    def _take(self, rows: IntArray, sessions: Tensor | None) -> Batch:
        index = torch.from_numpy(rows)
        streams = {}
        for name, steps in self._streams.items():
            keep = steps.keep[index]
            # Only as many steps as the longest of these samples has.
            length = int(keep.any(0).nonzero().max()) + 1 if bool(keep.any()) else 1
            values = steps.values[index, :length]
            streams[name] = Steps(values.to(torch.float32), keep[:, :length], steps.times[index, :length])
        return index, streams, sessions


def lose_streams(
    streams: dict[str, Steps], absent: float | dict[str, float], generator: torch.Generator
) -> dict[str, Steps]:
    """Return the streams of a batch with some of them taken away at random, never all of a sample's.

    Args:
        streams: Of a batch.
        absent: Share of the samples that lose a stream, for all or each.
        generator: What is drawn by.
    """
    names = sorted(streams)
    shares = torch.tensor([absent.get(n, 0.0) if isinstance(absent, dict) else absent for n in names])
    if len(names) < 2 or not bool(shares.any()):
        return streams
    there = torch.stack([streams[n].keep.any(1) for n in names], 1)
    drawn = torch.rand(there.shape, generator=generator)
    lost = drawn < shares
    # Where all would go, the stream with the highest draw stays.
    bare = ~(there & ~lost).any(1)
    spared = drawn.masked_fill(~there, -1.0).argmax(1)
    lost[bare, spared[bare]] = False
    return {n: streams[n]._replace(keep=streams[n].keep & ~lost[:, i : i + 1]) for i, n in enumerate(names)}


def _steps(name: str, given: StreamBatch | None, count: int, shape: tuple[int, ...], shown: bool) -> Steps:
    if given is None:
        nothing = torch.zeros(count, 1, dtype=torch.bool)
        return Steps(torch.zeros(count, 1, *shape), nothing, torch.zeros(count, 1))
    if tuple(given.values.shape[2:]) != shape:
        raise ConfigError(
            f"The stream {name!r} has steps of shape {given.values.shape[2:]}, the model takes {shape}."
        )
    keep = torch.from_numpy(np.array(given.keep))
    return Steps(
        torch.from_numpy(np.ascontiguousarray(given.values)),
        keep if shown else torch.zeros_like(keep),
        torch.from_numpy(np.asarray(given.times, np.float32)),
    )


def _sessions(groups: list[IntArray]) -> Tensor:
    out = np.full((len(groups), max(map(len, groups))), -1, np.int64)
    start = 0
    for row, group in enumerate(groups):
        out[row, : len(group)] = np.arange(start, start + len(group))
        start += len(group)
    return torch.from_numpy(out)
