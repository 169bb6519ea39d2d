"""Filling a feature store: in parallel, going on where a killed run was, never doing a sample twice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

from zimu.errors import ConfigError, ZimuError
from zimu.features.spec import FeatureContract
from zimu.features.store import FeatureStore
from zimu.streams import Stream

__all__ = ["Failure", "extract"]

Row = TypeVar("Row")
Make = Callable[[Row], Mapping[str, Stream]]


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
    if jobs < 1:
        raise ConfigError(f"jobs is {jobs}. It must be at least 1.")
    identify = key or _id_of
    by_id = {identify(row): row for row in rows}
    if len(by_id) < len(rows):
        raise ConfigError(f"{len(rows) - len(by_id)} of the {len(rows)} rows have the id of another row.")
    missing = store.missing(by_id)
    tell = progress or (lambda done, total: None)
    tell(0, len(missing))
    todo = [(sample, by_id[sample]) for sample in missing]
    if jobs == 1:
        return _extract_here(todo, store, make, tell)
    return _extract_in_pool(todo, store, make, jobs, tell)


def _id_of(row: Any) -> str:
    return str(row.id)


def _make_one(sample: str, row: Any, make: Make[Any]) -> Mapping[str, Stream] | Failure:
    try:
        return make(row) or Failure(sample, "It has no stream that the contract asks for.")
    except ZimuError as error:
        return Failure(sample, str(error))


def _extract_here(
    todo: Sequence[tuple[str, Any]], store: FeatureStore, make: Make[Any], tell: Callable[[int, int], None]
) -> list[Failure]:
    failures = []
    try:
        for done, (sample, row) in enumerate(todo, 1):
            made = _make_one(sample, row, make)
            if isinstance(made, Failure):
                failures.append(made)
            else:
                store.add(sample, made)
            tell(done, len(todo))
    finally:
        store.flush()
    return failures


def _extract_shard(
    folder: str | os.PathLike[str],
    contract: FeatureContract,
    part: Sequence[tuple[str, Any]],
    make: Make[Any],
) -> tuple[int, list[Failure]]:
    """Make one shard in a worker process."""
    store = FeatureStore(folder, contract, shard_samples=len(part))
    todo = [(sample, row) for sample, row in part if sample not in store]
    return len(part), _extract_here(todo, store, make, lambda done, total: None)


def _parts(todo: Sequence[tuple[str, Any]], size: int) -> Iterator[list[tuple[str, Any]]]:
    rest = iter(todo)
    while part := list(islice(rest, size)):
        yield part


def _extract_in_pool(
    todo: Sequence[tuple[str, Any]],
    store: FeatureStore,
    make: Make[Any],
    jobs: int,
    tell: Callable[[int, int], None],
) -> list[Failure]:
    # Small enough that all processes have work to the end and that a kill costs little.
    size = max(1, min(store.shard_samples, -(-len(todo) // (jobs * 4))))
    failures: list[Failure] = []
    done = 0
    try:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
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
        store.refresh()
    order = {sample: number for number, (sample, _) in enumerate(todo)}
    return sorted(failures, key=lambda failure: order[failure.sample])
