"""The torture set: hundreds of odd, damaged and lying files, each captioned or refused in one line.

    python -m bench.torture [--kind TEXT] [--part K/N] [--reader] [--keep FOLDER] [--json FILE]
    python -m bench.torture --read FILE

Makes the files, then captions each with the default bundles, in one worker process with a time limit a file.
What takes longer counts as a hang, a worker that dies as a crash; the worker is then started anew.
Prints a row for each kind of file, and the peak memory of the worker and of the processes that decode.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench._torture_broken import bad_cases
from bench._torture_files import Case, good_cases

__all__ = ["all_cases", "caption_all", "make_all", "outcome"]

# Seconds a file may take; the slowest takes a few.
LIMIT_S = 60.0
# The ceiling for a process that decodes (its address space is held to 2 GB) and for the one that captions.
CEILING_MB = 1024

_CAPTIONER = """
import json, resource, sys
from zimu.captions.captioner import load
from zimu.errors import ZimuError
captioner = load(threads=1)
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    result = {"captions": 0}
    try:
        for caption in captioner.iter_captions(json.loads(line), languages=("en",)):
            result["captions"] += 1
    except ZimuError as error:
        result["error"] = str(error)
    except Exception as error:
        result["bug"] = repr(error)
    for key, who in (("own", resource.RUSAGE_SELF), ("child", resource.RUSAGE_CHILDREN)):
        result[f"{key}_mb"] = resource.getrusage(who).ru_maxrss // 1024
    print(json.dumps(result), flush=True)
"""


_READER = """
import json, resource, sys
from pathlib import Path
from bench.fuzz import forked, read_guarded
print(json.dumps({"ready": True}), flush=True)
with forked():
    for line in sys.stdin:
        found = read_guarded(Path(json.loads(line)))
        result = {} if found in ("read", "damaged") else {"error": found}
        for key, who in (("own", resource.RUSAGE_SELF), ("child", resource.RUSAGE_CHILDREN)):
            result[f"{key}_mb"] = resource.getrusage(who).ru_maxrss // 1024
        print(json.dumps(result), flush=True)
"""


def all_cases() -> list[Case]:
    """Return the whole set."""
    return [*good_cases(), *bad_cases()]


def make_all(cases: list[Case], folder: Path) -> Iterator[tuple[Case, Path]]:
    """Write the files; yield each with its path. A name that this file system cannot hold is left out."""
    for number, case in enumerate(cases):
        path = folder / f"{number:03}" / case.name
        try:
            path.parent.mkdir(parents=True)
            case.make(path)
        except OSError as error:
            import av

            if isinstance(error, av.FFmpegError):
                raise RuntimeError(f"{case.name} cannot be made: {error}") from error
            continue
        yield case, path


class _Worker:
    """The process that captions, with a clock beside it."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._process: subprocess.Popen[str] | None = None

    def ask(self, path: Path) -> dict[str, Any]:
        """Return what came of a file: captions, or one of error, bug, crash, hang."""
        if self._process is None:
            self._start()
        assert self._process is not None and self._process.stdin is not None
        begun = time.perf_counter()
        self._process.stdin.write(json.dumps(str(path)) + "\n")
        self._process.stdin.flush()
        try:
            line = self._lines.get(timeout=LIMIT_S)
        except queue.Empty:
            self.stop()
            return {"hang": LIMIT_S}
        if not line:
            code = self._process.wait()
            self.stop()
            return {"crash": code}
        return json.loads(line) | {"seconds": time.perf_counter() - begun}

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", self._code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, args=(self._process.stdout, self._lines), daemon=True).start()
        self._lines.get(timeout=120)

    @staticmethod
    def _listen(pipe: Any, lines: queue.Queue[str]) -> None:
        for line in pipe:
            lines.put(line)
        lines.put("")


def caption_all(
    made: Iterator[tuple[Case, Path]], *, read_only: bool = False
) -> Iterator[tuple[Case, dict[str, Any]]]:
    """Caption each file; yield what came of it.

    Args:
        made: From `make_all`.
        read_only: Only read each file as the captioner does, in children that are forked: ten times as quick.
    """
    worker = _Worker(_READER if read_only else _CAPTIONER)
    try:
        for case, path in made:
            yield case, worker.ask(path)
    finally:
        worker.stop()


def outcome(case: Case, result: dict[str, Any]) -> str:
    """Return "captioned", "refused", or what was wrong."""
    for wrong in ("hang", "crash", "bug"):
        if wrong in result:
            return f"{wrong}: {result[wrong]}"
    found = "refused" if "error" in result else "captioned"
    if "\n" in result.get("error", ""):
        return f"refused in several lines: {result['error']!r}"
    if case.expected not in (found, "either"):
        return f"{found}, expected {case.expected}: {result.get('error', '')}"
    if max(result["own_mb"], result["child_mb"]) > CEILING_MB:
        return f"memory: {result['own_mb']} MB and {result['child_mb']} MB"
    return found


def _table(rows: list[tuple[Case, dict[str, Any]]]) -> Iterator[str]:
    yield f"{'kind':24} files captioned refused wrong slowest s"
    kinds = list(dict.fromkeys(case.kind for case, _ in rows))
    for kind in [*kinds, "all"]:
        some = [(c, r) for c, r in rows if kind in (c.kind, "all")]
        found = [outcome(c, r) for c, r in some]
        good, refused = found.count("captioned"), found.count("refused")
        slowest = max(r.get("seconds", LIMIT_S) for _, r in some)
        yield f"{kind:24} {len(some):5} {good:9} {refused:7} {len(some) - good - refused:5} {slowest:9.1f}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.torture")
    parser.add_argument("--kind", default="", help="only the kinds with this in their name")
    parser.add_argument("--keep", type=Path, help="make the files here and leave them")
    parser.add_argument("--reader", action="store_true", help="only read the files; ten times as quick")
    parser.add_argument("--part", default="1/1", help="K/N: every Nth file from the Kth on")
    parser.add_argument("--json", type=Path, help="add each file's result to this file")
    parser.add_argument("--read", type=Path, help="make no files, show the results in this file")
    given = parser.parse_args()
    os.environ.setdefault("SVT_LOG", "0")
    rows = _read(given.read) if given.read else _run(given)
    return _show(rows)


def _run(given: argparse.Namespace) -> list[tuple[Case, dict[str, Any]]]:
    first, step = map(int, given.part.split("/"))
    cases = [case for case in all_cases() if given.kind in case.kind][first - 1 :: step]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for case, result in caption_all(make_all(cases, given.keep or Path(folder)), read_only=given.reader):
            rows.append((case, result))
            if given.json:
                with given.json.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"kind": case.kind, "name": case.name, **result}) + "\n")
    return rows


def _read(path: Path) -> list[tuple[Case, dict[str, Any]]]:
    lines = map(json.loads, path.read_text("utf-8").splitlines())
    results = {(row["kind"], row["name"]): row for row in lines}
    return [(c, results[c.kind, c.name]) for c in all_cases() if (c.kind, c.name) in results]


def _show(rows: list[tuple[Case, dict[str, Any]]]) -> int:
    print("\n".join(_table(rows)))
    wrong = [(c, found) for c, r in rows if (found := outcome(c, r)) not in ("captioned", "refused")]
    for case, found in wrong:
        print(f"{case.kind}: {case.name!r}: {found}")
    peaks = [max((r.get(key, 0) for _, r in rows), default=0) for key in ("own_mb", "child_mb")]
    print(f"peak memory: {peaks[0]} MB captioning, {peaks[1]} MB decoding")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
