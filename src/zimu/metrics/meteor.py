"""METEOR by the original program, METEOR 1.5 in Java, kept running between calls."""

from __future__ import annotations

import atexit
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache, partial
from types import TracebackType
from typing import IO

import numpy as np

from zimu.errors import ConfigError
from zimu.metrics.java import JavaTools
from zimu.metrics.measures import FloatArray, Measure, known_items

__all__ = ["Meteor", "meteor_measure", "running_meteor"]

# How many requests are sent before their answers are read: these fit into a pipe's buffer together.
_BATCH = 64
_NUMBERS = 23
_MODULE_WEIGHTS = np.array([1.0, 0.6, 0.8, 0.6])  # exact form, stem, synonym, paraphrase
_ALPHA, _BETA, _GAMMA, _DELTA = 0.85, 0.2, 0.6, 0.75


class Meteor:
    """One METEOR process; a context manager.

    Args:
        tools: Where Java and METEOR are.

    Raises:
        ConfigError: Java or METEOR is not there.
    """

    def __init__(self, tools: JavaTools | None = None) -> None:
        tools = tools or JavaTools()
        jar = tools.find_meteor()
        command = [str(tools.find_java()), f"-Xmx{tools.heap}"]
        # A locale with a decimal comma breaks METEOR's reading of its own numbers.
        command += ["-Duser.language=en", "-Duser.country=US", "-Dfile.encoding=UTF-8"]
        command += ["-jar", str(jar), "-", "-", "-stdio", "-l", "en", "-norm"]
        # To a file, since a pipe that nobody reads stops the program when it is full.
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (close() does)
        self._timeout_s = tools.timeout_s
        self._process = subprocess.Popen(
            command, cwd=jar.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints
        )

    def __enter__(self) -> Meteor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # what was not sent yet is of no use any more
                    pipe.close()
        self._process.wait()
        self._complaints.close()

    def statistics(self, references: Sequence[Sequence[str]], candidates: Sequence[str]) -> FloatArray:
        """Return float64 [M, 23], METEOR's statistics of each item.

        Args:
            references: Each item's tokenised references.
            candidates: One tokenised text an item.

        Raises:
            ConfigError: METEOR stopped, or answered something else than numbers.
        """
        requests = [_request(refs, c) for refs, c in zip(references, candidates, strict=True)]
        rows: list[list[float]] = []
        for start in range(0, len(requests), _BATCH):
            some = requests[start : start + _BATCH]
            for number, answer in enumerate(self._ask("".join(some), len(some)), start):
                rows.append(self._numbers(answer, number))
        return np.array(rows).reshape(-1, _NUMBERS)

    def evaluate(self, statistics: FloatArray) -> tuple[float, FloatArray]:
        """Return the score of all items together and float64 [M], that of each, from statistics [M, 23].

        Raises:
            ConfigError: METEOR stopped, or answered something else than numbers.
        """
        lines = " ||| ".join(" ".join(map(repr, row)) for row in statistics.tolist())
        answers = self._ask(f"EVAL ||| {lines}\n", len(statistics) + 1)
        values = [self._number(answer) for answer in answers]
        return values[-1], np.array(values[:-1])

    def _ask(self, text: str, answers: int) -> list[str]:
        assert self._process.stdin is not None and self._process.stdout is not None
        watch = threading.Timer(self._timeout_s, self._process.kill)
        watch.start()
        try:
            self._process.stdin.write(text.encode())
            self._process.stdin.flush()
            lines = [self._process.stdout.readline() for _ in range(answers)]
        except BrokenPipeError as error:
            raise self._stopped() from error
        finally:
            watch.cancel()
        if not lines[-1].endswith(b"\n"):
            raise self._stopped()
        return [line.decode().strip() for line in lines]

    def _stopped(self) -> ConfigError:
        self._process.wait()
        self._complaints.seek(0)
        running_meteor.cache_clear()  # the next call starts another one
        said = " ".join(self._complaints.read().decode(errors="replace").split())[-300:]
        return ConfigError(f"METEOR's Java process stopped. It said: {said or 'nothing'}")

    def _numbers(self, answer: str, item: int) -> list[float]:
        numbers = [self._number(part) for part in answer.split()]
        if len(numbers) != _NUMBERS:
            raise ConfigError(
                f"METEOR gave {len(numbers)} numbers for item {item}, not {_NUMBERS}: {answer[:80]!r}."
            )
        return numbers

    def _number(self, text: str) -> float:
        try:
            return float(text)
        except ValueError as error:
            raise ConfigError(f"METEOR answered {text[:80]!r} where a number was due.") from error


@lru_cache(maxsize=1)
def running_meteor(tools: JavaTools) -> Meteor:
    """Return a METEOR process that is kept for the next call with the same tools and ends with the program.

    Raises:
        ConfigError: Java or METEOR is not there.
    """
    meteor = Meteor(tools)
    atexit.register(meteor.close)
    return meteor


def meteor_measure(meteor: Meteor, references: Sequence[Sequence[str]], candidates: Sequence[str]) -> Measure:
    """Return METEOR, 0 to 1; the value of all items is METEOR's own, from summed statistics."""
    counts = meteor.statistics(references, candidates)
    value, items = meteor.evaluate(counts)
    return Measure(value, counts, _combine, partial(known_items, items))


def _request(references: Sequence[str], candidate: str) -> str:
    """Return one request on one line; the candidate is written as the reference wrapper writes it."""
    parts = [_one_line(reference).replace("|||", " ") for reference in references]
    return " ||| ".join(["SCORE", *parts, _one_line(candidate).replace("|||", "").replace("  ", " ")]) + "\n"


def _one_line(text: str) -> str:
    """Return the text with line breaks, of which METEOR would give two answers, as blanks."""
    return text.replace("\r", " ").replace("\n", " ")


def _combine(sums: FloatArray) -> FloatArray:
    """Return METEOR of summed statistics [B, 23], for resampling.

    Source: Denkowski & Lavie 2014, with the English weights of METEOR 1.5.
    """
    length, wanted, functions, wanted_functions = sums[:, :4].T
    stages = sums[:, 4:20].reshape(-1, 4, 4) * _MODULE_WEIGHTS[:, None]
    content, wanted_content, function, wanted_function = stages.sum(axis=1).T

    def share(
        content: FloatArray, function: FloatArray, length: FloatArray, functions: FloatArray
    ) -> FloatArray:
        whole = _DELTA * (length - functions) + (1 - _DELTA) * functions
        found = _DELTA * content + (1 - _DELTA) * function
        return np.divide(found, whole, out=np.zeros_like(whole), where=whole > 0)

    p = share(content, function, length, functions)
    r = share(wanted_content, wanted_function, wanted, wanted_functions)
    below = _ALPHA * p + (1 - _ALPHA) * r
    mean = np.divide(p * r, below, out=np.zeros_like(p), where=below > 0)
    matches = (sums[:, 21] + sums[:, 22]) / 2
    chunks = np.divide(sums[:, 20], matches, out=np.zeros_like(p), where=matches > 0)
    return np.asarray(mean * (1 - _GAMMA * chunks**_BETA))
