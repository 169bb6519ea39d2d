"""The tables of a comparison as Markdown, for a README or a page of the docs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zimu.compare.page import column_titles, headings, row_cells
from zimu.compare.table import Table
from zimu.compare.words import Language, as_score, method_name

__all__ = ["render_markdown"]


def render_markdown(tables: Sequence[Table], language: Language, notes: Mapping[str, str]) -> str:
    """Return a table a case, each with what validation chooses and what is noise.

    Args:
        tables: One a case.
        language: "en" or "zh".
        notes: {case: a sentence about its data}.
    """
    parts = []
    for table in tables:
        if table.case:
            parts.append(f"### {table.case}")
        if note := notes.get(table.case):
            parts.append(note)
        groups = headings("groups", language, table.groups) if table.groups else ""
        parts.append(headings("rests", language, table.seeds, table.samples, groups))
        parts.append(_table(table, language))
        best = table.chosen()
        parts.append(headings("chosen", language, best.method, as_score(table.task, best.score.value)))
        told = table.verdicts(language)
        parts.append("\n".join(f"- `{m}`: {said}" for m, said in told.items()))
    return "\n\n".join(parts) + "\n"


def _table(table: Table, language: Language) -> str:
    head = column_titles(table, language)
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for row in table.rows:
        cells = [f"`{method_name(row.method, language)}`", *row_cells(table, row)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
