"""The command line: parse, call one function, print. Commands are imported when they are called."""

from __future__ import annotations

import gc
import importlib
import sys
from typing import Any

import click

from zimu.errors import ZimuError

__all__ = ["COMMANDS", "main"]

# name: (module under zimu.cli, one-line help). A command's function has the command's name.
COMMANDS: dict[str, tuple[str, str]] = {
    "caption": ("caption", "Caption videos, pictures and sound files in Chinese and English."),
    "score": ("score", "Score candidate captions against references."),
    "train": ("train", "Train a model by a recipe."),
    "evaluate": ("evaluate", "Score a bundle on a manifest."),
    "fit": ("fit", "Fit a model that predicts a column of a table."),
    "predict": ("predict", "Answer the rows of a table with a fitted model."),
    "compare": ("compare", "Compare ways of fusing, fairly."),
    "export": ("export", "Make a bundle of a checkpoint."),
    "data": ("data", "List, import and make data sets."),
    "doctor": ("doctor", "Examine a manifest and its media."),
    "check": ("check", "Check a subtitle file against a style."),
    "fix": ("fix", "Repair a subtitle file."),
    "align": ("align", "Put subtitles or a text where they are said in a video."),
    "convert": ("convert", "Convert a subtitle file to another format."),
    "shift": ("shift", "Move a subtitle file in time."),
    "merge": ("merge", "Merge two subtitle files into a bilingual one."),
    "mux": ("mux", "Put subtitles into a copy of a video as tracks."),
    "burn": ("burn", "Draw subtitles into the pictures of a video."),
    "ocr": ("ocr", "Read subtitles that are part of a video's picture."),
    "bundle": ("bundle", "Show or verify a bundle."),
}


class _LazyGroup(click.Group):
    """A group that imports a command's module only when the command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"zimu.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="zimu")
@click.pass_context
def _zimu(ctx: click.Context, debug: bool) -> None:
    """Video in, Chinese and English captions out, offline."""
    ctx.obj = {"debug": debug}


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line: 0 done, 1 done with listed failures, 2 wrong input or usage."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        code = _zimu.main(args=arguments, prog_name="zimu", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        code = 130
    except click.ClickException as error:
        _show(error.format_message(), error)
        code = 2
    except ZimuError as error:
        if "--debug" in arguments:
            raise
        _show(str(error))
        code = 2
    # All memory goes back to the system at once: to look through it for cycles first took 0.05 s.
    gc.freeze()
    sys.exit(code if isinstance(code, int) else 0)


def _show(message: str, usage: click.ClickException | None = None) -> None:
    """Print an error as one line, in Chinese where that is the language setting."""
    from zimu.cli.chinese import in_chinese, prefers_chinese

    if prefers_chinese():
        click.echo(f"zimu：{in_chinese(message)}", err=True)
    elif usage:
        usage.show()
    else:
        click.echo(f"zimu: {message}", err=True)
