"""The examples run as they are, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"

# {script: (arguments after the video, what it must have said)}
RUNS = {
    "caption_a_video.py": ("friday.mp4 .", "describe+sounds reads friday.mp4"),
    "fit_a_table.py": (".", "sure), from"),
    "score_captions.py": ("", "cider_d: commonest minus ours -"),
    "scenes_sheet.py": ("sheet.webp", ""),
    "train_your_own.py": (".", "| words | "),
}


def test_every_example_is_run_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(RUNS)


@pytest.mark.parametrize("name", RUNS)
def test_an_example_does_what_it_says(name: str, tmp_path: Path) -> None:
    arguments, said = RUNS[name]
    given = [str(EXAMPLES / a) if a.endswith(".mp4") else a for a in arguments.split()]
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *given],
        cwd=tmp_path,
        env=os.environ | {"PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert said in done.stdout
    made = {p.name for p in tmp_path.iterdir()}
    assert made >= {
        "caption_a_video.py": {"friday.en.srt", "friday.zh.srt"},
        "fit_a_table.py": {"pumps"},
        "scenes_sheet.py": {"sheet.webp"},
        "train_your_own.py": {"my-videos", "run", "my-bundle"},
    }.get(name, set())
