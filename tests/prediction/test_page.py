from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from zimu.streams import Samples, Stream

DOCS = Path(__file__).resolve().parents[2] / "docs"


def code_of(language: str) -> list[str]:
    """Return the Python of the page, without its comments."""
    text = (DOCS / language / "fit.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return ["\n".join(line.split("  #")[0].rstrip() for line in block.splitlines()) for block in blocks]


def test_both_languages_show_the_same_code():
    assert code_of("en") == code_of("zh")
    assert len(code_of("en")) == 2


def test_the_three_lines_run_on_a_table(tmp_path, monkeypatch, capsys, rows):
    monkeypatch.chdir(tmp_path)
    names = ("patient_id", "crp", "sex", "outcome")
    for file in ("patients.csv", "new-patients.csv"):
        with Path(file).open("w", encoding="utf-8", newline="") as table:
            writer = csv.writer(table)
            writer.writerow(["icu_ever" if n == "outcome" else n for n in names])
            writer.writerows([[row[n] for n in names] for row in rows[:80]])
    exec(compile(code_of("en")[0], "fit.md", "exec"), {})
    out = capsys.readouterr().out
    assert "patient_id  group" in out
    assert re.search(r"(ill|well|None) 0\.\d+ \{'table': ", out)


def test_the_lines_on_clocks_run(capsys):
    def stream(values, rate_hz: float) -> Stream:
        values = np.float32(values).reshape(len(values), -1)
        return Stream(values, np.ones(len(values), bool), np.arange(len(values)) / rate_hz)

    rng = np.random.default_rng(0)
    moved = np.abs(np.sin(np.arange(75) / 7)) * 50
    mouths = [stream(np.cumsum(rng.normal(0, 1, (75, 6)) * moved[:, None], 0), 25) for _ in range(4)]
    loudness = [stream(np.repeat(moved, 4), 100) for _ in range(4)]
    from fractions import Fraction

    sound = (rng.normal(0, 1, 48000) * np.repeat(moved, 640) / 100).astype(np.float32)
    names = {
        "pictures": mouths[0],
        "samples": Samples(Fraction(0), 16000, sound),
        "mouths": mouths,
        "others": mouths[:2],
        "loudness": loudness,
        "other_loudness": loudness[:2],
        "imu": stream(rng.normal(size=(100, 3)), 100),
        "gps": stream(rng.normal(size=10), 10),
    }
    exec(compile(code_of("en")[1], "fit.md", "exec"), names)
    assert len(names["streams"]["imu"].times) == len(names["streams"]["gps"].times)
