"""`zimu export`: a run's best checkpoint to a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from zimu.bundles.manifest import Bundle

__all__ = ["export"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--card",
    type=click.Path(path_type=Path),
    help="CARD.md of the bundle  [what the run tells]",
)
@click.option("--check/--no-check", default=True, help="Compare the bundle's captions with torch's on val.")
@click.option("--int8", is_flag=True, help="Try the frozen frame encoder in eight bits; keep it if as good.")
def export(run: Path, target: Path, card: Path | None, check: bool, int8: bool) -> int:
    """Make a bundle TARGET of the folder RUN that `zimu train` wrote."""
    from zimu.training.export import export as make
    from zimu.training.export import verify_run

    text = card.read_text("utf-8") if card else ""
    made = make(run, target, card=text)
    size = sum(e.bytes for e in made.manifest.graphs.values()) / 1e6
    click.echo(f"{target}: {len(made.manifest.graphs)} graphs, {size:.1f} MB")
    if check:
        click.echo(f"{verify_run(run, made)} captions of the validation part equal torch's, token for token")
    if int8:
        _quantise(run, made)
    return 0


def _quantise(run: Path, made: Bundle) -> None:
    """Put the eight-bit frame encoder in if it is as good, and print both scores."""
    from zimu.cli.progress import counting
    from zimu.data.manifest import read_manifest
    from zimu.training.checkpoint import load_recipe_of
    from zimu.training.quantise import keep_if_as_good

    recipe = load_recipe_of(run)
    data, metric = recipe.data, recipe.training.metric
    if metric == "nll":  # a bundle writes captions; how likely it finds others is not asked
        metric = "cider_d"
    with counting("scoring float and eight bits") as show:
        found = keep_if_as_good(
            made,
            read_manifest(data.manifest),
            data.train,
            data.val,
            metric,
            limit=data.val_samples,
            progress=show,
        )
    for language, value in found.float_scores.items():
        small = found.int8_scores[language]
        click.echo(f"{found.split} {metric} {language}: {value:.4f} in float, {small:.4f} in eight bits")
    sizes = f"{found.float_bytes / 1e6:.1f} and {found.int8_bytes / 1e6:.1f} MB"
    click.echo(f"frame encoder of {sizes}: {'eight bits' if found.kept else 'float'} kept")
