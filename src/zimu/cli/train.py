"""`zimu train`: a recipe to a trained model."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from zimu.training.recipes import Recipe

__all__ = ["train"]

# Processes that read media: each holds a frame encoder.
_MOST_JOBS = 8


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("what", metavar="RECIPE|FOLDER|MANIFEST", type=click.Path(path_type=Path))
@click.option(
    "--set", "settings", multiple=True, metavar="K=V", help="Set a value: model.decoder.hidden=512."
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="The run's folder  [runs/NAME]")
@click.option("--max-steps", type=click.IntRange(1), help="Stop after so many steps, with a checkpoint.")
@click.option("--download", is_flag=True, help="Fetch published weights that the recipe names, once.")
def train(
    what: Path, settings: tuple[str, ...], output: Path | None, max_steps: int | None, download: bool
) -> int:
    """Train a model; a run that was stopped goes on where it was.

    By a RECIPE (.toml); or on your own videos: a FOLDER of them with subtitle or text files beside them, or a
    MANIFEST. Then the model begins with the weights of the bundle `describe`.
    """
    from zimu.cli.progress import steps
    from zimu.training.devices import is_first_process
    from zimu.training.loop import train as run

    loaded = _loaded(what, settings)
    if download:
        _fetch(loaded)
    out = output or Path("runs") / loaded.name
    with steps(f"training {loaded.name}") as show:

        def report(event: object) -> None:
            from zimu.training.loop import Event

            assert isinstance(event, Event)
            if event.kind in ("reading", "step"):
                show(event.done, event.text)
            else:
                show(None, event.text)

        best = run(loaded, out, max_steps=max_steps, jobs=min(os.cpu_count() or 1, _MOST_JOBS), report=report)
    if not is_first_process():
        return 0
    click.echo(f"best weights: {best}")
    run_folder, bundle = shlex.quote(str(out)), shlex.quote(f"{loaded.name}-bundle")
    click.echo(f"next: zimu export {run_folder} {bundle}; zimu caption VIDEO --bundle {bundle}")
    return 0


def _loaded(what: Path, settings: tuple[str, ...]) -> Recipe:
    """Return the recipe, for videos of the user's own the one that is made for them."""
    from zimu.data.tables import SUFFIXES
    from zimu.training.recipes import load_recipe

    if not what.is_dir() and what.suffix.lower() not in SUFFIXES:
        return load_recipe(what, settings)
    from zimu.training.own import own_recipe

    return own_recipe(what, settings, click.echo)


def _fetch(recipe: Recipe) -> None:
    from zimu.training.published import PUBLISHED, fetch

    for encoder in recipe.model.encoders.values():
        name = getattr(encoder, "weights", "")
        if name in PUBLISHED:
            fetch(name, lambda line: click.echo(line, err=True))
