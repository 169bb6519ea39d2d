"""The code on the page about media runs, and both languages show the same code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from zimu.streams import Stream

DOCS = Path(__file__).resolve().parents[2] / "docs"


def blocks(language: str) -> list[str]:
    text = (DOCS / language / "media.md").read_text("utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


@dataclass(frozen=True)
class Row:
    id: str


def make_streams(row: Row) -> dict[str, Stream]:
    return {"video": Stream(np.zeros((1, 2), np.float32), np.ones(1, np.bool_), np.zeros(1))}


def test_every_block_runs(make_video, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make_video(tmp_path / "talk.mp4", 3)
    make_video(tmp_path / "upload.mp4", 0.4)
    names = {"rows": [Row("a")], "make_streams": make_streams}
    for block in blocks("en"):
        exec(block.replace("jobs=4", "jobs=1"), names)
    shown = capsys.readouterr().out
    assert "0.5 (224, 224, 3)" in shown
    assert names["video"].values.shape[1:] == (3, 224, 224)
    assert names["audio"].values.shape == (6, 96, 64)
    assert names["failures"] == []
    assert names["streams"].keys() == {"video"}


@pytest.mark.parametrize("number", range(5))
def test_both_languages_show_the_same_code(number):
    def code(block: str) -> list[str]:
        return [line.split("  #")[0].rstrip() for line in block.splitlines()]

    assert len(blocks("en")) == len(blocks("zh")) == 5
    assert code(blocks("en")[number]) == code(blocks("zh")[number])
