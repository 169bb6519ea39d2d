"""What the page on comparisons shows is run."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(params=["en", "zh"])
def page(request: pytest.FixtureRequest) -> str:
    return (DOCS / str(request.param) / "comparison.md").read_text("utf-8")


def test_the_code_of_both_pages_is_the_same() -> None:
    codes = [
        re.sub(
            r" *#.*",
            "",
            "\n".join(
                re.findall(r"```python\n(.*?)```", (DOCS / x / "comparison.md").read_text("utf-8"), re.S)
            ),
        )
        for x in ("en", "zh")
    ]
    assert codes[0] == codes[1] != ""


def test_the_code_of_the_page_learns_what_one_stream_cannot_tell(capsys: pytest.CaptureFixture[str]) -> None:
    text = (DOCS / "en" / "comparison.md").read_text("utf-8")
    for code in re.findall(r"```python\n(.*?)```", text, re.S):
        exec(compile(code, "docs/en/comparison.md", "exec"), {"__name__": "page"})
    both, one = map(float, capsys.readouterr().out.split())
    assert both > 0.9 and one < 0.65


def test_both_pages_show_pictures_that_are_there(page: str) -> None:
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page):
        assert (DOCS / "en" / picture).resolve().is_file(), picture


def test_the_measured_tables_are_those_of_the_results() -> None:
    path = DOCS.parent / "recipes" / "compare" / "tables.py"
    spec = importlib.util.spec_from_file_location("tables", path)
    assert spec is not None and spec.loader is not None
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    scores = tables.read_scores()
    for language in ("en", "zh"):
        text = (DOCS / language / "fusion.md").read_text("utf-8")
        for family in tables.FAMILIES:
            assert tables.table(family, scores, language == "zh") in text, f"run {path.name}"
