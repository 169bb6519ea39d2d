"""Nothing is fetched and nothing leaves: sockets are blocked in every process that captioning starts."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from zimu.bundles.manifest import shipped_bundles

ROOT = Path(__file__).resolve().parents[2]

BLOCK = """
import os, socket
def refuse(*a, **k):
    raise RuntimeError("a socket was opened")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
def tell():
    assert socket.socket.connect is socket.create_connection is refuse
    open({log!r}, "a").write("blocked\\n")
tell()
os.register_at_fork(after_in_child=tell)  # the decoder may be a copy of the command's process
"""


def without_network(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run zimu where no process can open a connection; see that all its processes were blocked."""
    block, log = folder / "block", folder / "blocked.log"
    block.mkdir()
    (block / "sitecustomize.py").write_text(BLOCK.format(log=str(log)), "utf-8")
    environment = os.environ | {"PYTHONPATH": str(block)}
    done = subprocess.run(
        [sys.executable, "-m", "zimu.cli", *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert log.read_text().count("blocked") >= 2  # the command and its decoder
    return done


@pytest.mark.skipif(not {"describe", "sounds"} <= set(shipped_bundles()), reason="the bundles are not here")
def test_the_demo_of_the_makefile_captions_without_a_network(tmp_path: Path) -> None:
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\ndemo:")[2].partition("\n\n")[0]
    line = next(row for row in recipe.splitlines() if "zimu caption" in row)
    arguments = shlex.split(line)[1:]
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    done = without_network(arguments, tmp_path)
    written = {path.suffix for path in (tmp_path / "demo-output").iterdir()}
    assert {".srt", ".html"} <= written
    assert "zh" in done.stdout and "en" in done.stdout
    page = (tmp_path / "demo-output" / "friday.html").read_text("utf-8")
    assert "https://" not in page and "http://" not in page.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.skipif("sounds" not in shipped_bundles(), reason="the bundle `sounds` is not here")
def test_a_batch_in_several_processes_needs_no_network(
    make_sound: Callable[..., Path], tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)
    for name in "ab":
        make_sound(tmp_path / f"{name}.wav", noise)
    without_network(["caption", "a.wav", "b.wav", "-b", "sounds", "-l", "en", "--jobs", "2"], tmp_path)
    assert (tmp_path / "blocked.log").read_text().count("blocked") >= 4
