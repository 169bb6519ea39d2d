"""`zimu ocr`: subtitles that are part of the picture, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click

from zimu.errors import SubtitleError

__all__ = ["ocr"]


@click.command()
@click.argument("video", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--place", type=click.Choice(["bottom", "top", "all"]), default="bottom", show_default=True)
@click.option(
    "--rate", type=click.FloatRange(0.5, 30), default=4.0, show_default=True, help="Readings a second."
)
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True, help="Threads of inference.")
def ocr(video: Path, target: Path, place: str, rate: float, threads: int) -> None:
    """Read the subtitles that are part of VIDEO's picture, Chinese or English, into OUT (extra ocr)."""
    from zimu.cli.progress import seconds
    from zimu.subtitles.cue import Track
    from zimu.subtitles.files import format_of, write_track
    from zimu.subtitles.ocr import RapidReader
    from zimu.subtitles.screen import Place, read_screen

    format_of(target)  # a wrong suffix is told before work starts
    reader = RapidReader(threads)
    with seconds(f"reading {video.name}") as show:
        cues = read_screen(video, reader, place=cast(Place, place), rate_hz=rate, progress=show)
    if not cues:
        raise SubtitleError(f"{video}: no text was found at the {place} of the picture. Try --place all.")
    write_track(Track(tuple(cues), source=str(video)), target)
    click.echo(f"{target}: {len(cues)} cues")
