"""The reader for files from strangers: decoding happens in a child process with limits."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from zimu.errors import MediaError
from zimu.media.opening import check_file, name_of
from zimu.media.probe import Probe
from zimu.media.requests import FrameRequest, MediaRequest, SampleRequest
from zimu.media.starting import Decoder, start_child
from zimu.media.wire import pack_request, read_message, unpack_probe, write_message
from zimu.streams import Frame, Samples

__all__ = ["GuardedStream", "Limits", "iter_media_guarded"]

_log = logging.getLogger(__name__)

# What the parent holds of the child's work before the child has to wait, in bytes: 200 pictures of 224x224.
_BUFFER = 32 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What decoding one file may cost.

    Attributes:
        stall_s: Seconds without any progress of the decoder before it is stopped.
        memory_mb: Address space of the child; 400 MB are usual, of which 80 MB are resident.
        cpu_s: Processor seconds of the child, or None.
    """

    stall_s: float = 60.0
    memory_mb: int | None = 2048
    cpu_s: int | None = None


class _Inbox:
    """Messages read ahead by a thread, bounded in bytes."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self._messages: deque[tuple[dict[str, Any], bytearray]] = deque()
        self._held = 0
        self._ended = False
        self._fault: MediaError | None = None
        self._changed = threading.Condition()
        self._heard = time.monotonic()
        self._thread = threading.Thread(target=self._fill, daemon=True)
        self._thread.start()

    def _fill(self) -> None:
        try:
            while (message := read_message(self._pipe)) is not None:
                with self._changed:
                    self._heard = time.monotonic()
                    if message[0].get("kind") != "alive":
                        self._messages.append(message)
                        self._held += len(message[1])
                        self._changed.notify_all()
                    self._changed.wait_for(lambda: self._held < _BUFFER or self._ended)
                    self._heard = time.monotonic()
                    if self._ended:
                        break
        except MediaError as error:
            self._fault = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def get(self, stall_s: float) -> tuple[dict[str, Any], bytearray] | None:
        """Return the next message, or None when there will be none.

        Raises:
            TimeoutError: Nothing was heard for `stall_s` seconds.
            MediaError: What came is no message.
        """
        with self._changed:
            while not self._messages and not self._ended:
                left = self._heard + stall_s - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                self._changed.wait(min(left, stall_s))
            if self._messages:
                message = self._messages.popleft()
                self._held -= len(message[1])
                self._changed.notify_all()
                return message
            if self._fault is not None:
                raise self._fault
            return None

    def stop(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        # The collector may call this from the thread itself.
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._pipe.close()


def _start_child() -> Decoder:
    return start_child()


def _widen(pipe: Any) -> None:
    """Make a pipe hold a few pictures, where the system can: fewer switches between the processes."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):  # more than an unprivileged user may ask for
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, 1 << 20)


def _stop(process: Decoder, inbox: _Inbox) -> None:
    process.kill()
    with contextlib.suppress(OSError):
        cast(Any, process.stdin).close()
    inbox.stop()
    process.wait()


class GuardedStream(Iterator[Frame | Samples], AbstractContextManager["GuardedStream"]):
    """What `MediaStream` gives, decoded in a child process.

    Args:
        source: A path.
        request: What to take.
        limits: What it may cost.

    Attributes:
        warnings: What went wrong without ending the reading, one line each; complete after the last item.
        end: Seconds from the start of the file to the end of what was decoded; known after the last item.
    """

    def __init__(self, source: str | os.PathLike[str], request: MediaRequest, limits: Limits) -> None:
        self.warnings: list[str] = []
        self.end = Fraction(0)
        self._name = name_of(source)
        self._request = request
        self._limits = limits
        self._probe: Probe | None = None
        self._done = False
        self._process = _start_child()
        _widen(self._process.stdout)
        self._inbox = _Inbox(self._process.stdout)
        self._finalizer = weakref.finalize(self, _stop, self._process, self._inbox)
        order = {
            "source": str(Path(source)),
            "request": pack_request(request),
            "memory_bytes": None if limits.memory_mb is None else limits.memory_mb << 20,
            "cpu_s": limits.cpu_s,
        }
        with contextlib.suppress(BrokenPipeError):  # a child that died at once is reported by the first read
            write_message(cast(Any, self._process.stdin), order)

    @property
    def probe(self) -> Probe:
        """What the file says it holds; waits until the child has opened it.

        Raises:
            MediaError: The file cannot be read.
        """
        while self._probe is None:
            self._receive()
        return self._probe

    def __next__(self) -> Frame | Samples:
        while not self._done:
            if (item := self._receive()) is not None:
                return item
        raise StopIteration

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading and end the child."""
        self._done = True
        self._finalizer()

    def _receive(self) -> Frame | Samples | None:
        try:
            message = self._inbox.get(self._limits.stall_s)
        except TimeoutError:
            self.close()
            raise MediaError(
                f"{self._name} cannot be read: the decoder made no progress for {self._limits.stall_s:g} s "
                "and was stopped."
            ) from None
        except MediaError as error:
            self.close()
            raise MediaError(f"{self._name} cannot be read: {error}") from error
        if message is None:
            raise self._died()
        try:
            return self._understand(*message)
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            self.close()
            raise MediaError(f"{self._name} cannot be read: the decoder sent what is no message.") from error

    def _understand(self, header: dict[str, Any], payload: bytearray) -> Frame | Samples | None:
        kind = header["kind"]
        if kind == "frame":
            return Frame(Fraction(header["time"]), self._picture(header["shape"], payload))
        if kind == "samples":
            return Samples(
                Fraction(header["time"]), int(header["rate_hz"]), np.frombuffer(payload, np.float32)
            )
        if kind == "probe":
            self._probe = unpack_probe(header["probe"])
        elif kind == "end":
            self.warnings += [str(line) for line in header["warnings"]]
            self.end = Fraction(header["end"])
            self.close()
        elif kind == "memory":
            self.close()
            raise MediaError(
                f"{self._name} cannot be read: decoding it needs more memory than the "
                f"{self._limits.memory_mb} MB allowed."
            )
        elif kind == "bug":
            self.close()
            text = str(header["text"])
            _log.warning("The decoder of %s failed:\n%s", self._name, text)
            raise MediaError(f"{self._name} cannot be read: the decoder failed ({text.splitlines()[-1]}).")
        else:
            self.close()
            raise MediaError(str(header["text"]))
        return None

    def _picture(self, shape: list[int], payload: bytearray) -> npt.NDArray[np.uint8]:
        parts = [part for part in (self._request.frames, self._request.watch) if part is not None]
        if not any(shape[:2] == [part.height, part.width] for part in parts):
            raise ValueError(shape)
        return np.frombuffer(payload, np.uint8).reshape(shape)

    def _died(self) -> MediaError:
        code = self._process.wait()
        self.close()
        if code < 0 and signal.Signals(-code).name == "SIGXCPU":
            reason = f"decoding it took more than the {self._limits.cpu_s} processor seconds allowed"
        elif code < 0:
            reason = f"the decoder crashed ({signal.Signals(-code).name})"
        else:
            reason = f"the decoder ended without a word (exit code {code})"
        return MediaError(f"{self._name} cannot be read: {reason}.")


def iter_media_guarded(
    path: str | os.PathLike[str],
    *,
    frames: FrameRequest | None,
    samples: SampleRequest | None,
    watch: FrameRequest | None = None,
    keyframes: bool = False,
    approximate: bool = False,
    start: float | Fraction | None = None,
    end: float | Fraction | None = None,
    limits: Limits = Limits(),
) -> GuardedStream:
    """Return what `iter_media` returns, decoded in a child process with limits.

    A crash, a hang or hunger for memory of the decoder becomes an error of this file alone. The child starts
    at once and works ahead by a bounded amount; it ends with the iterator and with this process.

    Args:
        path: A video, a sound file, a picture.
        frames: Which frames, or None.
        samples: Which sound, or None.
        watch: Small frames for the shot detector, or None.
        keyframes: Decode keyframes only.
        approximate: Leave out frames that no other frame needs.
        start: Seconds; earlier frames and samples are left out.
        end: Seconds; from here on frames and samples are left out.
        limits: What it may cost.

    Raises:
        MediaError: There is no such file; anything else is raised by the first item or `probe`.
        ConfigError: Neither frames nor samples are asked for, or the span is empty.
    """
    request = MediaRequest.of(
        frames, samples, watch, keyframes=keyframes, approximate=approximate, start=start, end=end
    )
    check_file(Path(path))
    return GuardedStream(path, request, limits)
