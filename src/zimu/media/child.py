"""The process that decodes a stranger's file: `python -m zimu.media.child`, or a fork, see `starting`.

Reads one message (the source, the request, the limits) from one pipe, standard input, and writes messages to
another, standard output. It ends when the first is closed, so it never outlives the process that started it.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
import traceback
from io import BufferedReader
from typing import Any, BinaryIO, cast

import numpy as np

from zimu.errors import ZimuError
from zimu.media.reader import MediaStream
from zimu.media.wire import pack_probe, read_message, unpack_request, write_message
from zimu.streams import Frame

__all__ = ["main", "serve"]

# Seconds between two signs of life while nothing else is sent.
_ALIVE_EVERY_S = 1.0


def _limit(kind: str, amount: int | None) -> None:
    if amount is None or sys.platform == "win32":
        return
    import resource

    which = getattr(resource, kind)
    hard = resource.getrlimit(which)[1]
    amount = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
    resource.setrlimit(which, (amount, hard))


def _end_with_parent(stdin: BinaryIO) -> None:
    def wait() -> None:
        while stdin.read(1):
            pass
        os._exit(3)

    threading.Thread(target=wait, daemon=True).start()


class _SignOfLife:
    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._last = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self._last > _ALIVE_EVERY_S:
            self._last = time.monotonic()
            write_message(self._pipe, {"kind": "alive"})


def _decode(order: dict[str, Any], pipe: BinaryIO) -> None:
    stream = MediaStream(order["source"], unpack_request(order["request"]), on_packet=_SignOfLife(pipe))
    write_message(pipe, {"kind": "probe", "probe": pack_probe(stream.probe)})
    for item in stream:
        if isinstance(item, Frame):
            write_message(
                pipe,
                {"kind": "frame", "time": item.time, "shape": item.picture.shape},
                np.ascontiguousarray(item.picture),
                # A watched picture is small and one of many: each by itself would wake the other process.
                at_once=item.picture.ndim == 3,
            )
        else:
            write_message(
                pipe,
                {"kind": "samples", "time": item.start, "rate_hz": item.rate_hz},
                np.ascontiguousarray(item.values),
            )
    write_message(pipe, {"kind": "end", "end": stream.end, "warnings": stream.warnings})


def main() -> int:
    """Decode one file for the parent; return 0 whether it could be read or not."""
    # Whatever a library prints must not get between the messages.
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return serve(cast(BufferedReader, sys.stdin.buffer), pipe)


def serve(orders: BufferedReader, pipe: BinaryIO) -> int:
    """Decode the one file that is ordered; return the exit code, 0 whether it could be read or not."""
    import av  # noqa: F401  # before there is an order: it takes as long as the parent takes for its model

    # A fork looks through nothing that it shares: that would copy it. Its parent may have stopped collecting.
    gc.freeze()
    gc.enable()
    message = read_message(orders)
    if message is None:
        return 3
    order = message[0]
    _end_with_parent(orders)
    _limit("RLIMIT_AS", order["memory_bytes"])
    _limit("RLIMIT_CPU", order["cpu_s"])
    _limit("RLIMIT_CORE", 0)
    try:
        _decode(order, pipe)
    except BrokenPipeError:
        return 3
    except ZimuError as error:
        write_message(pipe, {"kind": "error", "text": str(error)})
    except MemoryError:
        write_message(pipe, {"kind": "memory"})
    except Exception:
        write_message(pipe, {"kind": "bug", "text": traceback.format_exc()})
    return 0


if __name__ == "__main__":
    # Not sys.exit: a decoder that is stuck in a thread would keep the interpreter from ending.
    code = main()
    sys.stderr.flush()
    os._exit(code)
