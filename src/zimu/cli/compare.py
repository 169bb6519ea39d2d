"""`zimu compare`: every way of fusing, fairly."""

from __future__ import annotations

import json
from pathlib import Path

import click

__all__ = ["compare"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("--fusion", default="all", metavar="A,B,...", help="Methods by name; all: every one  [all]")
@click.option("--seeds", type=click.IntRange(1), default=5, help="Seeds 0 to N - 1 for each method  [5]")
@click.option("--jobs", type=click.IntRange(1), default=1, help="Processes side by side  [1]")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Folder of the results  [runs/NAME]")
@click.option("--set", "settings", multiple=True, metavar="K=V", help="Set a value: data.folder=/data/mosi.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def compare(
    recipe: Path,
    fusion: str,
    seeds: int,
    jobs: int,
    output: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
) -> int:
    """Compare ways of fusing by RECIPE: same encoders, budget, splits and seeds for all.

    A comparison that was stopped goes on where it was.
    """
    from zimu.cli.progress import counting
    from zimu.compare.comparing import compare as run
    from zimu.compare.comparing import to_dict
    from zimu.compare.recipes import load_compare_recipe
    from zimu.compare.terminal import print_tables

    loaded = load_compare_recipe(recipe, settings)
    out = output or Path("runs") / loaded.name
    names = [n.strip() for n in fusion.split(",") if n.strip()]
    with counting(f"comparing {loaded.name}") as show:
        found = run(loaded, names, seeds, out, jobs=jobs, report=lambda done, total, _: show(done, total))
    if as_json:
        click.echo(json.dumps(to_dict(found), ensure_ascii=False))
    else:
        print_tables(found, click.echo)
        click.echo(f"Page: {out / 'page.en.html'}")
    for failure in found.failures:
        where = f" on {failure.case}" if failure.case else ""
        click.echo(f"failed: {failure.method}{where}, seed {failure.seed}: {failure.reason}", err=True)
    return 1 if found.failures else 0
