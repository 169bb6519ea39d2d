"""`zimu data`: list, import and make data sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from zimu.data.importing import ImportReport

__all__ = ["data"]

_SHOWN = 5


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def data() -> None:
    """List, import and make data sets."""


@data.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def list_sets(as_json: bool) -> None:
    """List the public sets that can be imported, where each is had, and its licence."""
    from zimu.data.readers import READERS

    if as_json:
        fields = ("what", "where", "licence", "layout")
        rows = [{"name": name} | {f: getattr(reader, f) for f in fields} for name, reader in READERS.items()]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1, 1, 0))
    table.add_column("name", no_wrap=True)
    table.add_column("what it is, where it is had, under what licence", overflow="fold")
    for name, reader in READERS.items():
        table.add_row(name, f"{reader.what}\n{reader.where}\n{reader.licence}")
    Console(width=80, highlight=False).print(table)


@data.command("import")
@click.argument("name")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--copy", is_flag=True, help="Copy the media beside the manifest.")
@click.option("--keep-missing", is_flag=True, help="Keep samples whose media are not there.")
def import_(name: str, source: Path, target: Path, copy: bool, keep_missing: bool) -> int:
    """Make TARGET/manifest.jsonl of the set NAME, which lies in SOURCE as it was published."""
    from zimu.data.importing import import_set

    return _tell(import_set(name, source, target, copy=copy, keep_missing=keep_missing), keep_missing)


@data.command("from-folder")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--output", type=click.Path(path_type=Path), help="The manifest  [default: FOLDER/manifest.jsonl]"
)
@click.option("--whole", is_flag=True, help="One sample a file with all its text, not one a cue.")
@click.option("--lines", is_flag=True, help="Each line of a .txt file is a reference of its own.")
@click.option("--language", help="What files without a language in their name are in, en or zh.")
@click.option("--val", type=click.FloatRange(0, 1), default=0.1, show_default=True, help="Share of files.")
@click.option("--test", type=click.FloatRange(0, 1), default=0.1, show_default=True, help="Share of files.")
def from_folder(
    folder: Path, output: Path | None, whole: bool, lines: bool, language: str | None, val: float, test: float
) -> None:
    """Make a manifest of the videos in FOLDER that have subtitle or text files beside them."""
    from zimu.data.manifest import write_manifest
    from zimu.data.readers.subtitles import read_folder, share_out
    from zimu.errors import unknown_name
    from zimu.text.languages import LANGUAGES

    if language is not None and language not in LANGUAGES:
        raise unknown_name("language", language, LANGUAGES)
    samples = read_folder(folder, whole=whole, lines=lines, language=language)
    path = output or folder / "manifest.jsonl"
    count = write_manifest(share_out(samples, val, test), path)
    click.echo(f"{path}: {count} samples")


@data.command("scenes")
@click.argument("count", type=click.IntRange(min=1))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed makes the same scenes.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes  [default: one a core]")
def scenes(count: int, target: Path, seed: int, jobs: int | None) -> None:
    """Make COUNT short videos with sounds and captions that need both, in TARGET."""
    from zimu.cli.progress import counting
    from zimu.data.scenes import make_scenes

    with counting("making scenes") as show:
        click.echo(make_scenes(count, target, seed=seed, jobs=jobs, progress=show))


def _tell(report: ImportReport, kept: bool) -> int:
    """Print what an import did: 0, or 1 where samples were left out."""
    click.echo(f"{report.manifest}: {report.samples} samples")
    if not report.missing:
        return 0
    done = "kept without" if kept else "left out for want of"
    click.echo(f"{len(report.missing)} samples were {done} media:", err=True)
    for name, path in list(report.missing.items())[:_SHOWN]:
        click.echo(f"  {name}: {path}", err=True)
    if len(report.missing) > _SHOWN:
        click.echo(f"  ... and {len(report.missing) - _SHOWN} more", err=True)
    return 0 if kept else 1
