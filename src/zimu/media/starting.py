"""Starting the process that decodes; ahead of need where there is something else to do meanwhile."""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, cast

import zimu
from zimu.media.forking import Forked, fork

__all__ = ["Decoder", "prepare", "start_child"]

Decoder = subprocess.Popen[bytes] | Forked

# Their threads would be missing in a fork, and what those hold would never be let go.
_THREADED = frozenset({"onnxruntime", "torch"})

_spare: list[Decoder] = []


def prepare() -> None:
    """Start one decoder ahead: it loads its libraries while the caller loads a model.

    It waits for its order without using the processor, and ends with this process. Called before anything
    has started a thread, it forks: that saves the start of an interpreter and the libraries of both.
    """
    if not _spare:
        _spare.append(fork() if _can_fork() else _start())
        atexit.register(_let_go)


def start_child() -> Decoder:
    """Return a decoder that waits for its order: the one started ahead, or a new one."""
    while _spare:
        child = _spare.pop()
        if child.poll() is None:
            return child
        _end(child)
    return _start()


def _can_fork() -> bool:
    """Whether a copy of this process would be whole; elsewhere than on Linux system libraries forbid it."""
    return sys.platform == "linux" and threading.active_count() == 1 and not _THREADED & set(sys.modules)


def _let_go() -> None:
    while _spare:
        _end(_spare.pop())


def _end(child: Decoder) -> None:
    child.kill()
    for pipe in (child.stdin, child.stdout):
        with contextlib.suppress(OSError):
            cast(Any, pipe).close()
    child.wait()


def _start() -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            [str(Path(zimu.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
        ),
        # The child multiplies no matrices; each idle thread of a library would take memory.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "zimu.media.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
