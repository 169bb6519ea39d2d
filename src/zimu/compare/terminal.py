"""The tables of a comparison in 80 columns."""

from __future__ import annotations

from collections.abc import Callable

from zimu.compare.comparing import Comparison
from zimu.compare.table import Table
from zimu.compare.words import as_score, score_name

__all__ = ["print_tables"]


def print_tables(comparison: Comparison, echo: Callable[[str], None]) -> None:
    """Print a table a case, then in words what is real and what is noise."""
    for table in comparison.tables:
        echo(f"{comparison.name}{f': {table.case}' if table.case else ''}, {score_name(table.task, 'en')}")
        if note := comparison.notes.get(table.case):
            echo(note)
        for line in _lines(table):
            echo(line)
        for method, said in table.verdicts().items():
            echo(f"{method}: {said}")
        best = table.chosen()
        echo(f"Validation chooses {best.method}: {as_score(table.task, best.score.value)} on test.\n")


def _lines(table: Table) -> list[str]:
    lines = [f"{'method':<22}{'test':>7}{'95 % interval':>15}{'val':>7}{'parameters':>12}{'ms':>7}{'MB':>8}"]
    for r in table.rows:
        between = f"{as_score(table.task, r.score.low)}–{as_score(table.task, r.score.high)}"
        lines.append(
            f"{r.method:<22}{as_score(table.task, r.score.value):>7}{between:>15}"
            f"{as_score(table.task, r.val_score):>7}{r.costs.parameters:>12,}"
            f"{r.costs.milliseconds:>7.2f}{r.costs.megabytes:>8.1f}"
        )
    return lines
