"""Work on a stranger's file in a process of its own: a crash of a library becomes an error of that file."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from zimu.errors import MediaError, ZimuError

__all__ = ["apart"]

T = TypeVar("T")

# Address space of the child. Two decoders, an encoder and their threads take less than half for 4K.
_MEMORY_BYTES = 6 << 30


def apart(
    work: Callable[..., T],
    *arguments: object,
    name: str,
    progress: Callable[[float, float | None], None] = lambda done, total: None,
) -> T:
    """Return what a function returns, called in a fresh process.

    Args:
        work: A function of a module; its last argument is a function to be called with progress.
        arguments: Its other arguments; they must be picklable.
        name: The file, for messages.
        progress: Is told what the function tells.

    Raises:
        MediaError: The process died.
        ZimuError: As the function raises it.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, work, arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        while True:
            kind, value = ours.recv()
            if kind == "done":
                return value  # type: ignore[no-any-return]
            if kind == "error":
                raise value
            if kind == "bug":
                raise MediaError(f"{name} cannot be worked on: {value}.")
            progress(*value)
    except EOFError:
        process.join()
        raise MediaError(f"{name} cannot be worked on: {_death(process.exitcode)}.") from None
    finally:
        ours.close()
        process.kill()
        process.join()


def _run(pipe: Connection, work: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        most = _MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(_MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        result = work(*arguments, lambda done, total: pipe.send(("progress", (done, total))))
        pipe.send(("done", result))
    except ZimuError as error:
        pipe.send(("error", error))
    except BrokenPipeError:
        return
    except Exception as error:
        pipe.send(("bug", f"{type(error).__name__}: {' '.join(str(error).split())}"))


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        return f"the process crashed ({signal.Signals(-code).name})"
    return f"the process ended without a word (exit code {code})"
