"""The whole comparison: runs, tables, page and pictures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zimu.compare.captions import caption_task
from zimu.compare.markdown import render_markdown
from zimu.compare.methods import Method, choose_methods
from zimu.compare.page import render_page
from zimu.compare.plots import PLOTS, draw_matrix, to_png
from zimu.compare.recipes import CompareRecipe
from zimu.compare.results import RunResult, load_result
from zimu.compare.runs import chosen_by, decide, fingerprint
from zimu.compare.schedule import Failure, Job, prepare_data, run_all, run_path
from zimu.compare.sources import load_parts
from zimu.compare.table import Table, make_table, row_to_dict
from zimu.compare.words import LANGUAGES
from zimu.data.known_answers import information
from zimu.errors import ConfigError, ZimuError
from zimu.metrics.output import write_whole
from zimu.tasks import PredictParts, Task, find_task

__all__ = ["Comparison", "collect", "compare", "to_dict", "write_comparison"]


@dataclass(frozen=True)
class Comparison:
    """What a comparison found.

    Attributes:
        name: Of the recipe.
        tables: One a case of the data.
        failures: Runs that could not be made.
        notes: {case: what is known of its data beforehand}.
    """

    name: str
    tables: tuple[Table, ...]
    failures: tuple[Failure, ...]
    notes: Mapping[str, str]


def compare(
    recipe: CompareRecipe,
    fusions: Sequence[str],
    seeds: int,
    out: Path,
    *,
    jobs: int = 1,
    report: Callable[[int, int, str], None] = lambda done, total, text: None,
) -> Comparison:
    """Train every method with every seed, and say what can be said.

    Args:
        recipe: Data, encoders and budget.
        fusions: Names of methods, or "all".
        seeds: How many.
        out: Folder of the runs, tables and pictures; runs that are there are not made again.
        jobs: Processes side by side.
        report: Called with runs done, runs in all and the last one's name.

    Raises:
        UnknownNameError: There is no such method.
        ConfigError: The data do not fit the recipe, or no run succeeded.
    """
    methods = choose_methods(recipe, fusions)
    failures = run_all(recipe, methods, seeds, out, jobs=jobs, report=report)
    comparison = collect(recipe, methods, seeds, out, failures)
    write_comparison(comparison, out)
    return comparison


def collect(
    recipe: CompareRecipe, methods: Sequence[Method], seeds: int, out: Path, failures: Sequence[Failure] = ()
) -> Comparison:
    """Return the tables of the runs that are there; decisions are made here.

    Raises:
        ConfigError: A baseline lacks a run.
    """
    listed, tables = list(failures), []
    for case in list(recipe.cases) or [""]:
        data, data_hash = prepare_data(recipe, out, case)
        parts = load_parts(data)
        parts = parts._replace(val=chosen_by(recipe, parts))
        task = _task(recipe, parts)
        results: dict[str, list[RunResult]] = {}
        for m in (m for m in methods if m.trained):
            found = (
                load_result(run_path(out, Job(case, m, s)), fingerprint(recipe, m, data_hash))
                for s in range(seeds)
            )
            results[m.name] = [r for r in found if r is not None]
        singles = {m.streams[0]: results[m.name] for m in methods if m.kind == "single"}
        if any(len(runs) < seeds for runs in singles.values()):
            raise ConfigError(
                f"Not all runs of the single modalities of {recipe.name} are there. Run it again; "
                + "; ".join(f"{f.method} seed {f.seed}: {f.reason}" for f in listed[:3])
            )
        for m in (m for m in methods if not m.trained):
            try:
                results[m.name] = [
                    decide(recipe, m, {s: runs[i] for s, runs in singles.items()}, parts, task)
                    for i in range(seeds)
                ]
            except ZimuError as error:
                listed.append(Failure(case, m.name, 0, str(error)))
        tables.append(make_table(case, task, methods, {n: r for n, r in results.items() if r}, parts.test))
    return Comparison(recipe.name, tuple(tables), tuple(listed), _notes(recipe))


def _task(recipe: CompareRecipe, parts: PredictParts) -> Task:
    if recipe.caption is not None:
        return caption_task(recipe.caption.metric)
    assert recipe.predict is not None  # the recipe has one of both
    return find_task(recipe.predict.task, parts.train.targets)


def _notes(recipe: CompareRecipe) -> dict[str, str]:
    """Return what known answers are known to hold, in bits."""
    if recipe.source != "known_answers":
        return {}
    notes = {}
    for case, options in (recipe.cases or {"": {}}).items():
        both = {**recipe.data, **options}
        found = information(both["case"], both.get("flip", 0.05))
        notes[case] = (
            f"H(Y) = {found.label:.2f} bit, I(Y;a) = {found.a:.2f}, I(Y;b) = {found.b:.2f}, I(Y;a,b) = "
            f"{found.both:.2f}: redundancy {abs(found.redundancy):.2f}, only a {abs(found.unique_a):.2f}, "
            f"only b {abs(found.unique_b):.2f}, synergy {abs(found.synergy):.2f}. "
            f"Best accuracy {100 * found.best:.1f} %."
        )
    return notes


def write_comparison(comparison: Comparison, out: Path) -> None:
    """Write the results as JSON and Markdown, a page and every picture, in each language, into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "results.json", json.dumps(to_dict(comparison), indent=1, ensure_ascii=False) + "\n")
    for language in LANGUAGES:
        page = render_page(comparison.name, comparison.tables, language, comparison.notes)
        write_whole(out / f"page.{language}.html", page)
        text = render_markdown(comparison.tables, language, comparison.notes)
        write_whole(out / f"table.{language}.md", text)
        if len(comparison.tables) > 1:
            (out / f"matrix.{language}.png").write_bytes(to_png(draw_matrix, comparison.tables, language))
        for table in comparison.tables:
            for key, draw in PLOTS.items():
                name = ".".join(filter(None, (key, table.case, language, "png")))
                (out / name).write_bytes(to_png(draw, table, language))


def to_dict(comparison: Comparison) -> dict[str, object]:
    """Return a comparison ready for JSON."""
    return {
        "name": comparison.name,
        "cases": [
            {
                "case": t.case,
                "score": t.task.score,
                "higher_is_better": t.task.higher_is_better,
                "seeds": t.seeds,
                "samples": t.samples,
                "groups": t.groups,
                "best_simple": t.simple,
                "best_single": t.single,
                "chosen": t.chosen().method,
                "note": comparison.notes.get(t.case, ""),
                "methods": [row_to_dict(r) for r in t.rows],
                "verdicts": t.verdicts(),
            }
            for t in comparison.tables
        ],
        "failures": [vars(f) for f in comparison.failures],
    }
