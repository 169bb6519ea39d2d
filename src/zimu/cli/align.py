"""`zimu align`: a subtitle file, or a text without times, put where it is said in a video."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zimu.errors import ConfigError, SubtitleError

if TYPE_CHECKING:
    from zimu.clips.speech import Speech
    from zimu.subtitles.cue import Track

__all__ = ["align"]


@click.command()
@click.argument("video", metavar="VIDEO", type=click.Path(path_type=Path))
@click.argument("text", metavar="TEXT", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--max-shift", default=600.0, show_default=True, help="No cue moves further, in seconds.")
@click.option("--style", default="plain", show_default=True, help="How a text without times is laid out.")
@click.option("--encoding", help="The encoding of TEXT, where the guess is wrong: gb18030, big5, cp1252, ...")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def align(
    video: Path, text: Path, target: Path, max_shift: float, style: str, encoding: str | None, as_json: bool
) -> int:
    """Put the subtitles of TEXT where they are said in VIDEO, and write OUT.

    Offset, drift and breaks in the middle are found by speech activity. A .txt file, one sentence a line,
    gets times by the pauses and by how long its lines take to say. VIDEO may be a subtitle file whose times
    are right. Exit code 1: the result should be looked at, since speech and text agree badly.
    """
    from zimu.subtitles.files import format_of, write_track
    from zimu.subtitles.styles import style_of

    house = style_of(style)
    format_of(target)  # a wrong suffix is told before work starts
    if max_shift <= 0:
        raise ConfigError(f"--max-shift is {max_shift:g}. It must be above 0 seconds.")
    if text.suffix.lower() == ".txt":
        from zimu.subtitles.aligning import place_file

        result = place_file(text, _speech(video), house, encoding=encoding)
    else:
        from zimu.subtitles.aligning import retime_track
        from zimu.subtitles.files import read_track

        track = read_track(text, encoding=encoding)
        result = retime_track(track, _speech(video), max_shift_ms=round(max_shift * 1000))
    write_track(result.track, target)
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False, indent=2))
    else:
        for line in result.told():
            click.echo(line)
        click.echo(f"{target}: {len(result.track.cues)} cues")
    return 0 if result.is_sure else 1


def _speech(video: Path) -> Speech:
    from zimu.cli.check import listen
    from zimu.subtitles.aligning import speech_of_cues
    from zimu.subtitles.files import read_track
    from zimu.subtitles.formats import SUFFIXES

    if video.suffix.lower() in SUFFIXES:
        track: Track = read_track(video)
        if not track.cues:
            raise SubtitleError(f"{video} has no cues to align to.")
        return speech_of_cues(track.cues)
    return listen(video)
