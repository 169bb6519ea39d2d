"""Where work runs that fans out: here, or in processes of this machine.

One item that fails, or a process that dies of it, never stops the others.
"""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from typing import Any, Generic, Protocol, TypeVar

from zimu.errors import ConfigError, ZimuError

__all__ = ["Executor", "Here", "Outcome", "Processes", "executor"]

T = TypeVar("T")
R = TypeVar("R")

# Is given an item and a function to be called with the share of it that is done.
Work = Callable[[T, Callable[[float], None]], R]
Tell = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class Outcome(Generic[R]):
    """What became of one item.

    Attributes:
        index: Its place among the items.
        value: What the work returned, where `error` is None.
        error: Why it failed, in one line.
        trace: The traceback where that was no fault of the user's.
    """

    index: int
    value: R | None
    error: str | None = None
    trace: str = ""


class Executor(Protocol):
    """Runs one function on many items."""

    def run(self, work: Work[T, R], items: Sequence[T], tell: Tell) -> Iterator[Outcome[R]]:
        """Yield an outcome an item, as they are ready.

        Args:
            work: For other processes than this one, a function of a module or a `functools.partial` of one.
            items: What to work on.
            tell: Is told the index of an item and the share of it that is done.
        """
        ...


def executor(jobs: int) -> Executor:
    """Return what runs `jobs` items at a time.

    Raises:
        ConfigError: `jobs` is below 1.
    """
    if jobs < 1:
        raise ConfigError(f"jobs is {jobs}. It must be at least 1.")
    return Here() if jobs == 1 else Processes(jobs)


def _attempt(work: Work[T, R], index: int, item: T, tell: Callable[[float], None]) -> Outcome[R]:
    try:
        return Outcome(index, work(item, tell))
    except ZimuError as error:
        return Outcome(index, None, str(error))
    except Exception as error:  # a bug, told with its place; the other items are worth going on for
        return Outcome(index, None, f"{type(error).__name__}: {error}", traceback.format_exc())


class Here:
    """One item after the other, in this process."""

    def run(self, work: Work[T, R], items: Sequence[T], tell: Tell) -> Iterator[Outcome[R]]:
        """See `Executor.run`."""
        for index, item in enumerate(items):
            yield _attempt(work, index, item, lambda share, index=index: tell(index, share))  # type: ignore[misc]


class Processes:
    """Several items at a time, each in a process of its own that takes one item after the other.

    Args:
        jobs: Processes.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def run(self, work: Work[T, R], items: Sequence[T], tell: Tell) -> Iterator[Outcome[R]]:
        """See `Executor.run`."""
        waiting = list(enumerate(items))[::-1]
        workers = [_Worker(work) for _ in range(min(self.jobs, len(items)))]
        try:
            for worker in workers:
                worker.give(waiting.pop())
            while busy := {worker.pipe: worker for worker in workers if worker.index is not None}:
                for pipe in connection.wait(list(busy)):
                    worker = busy[pipe]  # type: ignore[index]
                    outcome = worker.hear(tell)
                    if outcome is None:
                        continue
                    if worker.is_dead and waiting:
                        workers[workers.index(worker)] = worker = _Worker(work)
                    if waiting:
                        worker.give(waiting.pop())
                    yield outcome
        finally:
            for worker in workers:
                worker.end()


class _Worker:
    """A process and the item that it has in hand."""

    def __init__(self, work: Work[Any, Any]) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.index: int | None = None
        self.is_dead = False
        self._process = context.Process(target=_serve, args=(theirs, work), daemon=True)
        self._process.start()
        theirs.close()

    def give(self, numbered: tuple[int, Any]) -> None:
        self.index = numbered[0]
        try:
            self.pipe.send(numbered)
        except OSError:  # it died while idle; reading the pipe tells so
            return

    def hear(self, tell: Tell) -> Outcome[Any] | None:
        """Take one message; return the outcome if it is one, or if the process has died."""
        index = self.index
        assert index is not None
        try:
            message = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            self.index, self.is_dead = None, True
            return Outcome(index, None, f"its process died ({_ending(self._process.exitcode)})")
        if isinstance(message, Outcome):
            self.index = None
            return message
        tell(index, message)
        return None

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self.pipe.close()


def _ending(code: int | None) -> str:
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"


def _serve(pipe: Connection, work: Work[Any, Any]) -> None:
    """Work on what comes until the other side ends."""
    # Ctrl-C goes to the whole group; the parent alone decides what follows from it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent()
    while True:
        try:
            index, item = pipe.recv()
        except EOFError:
            return
        pipe.send(_attempt(work, index, item, pipe.send))


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None  # only ever run in a child

    def watch() -> None:
        parent.join()
        os._exit(3)

    threading.Thread(target=watch, daemon=True).start()
