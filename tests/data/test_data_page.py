"""The page on data: its code runs, and both languages show the same code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zimu.data.readers import READERS
from zimu.data.readers.grid import chinese_sentence

_DOCS = Path(__file__).resolve().parents[2] / "docs"


def _blocks(language: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (_DOCS / language / "data.md").read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_code_on_the_page_runs(language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for block in _blocks(language):
        exec(compile(block, "data.md", "exec"), {})
    assert (tmp_path / "m.jsonl").exists()


def test_both_pages_show_the_same_code_and_every_set() -> None:
    assert _blocks("en") == _blocks("zh")
    for language in ("en", "zh"):
        page = (_DOCS / language / "data.md").read_text("utf-8")
        assert all(f"`{name}`" in page for name in READERS)
        pairs = re.findall(r"\| ([a-z ]+) → (\S+) \|", page)
        assert len(pairs) == 4
        assert all(chinese_sentence(english) == chinese for english, chinese in pairs)
