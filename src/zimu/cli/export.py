"""`zimu export`: a run's best checkpoint to a bundle."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["export"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--card", type=click.Path(path_type=Path), help="Text of the bundle's CARD.md.")
@click.option("--check/--no-check", default=True, help="Compare the bundle's captions with torch's on val.")
def export(run: Path, target: Path, card: Path | None, check: bool) -> int:
    """Make a bundle TARGET of the folder RUN that `zimu train` wrote."""
    from zimu.training.export import export as make
    from zimu.training.export import verify_run

    text = card.read_text("utf-8") if card else ""
    made = make(run, target, card=text)
    size = sum(e.bytes for e in made.manifest.graphs.values()) / 1e6
    click.echo(f"{target}: {len(made.manifest.graphs)} graphs, {size:.1f} MB")
    if check:
        click.echo(f"{verify_run(run, made)} captions of the validation part equal torch's, token for token")
    return 0
