"""`zimu mux`: subtitles as tracks in a copy of a video."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from zimu.subtitles.cue import Track

__all__ = ["mux", "with_language"]


@click.command()
@click.argument("video", type=click.Path(path_type=Path))
@click.argument("subtitles", metavar="SUBS...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--encoding", help="The encoding of SUBS, where the guess is wrong.")
def mux(video: Path, subtitles: tuple[Path, ...], target: Path, encoding: str | None) -> None:
    """Write OUT, a copy of VIDEO with each file of SUBS as a track that a player can switch on.

    Pictures and sound are copied, not encoded again. OUT is .mp4, .m4v, .mov, .mkv or .webm. A track's
    language is that of the file's name (talk.zh.srt), or is guessed.
    """
    from zimu.cli.progress import seconds
    from zimu.subtitles.files import read_track
    from zimu.subtitles.mux import check_container, mux

    check_container(target)
    tracks = [with_language(read_track(path, encoding=encoding), path) for path in subtitles]
    with seconds(f"copying {video.name}") as show:
        left_out = mux(video, tracks, target, progress=show)
    for line in left_out:
        click.echo(f"left out: {line}", err=True)
    click.echo(f"{target}: tracks {', '.join(f'{t.language} ({len(t.cues)} cues)' for t in tracks)}")


def with_language(track: Track, path: Path) -> Track:
    """Return a track that knows its language: by the file's name, by what the file says, or by its texts."""
    from dataclasses import replace

    from zimu.subtitles.measure import guess_language

    named = path.stem.rpartition(".")[2].lower().partition("-")[0]
    texts = [cue.text for cue in track.cues if cue.lines]
    chinese = sum(guess_language(text) == "zh" for text in texts) * 2 > len(texts)
    guessed = track.language or ("zh" if chinese else "en")
    return replace(track, language=named if named in ("zh", "en") else guessed)
