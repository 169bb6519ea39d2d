"""`zimu fit`: a table to a model that predicts one of its columns."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["fit"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--target", required=True, help="The column to predict.")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="The model's folder  [TABLE-TARGET]")
@click.option(
    "--kind", "kinds", multiple=True, metavar="COLUMN=KIND", help="What a column holds: notes=text."
)
@click.option("--group", help="The column whose rows must not be parted, as patient_id.")
@click.option("--task", type=click.Choice(["classify", "regress", "label"]), help="Told from the target.")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="What paths are relative to  [TABLE's folder]"
)
@click.option("--accuracy", default=0.9, show_default=True, help="Wanted of the answers given.")
@click.option("--fusion", default="concat_time", show_default=True, help="How the network fuses.")
@click.option("--no-networks", is_flag=True, help="Linear models and trees only: quicker.")
@click.option("--epochs", type=click.IntRange(1), default=40, show_default=True, help="At most so many.")
@click.option("--seed", default=0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def fit(
    table: Path,
    target: str,
    output: Path | None,
    kinds: tuple[str, ...],
    group: str | None,
    task: str | None,
    folder: Path | None,
    accuracy: float,
    fusion: str,
    no_networks: bool,
    epochs: int,
    seed: int,
    as_json: bool,
) -> int:
    """Fit a model of TABLE (.csv, .jsonl, .parquet); cells may name pictures, sounds, videos, series."""
    import json

    from zimu.training.fit import fit as run

    model = run(
        table,
        target,
        output=output or Path(f"{table.stem}-{target}"),
        kinds=_pairs(kinds),
        group=group,
        task=task,
        folder=folder,
        wanted_accuracy=accuracy,
        networks=not no_networks,
        fusion=fusion,
        epochs=epochs,
        seed=seed,
        tell=lambda text: click.echo(text, err=as_json),
    )
    if as_json:
        click.echo(json.dumps({"model": str(model.path), **model.report}, ensure_ascii=False))
    return 0


def _pairs(kinds: tuple[str, ...]) -> dict[str, str]:
    from zimu.errors import ConfigError

    out = {}
    for pair in kinds:
        column, mark, kind = pair.rpartition("=")
        if not mark:
            raise ConfigError(
                f"--kind {pair} names no kind. Write it as COLUMN=KIND, for instance notes=text."
            )
        out[column] = kind
    return out
