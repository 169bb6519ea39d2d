"""Progress on standard error: a bar with the time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["counting", "seconds", "steps"]

# Seconds between two plain lines.
_LINE_EVERY_S = 10.0


@contextmanager
def counting(title: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function to be called with what is done and what there is in all.

    Args:
        title: What is being done, for instance "examining media".
    """
    if sys.stderr.isatty():
        yield from _bar(title)
    else:
        yield _plain(title)


def _bar(title: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _plain(title: str) -> Callable[[int, int], None]:
    """Return a function that prints at most a line in ten seconds, and nothing for what is done sooner."""
    started = last = time.monotonic()
    first: int | None = None

    def show(done: int, total: int) -> None:
        nonlocal last, first
        now = time.monotonic()
        # What an earlier run had finished comes with the first call and says nothing of the pace.
        first = done - 1 if first is None else first
        if now - last < _LINE_EVERY_S:
            return
        last = now
        left = (now - started) * (total - done) / max(1, done - first)
        print(f"{title}: {done} of {total}, about {left:.0f} s left", file=sys.stderr)

    return show


@contextmanager
def seconds(title: str) -> Iterator[Callable[[float, float | None], None]]:
    """Give a function to be called with how many seconds of a file's how many are done.

    Args:
        title: What is being done, for instance "captioning talk.mp4".
    """
    with counting(title) as show:
        yield lambda done_s, total_s: show(round(done_s), round(total_s)) if total_s else None


@contextmanager
def steps(title: str) -> Iterator[Callable[[float | None, str], None]]:
    """Give a function to be called with the share done and a line about it; None as share prints the line.

    A share that falls back begins another piece of work, whose time left is reckoned anew.

    Args:
        title: What is being done, for instance "training grid".
    """
    if not sys.stderr.isatty():
        plain = _plain_steps(title)
        yield plain
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task, before = progress.add_task(title, total=1.0), 0.0

        def show(done: float | None, text: str) -> None:
            nonlocal before
            if done is None:
                progress.console.print(text, highlight=False)
                return
            if done < before:
                progress.reset(task)
            before = done
            progress.update(task, completed=done, description=f"{title}: {text}")

        yield show


def _plain_steps(title: str) -> Callable[[float | None, str], None]:
    started = last = time.monotonic()
    first: float | None = None
    before = 0.0

    def show(done: float | None, text: str) -> None:
        nonlocal started, last, first, before
        now = time.monotonic()
        if done is None:
            print(text, file=sys.stderr)
            return
        if done < before:
            first, started, last = done, now, now
        first, before = done if first is None else first, done
        if now - last < _LINE_EVERY_S:
            return
        last = now
        pace = (done - first) / (now - started)
        left = f", about {_duration((1 - done) / pace)} left" if pace else ""
        print(f"{title}: {text}, {done:.0%}{left}", file=sys.stderr)

    return show


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
