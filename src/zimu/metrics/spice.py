"""SPICE by the original program in Java."""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zimu.errors import ConfigError
from zimu.metrics.java import JavaTools
from zimu.metrics.measures import Measure, mean_measure

__all__ = ["spice_measure"]

# SPICE's libraries reach into Java's own classes, which Java 16 and later refuse unless told otherwise.
_OPENED = ("java.base/java.lang", "java.base/java.util", "java.base/java.math", "java.base/java.net")


def spice_measure(
    tools: JavaTools, references: Sequence[Sequence[str]], candidates: Sequence[str]
) -> Measure:
    """Return SPICE, 0 to 1: the mean of the items' F scores over scene graphs.

    Nothing is written beside the program; its files go to a temporary folder.

    Args:
        tools: Where Java and SPICE are.
        references: Each item's tokenised references.
        candidates: One tokenised text an item.

    Raises:
        ConfigError: Java, SPICE or its language models are not there, or the program failed.

    Source: Anderson et al. 2016.
    """
    jar = tools.find_spice()
    java = tools.find_java()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            {"image_id": i, "test": candidate, "refs": list(refs)}
            for i, (refs, candidate) in enumerate(zip(references, candidates, strict=True))
        ]
        (folder / "in.json").write_text(json.dumps(rows), encoding="utf-8")
        command = [str(java), f"-Xmx{tools.spice_heap}", "-Duser.language=en", "-Duser.country=US"]
        command += ["-Dfile.encoding=UTF-8", "-XX:+IgnoreUnrecognizedVMOptions"]
        command += [f"--add-opens={package}=ALL-UNNAMED" for package in _OPENED]
        command += ["-jar", str(jar), str(folder / "in.json"), "-out", str(folder / "out.json")]
        command += ["-subset", "-silent"]
        _run(command, jar.parent, tools.timeout_s)
        return mean_measure(_read(folder / "out.json", len(candidates)))


def _run(command: list[str], folder: Path, timeout_s: float) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise ConfigError(f"SPICE gave no result within {timeout_s:g} s.") from error
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())[-300:]
        raise ConfigError(f"SPICE stopped with code {done.returncode}. It said: {said or 'nothing'}")


def _read(path: Path, items: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    try:
        found = {
            int(row["image_id"]): float(row["scores"]["All"]["f"]) for row in json.loads(path.read_text())
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError("SPICE wrote no readable result.") from error
    if sorted(found) != list(range(items)):
        raise ConfigError(f"SPICE gave results for {len(found)} of {items} items.")
    return np.array([0.0 if math.isnan(found[i]) else found[i] for i in range(items)])
