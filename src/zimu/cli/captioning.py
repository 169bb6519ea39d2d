"""What `zimu caption` does to one file, here or in another process, and to many."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zimu.captions.batch import Job, Ledger, fingerprint
from zimu.cli.into_video import IntoVideo
from zimu.cli.showing import Showing, write_descriptions

if TYPE_CHECKING:
    from zimu.captions.captioner import Captioner
    from zimu.clips.speech import Speech
    from zimu.streams import Caption

__all__ = ["Settings", "caption_file", "caption_files", "captioner_of"]

_STYLES = {"zh": "netflix-zh", "en": "netflix-en"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked for; see the command's options.

    Attributes:
        bundles: Names or paths; None takes the default ones.
        languages: Those wanted.
        formats: Names of formats of subtitles, or "html".
        style: A house style, or None for the language's own.
        keyframes: Decode keyframes only.
        every_frame: Decode every frame.
        threads: Threads of inference; 0 lets the library choose.
        into_video: Copies of the video that carry the captions.
        showing: What is shown, and where its words come from.
    """

    bundles: tuple[str, ...] | None
    languages: tuple[str, ...]
    formats: tuple[str, ...]
    style: str | None = None
    keyframes: bool = False
    every_frame: bool = False
    threads: int = 0
    into_video: IntoVideo = field(default_factory=IntoVideo)
    showing: Showing = field(default_factory=Showing)

    @property
    def needs_speech(self) -> bool:
        """Whether it must be known where somebody speaks: for a text laid there, or for descriptions."""
        return self.showing.speech is not None or self.showing.descriptions

    def results(self, job: Job) -> list[Path]:
        """Return the files that captioning a file writes, but for copies of it."""
        texts = [f"{name}.{kind}" for name in self.languages for kind in self.formats if kind != "html"]
        if self.showing.descriptions:
            texts += [f"{name}.descriptions.vtt" for name in self.languages]
        pages = ["html"] if "html" in self.formats else []
        return [job.stem.with_name(f"{job.stem.name}.{end}") for end in (*texts, *pages)]


@lru_cache(maxsize=1)
def captioner_of(bundles: tuple[str, ...] | None, threads: int) -> Captioner:
    """Return the captioner of a process; it serves all files."""
    from zimu.captions.captioner import unread

    return unread(bundles, threads=threads)


def caption_file(
    job: Job, tell: Callable[[float], None], settings: Settings
) -> dict[str, list[tuple[int, int, str]]]:
    """Caption a file and write the results.

    Args:
        job: The file.
        tell: Is told the share that is done.
        settings: What is asked for.

    Returns:
        {language: (start, end, text) of each caption that is shown, in ms}.
    """
    from zimu.subtitles.files import write
    from zimu.subtitles.timeline import arrange

    captioner = captioner_of(settings.bundles, settings.threads)
    found, speech = _captions(captioner, job, tell, settings)
    found = settings.showing.gather(found, speech, settings.languages)
    arranged = {}
    for language in settings.languages:
        house = settings.style or _STYLES.get(language, "plain")
        mine = [c for c in found if c.language == language]
        apart = [c for c in mine if c.kind == "scene"] if settings.showing.descriptions else []
        shown = arrange([c for c in mine if c not in apart], house)
        if settings.showing.descriptions:
            target = job.stem.with_name(f"{job.stem.name}.{language}.descriptions.vtt")
            write_descriptions(apart, speech, target, house, language)
        arranged[language] = shown, house
        for name in settings.formats:
            if name != "html":
                target = job.stem.with_name(f"{job.stem.name}.{language}.{name}")
                everything = sorted(mine, key=lambda c: c.start_ms) if name == "json" else shown
                write(everything, target, style=house, source=str(job.source), bundle=captioner.name)
    if settings.into_video.mux or settings.into_video.burn:
        settings.into_video.write(job.source, job.stem, arranged)
    return {
        language: [(c.start_ms, c.end_ms, c.text) for c in shown] for language, (shown, _) in arranged.items()
    }


def _captions(
    captioner: Captioner, job: Job, tell: Callable[[float], None], settings: Settings
) -> tuple[list[Caption], Speech | None]:
    """Return all captions of a file and where somebody speaks; write its page where one is asked for."""

    def progress(done_s: float, total_s: float | None) -> None:
        if total_s:
            tell(min(1.0, done_s / total_s))

    heard: list[Speech] = []
    run = partial(
        captioner.iter_captions,
        job.source,
        languages=settings.languages,
        keyframes=settings.keyframes,
        every_frame=settings.every_frame,
        watch_speech=heard.append if settings.needs_speech else None,
        progress=progress,
    )
    if "html" not in settings.formats:
        return list(run()), heard[0] if heard else None
    from zimu.captions.preview import Preview

    preview = Preview(job.source.name, captioner.name, captioner.frames)
    found = list(run(watch_probe=preview.set_probe, watch_clips=preview.add_clips))
    preview.write(job.stem.with_name(f"{job.stem.name}.html"), found)
    return found, heard[0] if heard else None


def caption_files(jobs: Sequence[Job], settings: Settings, workers: int, overwrite: bool) -> int:
    """Caption many files and say what became of them; go on where an interrupted run was.

    Args:
        jobs: The files.
        settings: What is asked for.
        workers: Files at a time.
        overwrite: Caption again what is captioned already.

    Returns:
        The exit code: 0 all done, 1 some failed, 2 all failed.
    """
    from zimu.cli.progress import steps
    from zimu.executors import executor

    captioner = captioner_of(settings.bundles, settings.threads)
    captioner.read()  # a damaged bundle is one error, not one a file
    ledger = Ledger(_fingerprint(captioner, settings))
    done = [job for job in jobs if not overwrite and ledger.has(job, settings.results(job))]
    todo = [job for job in jobs if job not in set(done)]
    for job in done:
        click.echo(f"skipped: {job.source}: captioned already with these settings", err=True)
    _sweep(todo, settings)
    if workers > 1 and not settings.threads:
        cores = os.cpu_count() or 1
        settings = replace(settings, threads=max(1, min(4, cores // min(workers, cores))))
    failures = []
    with steps(f"captioning {len(todo)} files") as show:
        shares = _Shares(todo, show)
        work = partial(caption_file, settings=settings)
        for outcome in executor(workers).run(work, todo, shares.tell):
            job = todo[outcome.index]
            shares.finish(outcome.index)
            if outcome.error is None:
                ledger.add(job, settings.results(job))
                show(None, f"written: {_pattern(job, settings)}")
            else:
                failures.append(job)
                named = (
                    outcome.error if str(job.source) in outcome.error else f"{job.source}: {outcome.error}"
                )
                show(None, f"zimu: {named}")
                if outcome.trace and "--debug" in sys.argv:
                    show(None, outcome.trace)
    return _report(jobs, done, failures)


def _report(jobs: Sequence[Job], done: Sequence[Job], failures: Sequence[Job]) -> int:
    parts = [f"{len(jobs) - len(done) - len(failures)} of {len(jobs)} files captioned"]
    if done:
        parts.append(f"{len(done)} skipped (captioned already; --overwrite captions them again)")
    click.echo("; ".join(parts), err=True)
    if failures:
        names = ", ".join(str(job.source) for job in failures)
        click.echo(f"{len(failures)} of {len(jobs)} files failed: {names}", err=True)
    return (2 if len(failures) == len(jobs) else 1) if failures else 0


def _told(job: Job, error: str) -> str:
    from zimu.cli.chinese import in_chinese, prefers_chinese

    named = error if str(job.source) in error else f"{job.source}: {error}"
    return f"zimu：{in_chinese(named)}" if prefers_chinese() else f"zimu: {named}"


def _pattern(job: Job, settings: Settings) -> str:
    return f"{job.stem}.{{{','.join(settings.languages)}}}.{{{','.join(settings.formats)}}}"


def _fingerprint(captioner: Captioner, settings: Settings) -> str:
    import zimu

    asked = {k: v for k, v in asdict(settings).items() if k not in ("threads", "bundles")}
    bundles = [bundle.manifest.model_dump(mode="json") for bundle in captioner.bundles]
    return fingerprint({"zimu": zimu.__version__, "bundles": bundles, **asked})


def _sweep(jobs: Sequence[Job], settings: Settings) -> None:
    """Delete what a killed run left half-written of these results."""
    starts = {
        (path.parent, f".{path.name[:length]}")
        for job in jobs
        for path in settings.results(job)
        for length in (40, None)
    }
    for folder in {folder for folder, _ in starts}:
        for path in folder.glob(".*.part"):
            name = path.name.removesuffix(".part")
            if {(folder, name), (folder, name.rpartition(".")[0])} & starts:
                path.unlink(missing_ok=True)


class _Shares:
    """Adds up how much of a batch is done; a file weighs as many bytes as it has."""

    def __init__(self, jobs: Sequence[Job], show: Callable[[float | None, str], None]) -> None:
        self._sizes = [max(1, job.source.stat().st_size) if job.source.exists() else 1 for job in jobs]
        self._shares = [0.0] * len(jobs)
        self._done = 0
        self._show = show

    def tell(self, index: int, share: float) -> None:
        self._shares[index] = share
        total = sum(self._sizes)
        done = sum(size * share for size, share in zip(self._sizes, self._shares, strict=True))
        self._show(done / max(1, total), f"{self._done} of {len(self._sizes)} done")

    def finish(self, index: int) -> None:
        self._done += 1
        self.tell(index, 1.0)
