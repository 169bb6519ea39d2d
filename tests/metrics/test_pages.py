"""The pages on metrics: their Python runs."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_code_on_the_page_runs(language, capsys):
    text = (DOCS / language / "metrics.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, f"{language}/metrics.md", "exec"), {})
    assert "rouge_l|items:2|refs:1-2|tok:ptb|" in capsys.readouterr().out
