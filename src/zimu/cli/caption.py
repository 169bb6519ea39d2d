"""`zimu caption`: videos, pictures and sound files in, subtitle files out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zimu.errors import ConfigError, MediaError, ZimuError, unknown_name

if TYPE_CHECKING:
    from zimu.captions.captioner import Captioner
    from zimu.streams import Caption

__all__ = ["caption"]

_STYLES = {"zh": "netflix-zh", "en": "netflix-en"}


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("videos", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="VIDEO...")
@click.option(
    "--bundle", "-b", help="A shipped bundle's name or a path; several with commas  [describe,sounds]"
)
@click.option("--language", "-l", default="zh,en", show_default=True, help="Languages, with commas.")
@click.option(
    "--format", "-f", "formats", default="srt", show_default=True, help="File formats, with commas."
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Folder  [beside each video]")
@click.option("--style", "-s", help="House style  [netflix-zh, netflix-en]")
@click.option("--keyframes", is_flag=True, help="Decode keyframes only: much quicker, blind between them.")
@click.option("--threads", type=click.IntRange(0), default=0, help="Threads of inference  [all, at most 4]")
def caption(
    videos: tuple[Path, ...],
    bundle: str | None,
    language: str,
    formats: str,
    output: Path | None,
    style: str | None,
    keyframes: bool,
    threads: int,
) -> int:
    """Caption each VIDEO (a video, a picture or a sound file) in Chinese and English, offline."""
    from zimu.captions.captioner import load
    from zimu.subtitles.formats import FORMATS
    from zimu.subtitles.styles import style_of

    languages, kinds = _list(language), _list(formats)
    for name in kinds:
        if name not in FORMATS and name != "html":
            raise unknown_name("format", name, [*FORMATS, "html"])
    if not kinds:
        raise ConfigError("No format is asked for. Name one, for instance --format srt.")
    for path in videos:
        if not path.exists():
            raise MediaError(f"There is no file {path}.")
    if style is not None:
        style_of(style)  # a wrong name is told before work starts
    captioner = load(_list(bundle) if bundle else None, threads=threads)
    click.echo(f"bundle: {captioner.name}", err=True)
    for name in languages:
        if name not in captioner.languages:
            raise unknown_name(f"language of {captioner.name}:", name, captioner.languages)
    failures = []
    for path, stem in zip(videos, _stems(videos, output), strict=True):
        try:
            _caption_one(captioner, path, stem, languages, kinds, style, keyframes)
        except ZimuError as error:
            if len(videos) == 1:
                raise
            click.echo(f"zimu: {error}", err=True)
            failures.append(path)
    if failures:
        click.echo(
            f"{len(failures)} of {len(videos)} files failed: {', '.join(map(str, failures))}", err=True
        )
    return (2 if len(failures) == len(videos) else 1) if failures else 0


def _stems(videos: Sequence[Path], output: Path | None) -> list[Path]:
    """Return where each video's files begin; a second video of one name gets its folder's name too."""
    stems: list[Path] = []
    for path in videos:
        folder = output or path.parent
        stem = folder / path.stem
        if stem in stems:
            stem = folder / f"{path.absolute().parent.name}.{path.stem}"
        number = 2
        while stem in stems:
            stem = folder / f"{path.absolute().parent.name}.{path.stem}.{number}"
            number += 1
        stems.append(stem)
    if output is not None:
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"The folder {output} cannot be made: {error.strerror}.") from error
    return stems


def _caption_one(
    captioner: Captioner,
    path: Path,
    stem: Path,
    languages: Sequence[str],
    formats: Sequence[str],
    style: str | None,
    keyframes: bool,
) -> None:
    from zimu.captions.preview import Preview
    from zimu.cli.progress import seconds
    from zimu.subtitles.files import write
    from zimu.subtitles.timeline import arrange

    preview = Preview(path.name, captioner.name)
    found: list[Caption] = []
    with seconds(f"captioning {path.name}") as show:
        for item in captioner.iter_captions(
            path,
            languages=languages,
            keyframes=keyframes,
            watch_probe=preview.set_probe,
            watch_clips=preview.add_clips,
            progress=show,
        ):
            found.append(item)
    for language in languages:
        house = style or _STYLES.get(language, "plain")
        mine = [c for c in found if c.language == language]
        shown = arrange(mine, house)
        for name in formats:
            if name != "html":
                target = stem.with_name(f"{stem.name}.{language}.{name}")
                everything = sorted(mine, key=lambda c: c.start_ms) if name == "json" else shown
                write(everything, target, style=house, source=str(path), bundle=captioner.name)
        _print(shown, language)
    if "html" in formats:
        preview.write(stem.with_name(f"{stem.name}.html"), found)
    click.echo(f"written: {stem}.{{{','.join(languages)}}}.{{{','.join(formats)}}}", err=True)


def _print(captions: Sequence[Caption], language: str) -> None:
    for item in captions:
        start, end = item.start_ms / 1000, item.end_ms / 1000
        click.echo(f"{start:8.2f} {end:8.2f}  {language}  {item.text}")
    sys.stdout.flush()
