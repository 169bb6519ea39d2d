"""`zimu convert`: a subtitle file in another format."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["convert"]


@click.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--encoding", help="The encoding of IN, where the guess is wrong: gb18030, big5, cp1252, ...")
@click.option(
    "--style", help="Lay the cues out anew in a house style: plain, netflix-en, netflix-zh, bbc, ted."
)
def convert(source: Path, target: Path, encoding: str | None, style: str | None) -> None:
    """Convert the subtitle file IN to the format of OUT's suffix.

    Reads .srt .vtt .ass .ssa .ttml .dfxp .xml .lrc .tsv and .json; writes these and .txt, in UTF-8.
    """
    from dataclasses import replace

    from zimu.subtitles.files import read_track, write_track
    from zimu.subtitles.layout import lay_out
    from zimu.subtitles.styles import style_of

    house = style_of(style) if style else None
    track = read_track(source, encoding=encoding)
    if house is not None:
        track = replace(track, cues=tuple(lay_out(track.cues, house)))
    write_track(track, target)
    click.echo(f"{target}: {len(track.cues)} cues")
