"""Filling a feature store: in parallel, going on where a killed run was, never doing a sample twice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

from zimu.errors import ConfigError, ZimuError
from zimu.features.spec import FeatureContract
from zimu.features.store import FeatureStore
from zimu.streams import Stream

__all__ = ["Failure", "extract", "extract_variants"]

Row = TypeVar("Row")
Make = Callable[[Row], Mapping[str, Stream]]
# make(keys, row) -> {key: {stream: Stream}}
MakeVariants = Callable[[Sequence[str], Row], Mapping[str, Mapping[str, Stream]]]
_Todo = Sequence[tuple[Sequence[str], Any]]


@dataclass(frozen=True, slots=True)
class Failure:
    """A sample whose features could not be made.

    Attributes:
        sample: Its id.
        reason: Why, in one line.
    """

    sample: str
    reason: str


def extract(
    rows: Sequence[Row],
    store: FeatureStore,
    make: Make[Row],
    *,
    key: Callable[[Row], str] | None = None,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Failure]:
    """Make and store the features that a store lacks; return what failed.

    What is finished stays when the run is killed; at most the shards that were being made are made again.

    Args:
        rows: Records of samples, for instance of a manifest.
        store: Where the features go.
        make: Gives {stream: Stream} of a row. With several jobs it and the rows travel to other processes: it
            must be a function of a module, or a `functools.partial` of one.
        key: The id of a row; None takes its attribute `id`.
        jobs: Processes.
        progress: Is told how many of the missing samples are done, and how many there are.

    Raises:
        ConfigError: `jobs` is below 1, two rows have one id, or a worker process died.
        BundleError: The store cannot be written.
    """
    identify = key or _id_of
    alone = partial(_make_alone, make)
    return extract_variants(rows, store, alone, lambda row: [identify(row)], jobs=jobs, progress=progress)


def extract_variants(
    rows: Sequence[Row],
    store: FeatureStore,
    make: MakeVariants[Row],
    keys: Callable[[Row], Sequence[str]],
    *,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Failure]:
    """Do what `extract` does where a row gives several samples, which are made together.

    Args:
        rows: Records.
        store: Where the features go.
        make: Gives {key: {stream: Stream}} of the keys of a row that are missing; see `extract` for what may
            travel to other processes.
        keys: The ids of a row's samples.
        jobs: Processes.
        progress: Is told how many of the rows that lack something are done, and how many they are.

    Raises:
        ConfigError: `jobs` is below 1, two rows have one id, or a worker process died.
        BundleError: The store cannot be written.
    """
    if jobs < 1:
        raise ConfigError(f"jobs is {jobs}. It must be at least 1.")
    ids = [tuple(keys(row)) for row in rows]
    if len(set(ids)) < len(rows):
        raise ConfigError(f"{len(rows) - len(set(ids))} of the {len(rows)} rows have the id of another row.")
    wanted = zip(map(store.missing, ids), rows, strict=True)
    todo = [(missing, row) for missing, row in wanted if missing]
    tell = progress or (lambda done, total: None)
    tell(0, len(todo))
    if jobs == 1:
        return _extract_here(todo, store, make, tell)
    return _extract_in_pool(todo, store, make, jobs, tell)


def _id_of(row: Any) -> str:
    return str(row.id)


def _make_alone(make: Make[Any], keys: Sequence[str], row: Any) -> Mapping[str, Mapping[str, Stream]]:
    return {keys[0]: make(row)}


def _make_row(
    keys: Sequence[str], row: Any, make: MakeVariants[Any]
) -> Mapping[str, Mapping[str, Stream]] | Failure:
    try:
        made = make(keys, row)
    except ZimuError as error:
        return Failure(keys[0], str(error))
    return made if all(made.values()) else Failure(keys[0], "It has no stream that the contract asks for.")


def _extract_here(
    todo: _Todo, store: FeatureStore, make: MakeVariants[Any], tell: Callable[[int, int], None]
) -> list[Failure]:
    failures = []
    try:
        for done, (keys, row) in enumerate(todo, 1):
            made = _make_row(keys, row, make)
            if isinstance(made, Failure):
                failures.append(made)
            else:
                for sample, streams in made.items():
                    store.add(sample, streams)
            tell(done, len(todo))
    finally:
        store.flush()
    return failures


def _extract_shard(
    folder: str | os.PathLike[str], contract: FeatureContract, part: _Todo, make: MakeVariants[Any]
) -> tuple[int, list[Failure]]:
    """Make one shard in a worker process."""
    store = FeatureStore(folder, contract, shard_samples=sum(len(keys) for keys, _ in part))
    wanted = [(store.missing(keys), row) for keys, row in part]
    todo = [(missing, row) for missing, row in wanted if missing]
    return len(part), _extract_here(todo, store, make, lambda done, total: None)


def _parts(todo: _Todo, size: int) -> Iterator[_Todo]:
    rest = iter(todo)
    while part := list(islice(rest, size)):
        yield part


def _extract_in_pool(
    todo: _Todo, store: FeatureStore, make: MakeVariants[Any], jobs: int, tell: Callable[[int, int], None]
) -> list[Failure]:
    # Small enough that all processes have work to the end and that a kill costs little.
    size = max(1, min(store.shard_samples, -(-len(todo) // (jobs * 4))))
    failures: list[Failure] = []
    done = 0
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        running: set[Future[tuple[int, list[Failure]]]] = {
            pool.submit(_extract_shard, store.folder, store.contract, part, make)
            for part in _parts(todo, size)
        }
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                count, failed = future.result()
                done += count
                failures += failed
                tell(done, len(todo))
    except BrokenProcessPool as error:
        raise ConfigError(
            "A worker process died while features were extracted. What is finished is kept; run again with "
            "jobs=1 to see at which sample it dies."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)  # who interrupts waits for what is being made, not for all
        store.refresh()
    order = {keys[0]: number for number, (keys, _) in enumerate(todo)}
    return sorted(failures, key=lambda failure: order.get(failure.sample, 0))
