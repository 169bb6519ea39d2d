"""`zimu caption`: videos, pictures and sound files in, subtitle files out."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zimu.cli.into_video import IntoVideo
from zimu.cli.showing import Showing
from zimu.errors import ConfigError, MediaError, unknown_name

if TYPE_CHECKING:
    from zimu.captions.batch import Job
    from zimu.cli.captioning import Settings

__all__ = ["caption"]


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("videos", nargs=-1, required=True, metavar="VIDEO...")
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
@click.option("--every-frame", is_flag=True, help="Decode frames that no other needs, too: exact cuts.")
@click.option("--show", help="speech, sound, scene, with commas  [all that there is]")
@click.option(
    "--speech", type=click.Path(path_type=Path), help="What is said: subtitles, Whisper's JSON, or a .txt."
)
@click.option(
    "--terms",
    type=click.Path(path_type=Path),
    help="Names and terms for speech, one a line, or what `zimu ocr` read.",
)
@click.option("--descriptions", is_flag=True, help="Scenes in a WebVTT file of their own, in the pauses.")
@click.option("--mux", is_flag=True, help="Also write a copy of the video with the captions as tracks.")
@click.option("--burn", is_flag=True, help="Also write a copy with the captions drawn on it (extra burn).")
@click.option("--font", type=click.Path(path_type=Path), help="A font file for --burn.")
@click.option("--jobs", "-j", type=click.IntRange(1), default=1, show_default=True, help="Files at a time.")
@click.option("--overwrite", is_flag=True, help="Caption again what an earlier batch captioned.")
@click.option("--threads", type=click.IntRange(0), default=0, help="Threads of inference  [half the cores]")
def caption(
    videos: tuple[str, ...],
    bundle: str | None,
    language: str,
    formats: str,
    output: Path | None,
    style: str | None,
    keyframes: bool,
    every_frame: bool,
    show: str | None,
    speech: Path | None,
    terms: Path | None,
    descriptions: bool,
    mux: bool,
    burn: bool,
    font: Path | None,
    jobs: int,
    overwrite: bool,
    threads: int,
) -> int:
    """Caption each VIDEO (a video, a picture or a sound file) in Chinese and English, offline.

    A folder stands for all videos and sound files in it, a quoted pattern for all that fit it, - for the
    lines of standard input. Several files are a batch: it goes on where an interrupted one was, and no bad
    file stops it.
    """
    # NumPy has little to multiply here: threads of its own would only spin beside those that have work to do.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Loading makes a hundred thousand objects that stay: the collector would look through them many times.
    gc.disable()
    click.get_current_context().call_on_close(gc.enable)
    from zimu.arenas import share_arenas
    from zimu.media.starting import prepare

    share_arenas()
    prepare()  # the decoder loads its libraries while this process loads the model
    from zimu.captions.batch import Job, find_inputs
    from zimu.cli.captioning import Settings, caption_files, captioner_of

    showing = Showing(_list(show) if show is not None else None, speech, terms, descriptions)
    settings = Settings(
        bundles=showing.bundles(_list(bundle) if bundle else None),
        languages=_list(language),
        formats=_list(formats),
        style=style,
        keyframes=keyframes,
        every_frame=every_frame,
        threads=threads,
        into_video=IntoVideo(mux, burn, font),
        showing=showing,
    )
    _check_names(settings.formats, style)
    paths = find_inputs(videos, sys.stdin if "-" in videos else ())
    is_one = len(paths) == 1 and paths[0] == Path(videos[0])
    if is_one and not paths[0].exists():
        raise MediaError(f"There is no file {paths[0]}.")
    if not paths:
        raise ConfigError("Standard input names no file.")
    settings.into_video.check(paths, settings.languages)
    if speech is not None and len(paths) > 1:
        raise ConfigError("--speech belongs to one video, and several are named. Caption them one by one.")
    captioner = captioner_of(settings.bundles, threads)
    gc.freeze()
    gc.enable()
    click.echo(f"bundle: {captioner.name}", err=True)
    for name in settings.languages:
        if name not in captioner.languages:
            raise unknown_name(f"language of {captioner.name}:", name, captioner.languages)
    todo = [Job(*pair) for pair in zip(paths, _stems(paths, output), strict=True)]
    if is_one:
        _caption_one(todo[0], settings)
        return 0
    return caption_files(todo, settings, jobs, overwrite)


def _check_names(formats: Sequence[str], style: str | None) -> None:
    """Tell a wrong name before work starts."""
    from zimu.subtitles.formats import FORMATS
    from zimu.subtitles.styles import style_of

    for name in formats:
        if name not in FORMATS and name != "html":
            raise unknown_name("format", name, [*FORMATS, "html"])
    if not formats:
        raise ConfigError("No format is asked for. Name one, for instance --format srt.")
    if style is not None:
        style_of(style)


def _stems(videos: Sequence[Path], output: Path | None) -> list[Path]:
    """Return where each video's files begin; a second video of one name gets its folder's name too."""
    stems: dict[Path, None] = {}
    for path in videos:
        folder = output or path.parent
        stem = folder / path.stem
        if stem in stems:
            stem = folder / f"{path.absolute().parent.name}.{path.stem}"
        number = 2
        while stem in stems:
            stem = folder / f"{path.absolute().parent.name}.{path.stem}.{number}"
            number += 1
        stems[stem] = None
    if output is not None:
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"The folder {output} cannot be made: {error.strerror}.") from error
    return list(stems)


def _caption_one(job: Job, settings: Settings) -> None:
    from zimu.cli.captioning import caption_file
    from zimu.cli.progress import seconds

    with seconds(f"captioning {job.source.name}") as show:
        shown = caption_file(job, lambda share: show(100 * share, 100.0), settings)
    for language, captions in shown.items():
        for start_ms, end_ms, text in captions:
            click.echo(f"{start_ms / 1000:8.2f} {end_ms / 1000:8.2f}  {language}  {text}")
    sys.stdout.flush()
    click.echo(
        f"written: {job.stem}.{{{','.join(settings.languages)}}}.{{{','.join(settings.formats)}}}", err=True
    )
