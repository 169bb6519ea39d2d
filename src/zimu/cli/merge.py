"""`zimu merge`: two subtitle files, one Chinese and one English, as one bilingual file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zimu.errors import SubtitleError

if TYPE_CHECKING:
    from zimu.subtitles.cue import Track

__all__ = ["merge"]


@click.command()
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--order", default="zh-en", show_default=True, help="zh-en puts Chinese above, en-zh English.")
@click.option("--encoding", help="The encoding of A and B, where the guess is wrong.")
def merge(first: Path, second: Path, target: Path, order: str, encoding: str | None) -> None:
    """Merge A and B, one Chinese and one English in either order, by time into the bilingual file OUT."""
    from zimu.subtitles.bilingual import merge_languages
    from zimu.subtitles.cue import Track
    from zimu.subtitles.files import read_track, write_track

    tracks = {path: read_track(path, encoding=encoding) for path in (first, second)}
    languages = {path: _language(track) for path, track in tracks.items()}
    by_language = {languages[path]: track for path, track in tracks.items()}
    if set(by_language) != {"zh", "en"}:
        found = ", ".join(f"{path} is {languages[path]}" for path in tracks)
        raise SubtitleError(f"One file has to be Chinese and one English: {found}.")
    cues = merge_languages(by_language["zh"].cues, by_language["en"].cues, order)
    write_track(Track(tuple(cues)), target)
    both = sum(cue.language == "mul" for cue in cues)
    click.echo(f"{target}: {len(cues)} cues, {both} of them in both languages")


def _language(track: Track) -> str:
    """Return the language of most cues."""
    from zimu.subtitles.measure import guess_language

    texts = [cue.text for cue in track.cues if cue.lines]
    return "zh" if sum(guess_language(text) == "zh" for text in texts) * 2 > len(texts) else "en"
