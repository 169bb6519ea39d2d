"""`zimu predict`: answers of a fitted model for the rows of a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from zimu.prediction.answers import Answer

__all__ = ["predict"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("bundle")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--output", "-o", type=click.Path(path_type=Path), help="A .csv, .jsonl or .parquet file.")
@click.option("--explain", is_flag=True, help="Say what each modality gave to each answer.")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="What paths are relative to  [TABLE's folder]"
)
@click.option("--guard", is_flag=True, help="Decode media from strangers in a process with limits.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON a row.")
def predict(
    bundle: str,
    table: Path,
    output: Path | None,
    explain: bool,
    folder: Path | None,
    guard: bool,
    as_json: bool,
) -> int:
    """Answer the rows of TABLE with BUNDLE, a folder that `zimu fit` made."""
    import json

    from zimu.bundles.manifest import find_bundle
    from zimu.prediction.model import Model

    answers = Model(find_bundle(bundle)).predict(table, folder=folder, explain=explain, guard=guard)
    if output is not None:
        answers.write(output)
    for number, answer in enumerate(answers, 1):
        if as_json:
            click.echo(json.dumps({"row": number, **answer.row()}, ensure_ascii=False))
        elif output is None:
            click.echo(f"{number:>6}  {_line(answer)}")
    for problem in answers.problems:
        click.echo(f"zimu: {problem}", err=True)
    return 1 if answers.problems else 0


def _line(answer: Answer) -> str:
    """Return an answer for people: what is said, how surely, and why."""
    if answer.interval is not None:
        said = f"{answer.best:.4g}  ({answer.interval[0]:.4g} to {answer.interval[1]:.4g})"
    elif answer.value is None:
        said = f"no answer  (perhaps {_word(answer.best)}, {answer.confidence:.0%})"
    else:
        said = f"{_word(answer.best)}  {answer.confidence:.0%}"
    if answer.explanation is not None:
        given = ", ".join(f"{n} {v:+.3g}" for n, v in answer.explanation.given.items())
        said += f"   from {answer.explanation.base:.3g}: {given}"
    return said


def _word(best: object) -> str:
    return ", ".join(best) if isinstance(best, list) else str(best)
