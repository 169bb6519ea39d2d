"""What a command costs: seconds on the clock, seconds of processor, memory of the whole tree of processes."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Cost(NamedTuple):
    """Seconds on the clock, and seconds of processor of a process and all that it started."""

    wall_s: float
    cpu_s: float


def cost_of(command: Sequence[str]) -> Cost:
    """Run a command and return what it cost."""
    # An installed package has its modules compiled; a developer's setting must not compile them in every run.
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=settings)
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def medians(commands: Mapping[str, Sequence[str]], runs: int) -> dict[str, Cost]:
    """Return the medians of runs that take turns, so that a busy moment of the machine meets all alike."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            costs[name].append(cost_of(command))
    return {
        name: Cost(statistics.median(c.wall_s for c in row), statistics.median(c.cpu_s for c in row))
        for name, row in costs.items()
    }


def peak_mb(command: Sequence[str], every_s: float = 0.1) -> float:
    """Return the largest memory of a process and its children in MB; what they share counts once."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0.0
    done = threading.Event()
    threading.Thread(target=lambda: (process.wait(), done.set()), daemon=True).start()
    while not done.wait(every_s):
        peak = max(peak, _memory(process.pid))
    if process.returncode:
        raise RuntimeError(f"{command} failed with exit code {process.returncode}")
    return peak


def _memory(pid: int) -> float:
    """Return the proportional memory (Pss) of a process and its descendants in MB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # it has ended meanwhile
        return 0.0
    return total + sum(_memory(int(child)) for child in children)
