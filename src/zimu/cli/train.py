"""`zimu train`: a recipe to a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from zimu.training.recipes import Recipe

__all__ = ["train"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option(
    "--set", "settings", multiple=True, metavar="K=V", help="Set a value: model.decoder.hidden=512."
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="The run's folder  [runs/NAME]")
@click.option("--max-steps", type=click.IntRange(1), help="Stop after so many steps, with a checkpoint.")
@click.option("--download", is_flag=True, help="Fetch published weights that the recipe names, once.")
def train(
    recipe: Path, settings: tuple[str, ...], output: Path | None, max_steps: int | None, download: bool
) -> int:
    """Train a model by RECIPE; a run that was stopped goes on where it was."""
    from zimu.cli.progress import steps
    from zimu.training.loop import train as run
    from zimu.training.recipes import load_recipe

    loaded = load_recipe(recipe, settings)
    if download:
        _fetch(loaded)
    out = output or Path("runs") / loaded.name
    with steps(f"training {loaded.name}") as show:

        def report(event: object) -> None:
            from zimu.training.loop import Event

            assert isinstance(event, Event)
            if event.kind == "step":
                show(event.done, event.text)
            else:
                show(None, event.text)

        best = run(loaded, out, max_steps=max_steps, report=report)
    click.echo(str(best))
    return 0


def _fetch(recipe: Recipe) -> None:
    from zimu.training.published import PUBLISHED, fetch

    for encoder in recipe.model.encoders.values():
        name = getattr(encoder, "weights", "")
        if name in PUBLISHED:
            fetch(name, lambda line: click.echo(line, err=True))
