"""`zimu align`: whole files moved, texts without times, and what is refused."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from zimu.subtitles.cue import Cue, Track
from zimu.subtitles.files import read, write_track

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def right(tmp_path: Path) -> Path:
    """A file of 80 cues with pauses of random length, whose times are right."""
    rng, at, cues = random.Random(0), 2000, []
    for i in range(80):
        at += rng.choice([150, 400, 900, 3000])
        end = at + rng.randrange(700, 4000)
        cues.append(Cue(at, end, (f"line {i}",)))
        at = end
    write_track(Track(tuple(cues)), tmp_path / "right.srt")
    return tmp_path / "right.srt"


def test_a_file_is_aligned_to_one_whose_times_are_right(right: Path, tmp_path: Path, run: Run) -> None:
    cues = read(right)
    moved = [replace(c, start_ms=c.start_ms + 9000, end_ms=c.end_ms + 9000) for c in cues[:40]]
    moved += [replace(c, start_ms=c.start_ms + 30_000, end_ms=c.end_ms + 30_000) for c in cues[40:]]
    write_track(Track(tuple(moved)), tmp_path / "wrong.srt")
    code, out, _ = run("align", right, tmp_path / "wrong.srt", tmp_path / "out.srt")
    assert code == 0
    assert "cues 1 to 40: 9.0" in out and "cues 41 to 80: 30.0" in out and "earlier" in out
    errors = [abs(a.start_ms - b.start_ms) for a, b in zip(read(tmp_path / "out.srt"), cues, strict=True)]
    assert max(errors) <= 50


def test_a_file_of_another_film_is_told_to_be_doubtful(right: Path, tmp_path: Path, run: Run) -> None:
    rng, at, cues = random.Random(9), 0, []
    for i in range(60):
        at += rng.choice([300, 5000, 9000])
        cues.append(Cue(at, at + 900, (f"other {i}",)))
        at += 900
    write_track(Track(tuple(cues)), tmp_path / "other.srt")
    code, out, _ = run("align", right, tmp_path / "other.srt", tmp_path / "out.srt", "--json")
    assert code == 1 and json.loads(out)["sure"] is False


def test_a_text_gets_the_times_of_what_is_said(
    shared: Path, tmp_path: Path, make_sound: Callable[..., Path], run: Run
) -> None:
    pytest.importorskip("onnxruntime")
    shutil.copy(shared / "subtitled_videos" / "friday.mp4", tmp_path / "friday.mp4")
    lines = [cue.text for cue in read(shared / "subtitled_videos" / "friday.vtt")]
    (tmp_path / "friday.txt").write_text("\n".join(lines), "utf-8")
    run("align", tmp_path / "friday.mp4", tmp_path / "friday.txt", tmp_path / "out.vtt")
    cues = read(tmp_path / "out.vtt")
    assert " ".join(" ".join(c.lines) for c in cues) == " ".join(lines)
    assert 0 <= cues[0].start_ms < 1500 and 5000 < cues[-1].end_ms < 7500


def test_what_cannot_be_aligned_is_refused_in_one_line(
    right: Path, tmp_path: Path, make_sound: Callable[..., Path], run: Run
) -> None:
    silent = make_sound(tmp_path / "silent.wav", np.zeros(32000, np.float32))
    code, _, err = run("align", silent, right, tmp_path / "out.srt")
    assert code == 2 and "Nobody speaks" in err and err.count("\n") == 1
    (tmp_path / "empty.txt").write_text(" \n", "utf-8")
    code, _, err = run("align", right, tmp_path / "empty.txt", tmp_path / "out.srt")
    assert code == 2 and "holds no text" in err
    code, _, err = run("align", right, right, tmp_path / "out.srt", "--max-shift", "0")
    assert code == 2 and "above 0 seconds" in err
    assert not (tmp_path / "out.srt").exists()
