"""`zimu burn`: subtitles drawn into the pictures of a video."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["burn"]


@click.command()
@click.argument("video", type=click.Path(path_type=Path))
@click.argument("subtitles", metavar="SUBS", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--font", type=click.Path(path_type=Path), help="A font file  [fonts of this machine]")
@click.option("--encoding", help="The encoding of SUBS, where the guess is wrong.")
def burn(video: Path, subtitles: Path, target: Path, font: Path | None, encoding: str | None) -> None:
    """Write OUT, a copy of VIDEO with SUBS drawn into its pictures (extra burn).

    Pictures are encoded again (H.264, VP9 for .webm), sound is copied. OUT is .mp4, .m4v, .mov, .mkv or
    .webm. A character that no font has is told before work starts.
    """
    from zimu.cli.progress import seconds
    from zimu.subtitles.burn import burn
    from zimu.subtitles.files import read_track

    track = read_track(subtitles, encoding=encoding)
    with seconds(f"drawing on {video.name}") as show:
        burn(video, list(track.cues), target, font=font, progress=show)
    click.echo(f"{target}: {len(track.cues)} cues drawn")
