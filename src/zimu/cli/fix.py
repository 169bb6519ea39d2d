"""`zimu fix`: a subtitle file with its faults repaired."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["fix"]


@click.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--style", default="plain", show_default=True, help="plain, netflix-en, netflix-zh, bbc or ted."
)
@click.option("--script", help="Put all Chinese into one script: simplified or traditional.")
@click.option("--encoding", help="The encoding of IN, where the guess is wrong: gb18030, big5, cp1252, ...")
@click.option("--video", type=click.Path(path_type=Path), help="Hold IN against what is heard in VIDEO.")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
def fix(
    source: Path,
    target: Path,
    style: str,
    script: str | None,
    encoding: str | None,
    video: Path | None,
    as_json: bool,
) -> None:
    """Repair IN as far as it is safe, list every change, and write OUT.

    Repaired are order, overlaps, gaps, reading times where there is room, line breaks, loops, cut words, full
    and half width, mixed script. Nothing else is touched; `zimu check OUT` lists what is left for a person.
    """
    import json
    from dataclasses import asdict

    from zimu.subtitles.files import read_track, write_track
    from zimu.subtitles.repair import repair
    from zimu.subtitles.styles import style_of

    house = style_of(style)
    track = read_track(source, encoding=encoding)
    if video is None:
        track, changes = repair(track, house, script)
    else:
        from zimu.cli.check import listen
        from zimu.subtitles.listening import repair_heard

        track, changes, whole = repair_heard(track, house, script, listen(video))
        if whole is not None:
            click.echo(f"the file {whole}; no start was moved", err=True)
    write_track(track, target)
    if as_json:
        rows = [asdict(c) | {"cues": [i + 1 for i in c.cues]} for c in changes]
        click.echo(json.dumps({"cues": len(track.cues), "changes": rows}, ensure_ascii=False, indent=2))
        return
    for change in changes:
        numbers = ", ".join(str(i + 1) for i in change.cues)
        click.echo(f"cue {numbers} {change.what}: {change.reason}\n  - {change.before}\n  + {change.after}")
    click.echo(f"{target}: {len(track.cues)} cues, {len(changes)} changes")
