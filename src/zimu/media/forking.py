"""A decoder that is a copy of this process instead of a new interpreter."""

from __future__ import annotations

import os
import signal
from io import BufferedReader, BufferedWriter

from zimu.arenas import share_arenas

__all__ = ["Forked", "fork"]


class Forked:
    """A forked process, with as much of `subprocess.Popen` as the guard of a decoder needs.

    Args:
        pid: The process.
        stdin: Where it reads its order.
        stdout: Where it writes its messages.
    """

    def __init__(self, pid: int, stdin: BufferedWriter, stdout: BufferedReader) -> None:
        self.pid, self.stdin, self.stdout = pid, stdin, stdout
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, below 0 the signal that ended it, or None while it runs."""
        return self._look(os.WNOHANG)

    def wait(self) -> int:
        """Return the exit code, below 0 the signal that ended it, when it has ended."""
        code = self._look(0)
        assert code is not None  # waiting ends with the process
        return code

    def kill(self) -> None:
        """End it at once; one that has ended already is left alone."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def _look(self, how: int) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, how)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code


def fork() -> Forked:
    """Return a decoder that waits for its order; to be called before there are other threads."""
    from zimu.media.child import serve  # both processes need it: loaded once

    orders, ours_out = os.pipe()
    ours_in, messages = os.pipe()
    pid = os.fork()
    if pid:
        os.close(orders)
        os.close(messages)
        return Forked(pid, os.fdopen(ours_out, "wb"), os.fdopen(ours_in, "rb"))
    code = 3
    try:
        os.close(ours_out)
        os.close(ours_in)
        _take_nothing_from_the_terminal()
        share_arenas()
        code = serve(os.fdopen(orders, "rb"), os.fdopen(messages, "wb"))
    finally:
        # Nothing of the other process is to be run in this one, neither its exit nor what it has buffered.
        os._exit(code)


def _take_nothing_from_the_terminal() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
