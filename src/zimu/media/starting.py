"""Starting the process that decodes; ahead of need where there is something else to do meanwhile."""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import zimu

__all__ = ["prepare", "start_child"]

_spare: list[subprocess.Popen[bytes]] = []


def prepare() -> None:
    """Start one decoder ahead: it loads its libraries while the caller loads a model.

    It waits for its order without using the processor, and ends with this process.
    """
    if not _spare:
        _spare.append(_start())
        atexit.register(_let_go)


def start_child() -> subprocess.Popen[bytes]:
    """Return a decoder that waits for its order: the one started ahead, or a new one."""
    while _spare:
        child = _spare.pop()
        if child.poll() is None:
            return child
        _end(child)
    return _start()


def _let_go() -> None:
    while _spare:
        _end(_spare.pop())


def _end(child: subprocess.Popen[bytes]) -> None:
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
