"""`zimu train`: a recipe to a trained model."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["train"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option(
    "--set", "settings", multiple=True, metavar="K=V", help="Set a value: model.decoder.hidden=512."
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="The run's folder  [runs/NAME]")
@click.option("--max-steps", type=click.IntRange(1), help="Stop after so many steps, with a checkpoint.")
def train(recipe: Path, settings: tuple[str, ...], output: Path | None, max_steps: int | None) -> int:
    """Train a model by RECIPE; a run that was stopped goes on where it was."""
    from zimu.cli.progress import steps
    from zimu.training.loop import train as run
    from zimu.training.recipes import load_recipe

    loaded = load_recipe(recipe, settings)
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
