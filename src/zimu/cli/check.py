"""`zimu check`: what is wrong in a subtitle file, and which lines a person should look at."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zimu.errors import unknown_name

if TYPE_CHECKING:
    from zimu.clips.speech import Speech
    from zimu.subtitles.report import Report

__all__ = ["check", "listen"]


@click.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--style", default="plain", show_default=True, help="plain, netflix-en, netflix-zh, bbc or ted."
)
@click.option("--language", help="The language that the file should be in: zh or en.")
@click.option("--encoding", help="The encoding of FILE, where the guess is wrong: gb18030, big5, cp1252, ...")
@click.option("--video", type=click.Path(path_type=Path), help="Hold FILE against what is heard in VIDEO.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--html", "page", type=click.Path(path_type=Path), help="Write a page that lists and plays the places."
)
def check(
    path: Path,
    style: str,
    language: str | None,
    encoding: str | None,
    video: Path | None,
    as_json: bool,
    page: Path | None,
) -> int:
    """Check FILE against a style, for what recognisers and editors get wrong, and against a video's sound.

    Exit code 0: nothing was found; 1: something was; 2: the file cannot be read.
    """
    from zimu.subtitles.files import read_track, write_whole
    from zimu.subtitles.page import review_page
    from zimu.subtitles.report import report_on
    from zimu.subtitles.styles import style_of
    from zimu.text.languages import LANGUAGES

    house = style_of(style)
    if language is not None and language not in LANGUAGES:
        raise unknown_name("language", language, LANGUAGES)
    track = read_track(path, encoding=encoding)
    report = report_on(track, house, language, listen(video) if video else None)
    if page is not None:
        write_whole(page, review_page(path.name, report, _beside(video, page)).encode("utf-8"))
    if as_json:
        click.echo(json.dumps({"file": str(path), **_as_json(report)}, ensure_ascii=False, indent=2))
    else:
        _print(path, report)
    return 1 if report.rows or report.unsaid or report.whole else 0


def listen(video: Path) -> Speech:
    """Return where somebody speaks in a video, with progress on standard error."""
    from zimu.captions.speech import find_speech
    from zimu.cli.progress import seconds

    with seconds(f"listening to {video.name}") as show:
        return find_speech(video, progress=show)


def _beside(video: Path | None, page: Path) -> str | None:
    """Return a video's path as seen from the page, or its whole path where it lies on another disk."""
    if video is None:
        return None
    try:
        return Path(os.path.relpath(video.absolute(), page.absolute().parent)).as_posix()
    except ValueError:  # another drive
        return video.absolute().as_uri()


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "encoding": report.track.encoding,
        "style": report.style.name,
        "cues": len(report.track.cues),
        "counts": report.counts,
        "review": [
            {
                "cue": row.index + 1,
                "start": report.track.cues[row.index].start_ms / 1000,
                "end": report.track.cues[row.index].end_ms / 1000,
                "text": report.track.cues[row.index].text,
                "score": row.score,
                "reasons": [{"kind": kind, "reason": reason} for kind, reason in row.reasons],
            }
            for row in report.rows
        ],
        "whole": report.whole,
        "unsaid": [
            {"start": u.start_ms / 1000, "end": u.end_ms / 1000, "score": u.score} for u in report.unsaid
        ],
    }


def _print(path: Path, report: Report) -> None:
    if report.whole:
        click.echo(f"the file {report.whole}")
    for place in report.unsaid:
        click.echo(f"{place.start_ms / 1000:.3f}-{place.end_ms / 1000:.3f} s  speech without a subtitle")
    for row in report.rows:
        cue = report.track.cues[row.index]
        click.echo(f"cue {row.index + 1}  {cue.start_ms / 1000:.3f} s  {' / '.join(cue.lines)}")
        for _, reason in row.reasons:
            click.echo(f"    {reason}")
    total = len(report.track.cues)
    click.echo(f"{path}: {total} cues, {len(report.rows)} to look at, style {report.style.name}")
    for kind, count in report.counts.items():
        click.echo(f"  {count:5d}  {kind}")
