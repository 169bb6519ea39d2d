"""`zimu shift`: a subtitle file moved in time."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["shift"]


# A negative number is an argument here, not an option.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.argument("seconds", metavar="SECONDS")
@click.option("--encoding", help="The encoding of IN, where the guess is wrong: gb18030, big5, cp1252, ...")
def shift(source: Path, target: Path, seconds: str, encoding: str | None) -> int:
    """Move all cues of IN by SECONDS (1.5 is later, -1.5 is earlier) and write OUT.

    Cues that would begin before the start are cut there, those that would end before it are left out; both
    are listed, and the exit code is then 1.
    """
    from zimu.subtitles.files import read_track, write_track
    from zimu.subtitles.shifting import positions
    from zimu.subtitles.shifting import shift as moved_by
    from zimu.timing import to_ms, to_seconds

    track, cut, dropped = moved_by(read_track(source, encoding=encoding), to_ms(to_seconds(seconds)))
    write_track(track, target)
    click.echo(f"{target}: {len(track.cues)} cues moved by {seconds} s")
    if cut:
        click.echo(f"cut at the start: cue {positions(cut)}", err=True)
    if dropped:
        click.echo(f"left out, they would end before the start: cue {positions(dropped)}", err=True)
    return 1 if cut or dropped else 0
