"""Many files with `zimu caption`, by the shipped bundle `sounds`: light, and it needs no training."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from zimu.bundles.manifest import shipped_bundles
from zimu.captions.batch import LEDGER
from zimu.cli.main import main

MakeSound = Callable[..., Path]
pytestmark = pytest.mark.skipif("sounds" not in shipped_bundles(), reason="the bundle `sounds` is not here")


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as stop:
        main(["caption", *arguments, "-b", "sounds", "-l", "en", "-f", "json"])
    return int(stop.value.code or 0), capsys.readouterr().err


@pytest.fixture
def sounds(make_sound: MakeSound, tmp_path: Path) -> Path:
    """A folder of three sound files: a siren, steps, hiss."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    t = np.arange(2 * 16000) / 16000
    rng = np.random.default_rng(0)
    siren = 0.4 * np.sin(2 * np.pi * (700 * t + 60 * np.sin(2 * np.pi * 2 * t)))
    steps = rng.normal(0, 0.3, len(t)) * (t % 0.5 < 0.03)
    hiss = rng.normal(0, 0.05, len(t))
    for name, values in (("a", siren), ("b", steps), ("c", hiss)):
        make_sound(folder / f"{name}.wav", values.astype(np.float32))
    return folder


def results(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.json"))}


def test_a_batch_goes_on_where_it_was(
    sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, messages = run([str(sounds), "-o", str(out)], capsys)
    assert code == 0 and "3 of 3 files captioned" in messages
    first = results(out)
    assert set(first) == {"a.en.json", "b.en.json", "c.en.json"}
    (out / "b.en.json").unlink()
    (out / ".b.en.json.0a1b2c3d.part").write_text("what a killed run has left")
    (out / "a.en.json").write_text("corrected by hand")
    code, messages = run([str(sounds), "-o", str(out)], capsys)
    assert code == 0 and "1 of 3 files captioned; 2 skipped" in messages
    assert f"skipped: {sounds / 'a.wav'}" in messages and f"skipped: {sounds / 'b.wav'}" not in messages
    assert results(out) == first | {"a.en.json": b"corrected by hand"}
    assert {path.name for path in out.iterdir()} == {*first, LEDGER}
    code, messages = run([str(sounds), "-o", str(out), "--overwrite"], capsys)
    assert code == 0 and "3 of 3 files captioned" in messages and results(out) == first


def test_what_failed_is_listed_with_reasons_and_tried_again(
    sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, gone, out = sounds / "d.wav", tmp_path / "gone.wav", tmp_path / "out"
    bad.write_text("no sound")
    code, messages = run([str(sounds), str(gone), "-o", str(out), "--jobs", "2"], capsys)
    assert code == 1
    assert "3 of 5 files captioned" in messages and "2 of 5 files failed" in messages
    reasons = [line for line in messages.splitlines() if line.startswith("zimu: ")]
    assert len(reasons) == 2
    assert all(any(str(path) in reason for reason in reasons) for path in (bad, gone))
    assert "Traceback" not in messages and len(results(out)) == 3
    code, messages = run([str(bad), str(gone), "-o", str(out)], capsys)
    assert code == 2 and "skipped" not in messages


def kill_and_rerun(sounds: Path, out: Path, kills: int) -> None:
    rng = random.Random(kills)
    command = [sys.executable, "-m", "zimu.cli", "caption", str(sounds), "-o", str(out), "-b", "sounds"]
    command += ["-l", "en", "-f", "json,srt", "--jobs", "2"]
    longest = 4.0
    for _ in range(kills):
        process = subprocess.Popen(command, stdout=-3, stderr=-3, start_new_session=True)
        try:
            process.wait(rng.uniform(0.3, 1.0) * longest)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        for path in out.glob("*.json"):
            path.read_text("utf-8").encode()
            assert path.read_text("utf-8").rstrip().endswith("}"), f"{path} is half-written"
    assert subprocess.run(command, stdout=-3, stderr=-3, check=False).returncode == 0


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_a_batch_killed_at_random_moments_ends_with_the_same_files(
    kills: int, sounds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    with pytest.raises(SystemExit):
        main(["caption", str(sounds), "-o", str(whole), "-b", "sounds", "-l", "en", "-f", "json,srt"])
    capsys.readouterr()
    out.mkdir()
    kill_and_rerun(sounds, out, kills)
    # A worker of the last killed run may still have been renaming; it ends with its parent.
    until = time.monotonic() + 5
    while list(out.glob(".*.part")) and time.monotonic() < until:
        time.sleep(0.05)
    assert {p.name for p in out.iterdir()} == {p.name for p in whole.iterdir()}
    for path in whole.iterdir():
        if path.name != LEDGER:
            assert (out / path.name).read_bytes() == path.read_bytes()


@pytest.fixture
def full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on a disk with no room: a real one where we may mount it, else writing is made to fail."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode == 0:
        try:
            (folder / "filler").write_bytes(b"x" * 4096)
            yield folder
        finally:
            subprocess.run(["umount", str(folder)], check=True)
        return

    def refuse(file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    yield folder


def test_a_full_disk_is_one_clear_line_and_leaves_nothing_half_written(
    sounds: Path, full_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, messages = run([str(sounds / "a.wav"), "-o", str(full_disk)], capsys)
    assert code == 2
    errors = [line for line in messages.splitlines() if line.startswith("zimu: ")]
    assert len(errors) == 1 and "cannot be written: No space left on device" in errors[0]
    assert "Traceback" not in messages
    assert {path.name for path in full_disk.iterdir()} <= {"filler"}
