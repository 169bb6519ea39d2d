"""`zimu doctor`: examine a manifest and its media."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from zimu.data.doctor import Report

__all__ = ["doctor"]

_EXAMPLES = 3


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines, with every finding.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes that decode  [default: one a core]")
@click.option("--no-media", is_flag=True, help="Look at rows and texts only.")
def doctor(manifest: Path, as_json: bool, jobs: int | None, no_media: bool) -> int:
    """Examine MANIFEST and its media: 0 where all is well, 1 where something was found."""
    from zimu.cli.progress import counting
    from zimu.data.doctor import diagnose

    with counting("examining media") as show:
        report = diagnose(manifest, jobs=jobs, media=not no_media, progress=show)
    if as_json:
        click.echo(json.dumps(_as_json(report), ensure_ascii=False, indent=1))
    else:
        _print(report)
    return 1 if report.findings else 0


def _as_json(report: Report) -> dict[str, Any]:
    from zimu.data.doctor import PROBLEMS

    return {
        "manifest": str(report.manifest),
        "samples": report.samples,
        "problems": {
            problem: {
                "what": what,
                "count": report.count(problem),
                "findings": [
                    {"ids": f.ids, "detail": f.detail} for f in report.findings if f.problem == problem
                ],
            }
            for problem, what in PROBLEMS.items()
        },
        "media": {name: dataclasses.asdict(numbers) for name, numbers in report.media.items()},
        "languages": {
            language: {name: dataclasses.asdict(numbers) for name, numbers in splits.items()}
            for language, splits in report.languages.items()
        },
    }


def _print(report: Report) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(width=80, highlight=False)
    for table in filter(None, (_media_table(report), _text_table(report))):
        console.print(table)
        console.print()
    for line in (*_common_lines(report), *_finding_lines(report)):
        # A caption may be long and hold anything: one line of it, and no mark-up.
        console.print(Text(line), overflow="ellipsis", no_wrap=True)
    if report.findings:
        console.print(f"\n{len(report.findings)} findings in {report.samples} samples.")
    else:
        console.print(f"Nothing was found in {report.samples} samples.")


def _table(title: str, *columns: str) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column(columns[0], overflow="fold")
    for name in columns[1:]:
        table.add_column(name, justify="right", overflow="fold")
    return table


def _media_table(report: Report) -> Table | None:
    if not report.media:
        return None
    columns = ("split", "samples", "hours", "shortest", "mean", "longest", "sound", "most frequent size")
    table = _table("Media", *columns)
    for name, numbers in report.media.items():
        seconds = [f"{s:.1f} s" for s in numbers.seconds] if numbers.seconds else ["-"] * 3
        size = next(iter(numbers.sizes), "-")
        hours, sound = f"{numbers.hours:.2f}", f"{numbers.with_audio:.0%}"
        table.add_row(name or "(none)", str(numbers.samples), hours, *seconds, sound, size)
    return table


def _text_table(report: Report) -> Table | None:
    if not report.languages:
        return None
    columns = ("text", "samples", "captions", "distinct", "tokens", "p95", "longest", "vocab", "unseen")
    table = _table("Captions (tokens: characters in zh, words else)", *columns)
    for language, splits in report.languages.items():
        for name, n in splits.items():
            _, mean, high, longest = n.tokens
            table.add_row(
                f"{language} {name or '(none)'}",
                *(str(n.samples), str(n.references), f"{n.distinct:.1%}"),
                *(f"{mean:.1f}", f"{high:.0f}", str(longest), str(n.vocabulary)),
                "-" if n.unseen is None else f"{n.unseen:.1%}",
            )
    return table


def _common_lines(report: Report) -> Iterator[str]:
    if not report.languages:
        return
    yield "Most common caption"
    for language, splits in report.languages.items():
        for name, n in splits.items():
            yield f"{language} {name or '(none)'}, {n.most_common_share:.1%} of all: {n.most_common}"
    yield ""


def _finding_lines(report: Report) -> Iterator[str]:
    from zimu.data.doctor import PROBLEMS

    if not report.findings:
        return
    yield "Findings"
    for problem, what in PROBLEMS.items():
        found = [f for f in report.findings if f.problem == problem]
        if not found:
            continue
        yield f"{len(found):>7}  {what}"
        for finding in found[:_EXAMPLES]:
            named = ", ".join(finding.ids[:2]) + (", ..." if len(finding.ids) > 2 else "")
            yield " " * 9 + ": ".join(filter(None, (named, finding.detail)))
