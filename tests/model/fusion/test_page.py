"""The page on fusion: its Python runs, and the lines it shows are those that run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zimu.model.fusion import FUSIONS
from zimu.tasks.decision import DECISIONS

ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["en", "zh"])
def page(request: pytest.FixtureRequest) -> str:
    return (ROOT / "docs" / request.param / "fusion.md").read_text("utf-8")


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)


def test_lines_shown_from_a_file_stand_in_that_file(page: str) -> None:
    shown = [b for b in blocks(page) if b.startswith("# src/")]
    assert len(shown) >= 8
    for block in shown:
        path, _, lines = block.removeprefix("# ").partition("\n")
        assert lines in (ROOT / path).read_text("utf-8"), path


def test_the_code_on_the_page_runs(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = [b for b in blocks(page) if not b.startswith("# src/")]
    assert len(ran) == 2
    for block in ran:
        exec(compile(block, "fusion.md", "exec"), {})
    told = capsys.readouterr().out
    assert "concat_time (2, 90, 64)" in told and "low_rank (2, 80, 64)" in told


def test_every_method_and_picture_is_there(page: str) -> None:
    assert [n for n in ("early", *FUSIONS, *DECISIONS) if f"`{n}`" not in page] == []
    pictures = re.findall(r"\]\((\.\./pictures/[^)]+)\)", page)
    assert len(pictures) == 8
    assert all((ROOT / "docs" / "en" / p).resolve().is_file() for p in pictures)
