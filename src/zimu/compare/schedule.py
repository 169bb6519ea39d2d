"""All runs of a comparison: those that are there are kept, the rest are made side by side."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from zimu.compare.captions import run_captions
from zimu.compare.methods import Method
from zimu.compare.recipes import CompareRecipe
from zimu.compare.results import load_result, save_result
from zimu.compare.runs import fingerprint, run_trained
from zimu.compare.sources import read_parts, save_parts
from zimu.errors import ZimuError

__all__ = ["Failure", "Job", "make", "prepare_data", "run_all", "run_path"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """One run to be made: a case of the data, a method that is trained, a seed."""

    case: str
    method: Method
    seed: int


@dataclass(frozen=True)
class Failure:
    """A run that could not be made, and why."""

    case: str
    method: str
    seed: int
    reason: str


def run_path(out: Path, job: Job) -> Path:
    """Return where a run's result lies."""
    return out / "runs" / (job.case or "all") / job.method.name.replace(" ", "_") / f"seed{job.seed}.npz"


def prepare_data(recipe: CompareRecipe, out: Path, case: str) -> tuple[Path, str]:
    """Return the kept data of a case and their hash; they are made where they are not there.

    Raises:
        ZimuError: The data cannot be read.
    """
    path, note = out / "data" / f"{case or 'all'}.npz", out / "data" / f"{case or 'all'}.txt"
    wanted = repr((recipe.source, recipe.data, recipe.cases.get(case), recipe.absent))
    if path.is_file() and note.is_file():
        digest, _, made_by = note.read_text("utf-8").partition("\n")
        if made_by == wanted:
            return path, digest
    path.parent.mkdir(parents=True, exist_ok=True)
    note.unlink(missing_ok=True)
    digest = save_parts(read_parts(recipe, case), path)
    note.write_text(f"{digest}\n{wanted}", "utf-8")
    return path, digest


def run_all(
    recipe: CompareRecipe,
    methods: Sequence[Method],
    seeds: int,
    out: Path,
    *,
    jobs: int = 1,
    report: Callable[[int, int, str], None] = lambda done, total, text: None,
) -> list[Failure]:
    """Make every run that is not there yet; one that fails is listed and the others go on.

    Args:
        recipe: The comparison.
        methods: Those that are not trained are passed over.
        seeds: 0 to seeds - 1.
        out: Folder of the results; a run that is killed leaves nothing behind.
        jobs: Processes.
        report: Called with runs done, runs in all and the last one's name.
    """
    cases = list(recipe.cases) or [""]
    data = {case: prepare_data(recipe, out, case) for case in cases}
    # Seed by seed: stopped early, all methods have the same seeds.
    wanted = [Job(c, m, s) for s in range(seeds) for c in cases for m in methods if m.trained]
    missing = [j for j in wanted if _missing(recipe, j, out, data[j.case][1])]
    failures, done = [], len(wanted) - len(missing)
    report(done, len(wanted), "taken up")
    for job, reason in _made(recipe, missing, out, data, jobs):
        if reason:
            failures.append(Failure(job.case, job.method.name, job.seed, reason))
        done += 1
        report(done, len(wanted), f"{job.method.name} {job.case} seed {job.seed}".replace("  ", " "))
    return failures


def _missing(recipe: CompareRecipe, job: Job, out: Path, data_hash: str) -> bool:
    path = run_path(out, job)
    return load_result(path, fingerprint(recipe, job.method, data_hash)) is None


def _made(
    recipe: CompareRecipe, missing: Sequence[Job], out: Path, data: dict[str, tuple[Path, str]], jobs: int
) -> Iterator[tuple[Job, str]]:
    """Yield each job as it ends, with the reason where it failed."""
    if jobs == 1:
        for job in missing:
            yield job, make(recipe, job, out, *data[job.case])
        return
    # A fresh process each: forking one that has run torch may hang.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        queue = iter(missing)
        running: dict[Future[str], Job] = {}
        while True:
            for job in queue:
                running[pool.submit(make, recipe, job, out, *data[job.case])] = job
                if len(running) >= 2 * jobs:
                    break
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()


def make(recipe: CompareRecipe, job: Job, out: Path, data: Path, data_hash: str) -> str:
    """Make one run and write it; return why it failed, or nothing."""
    run = run_trained if recipe.caption is None else run_captions
    try:
        save_result(run(recipe, job.method, job.seed, data, data_hash), run_path(out, job))
    except ZimuError as error:
        return str(error)
    except Exception as error:
        # One method that breaks must not take a night's work of others with it; the log has the whole story.
        _log.exception("%s seed %d failed", job.method.name, job.seed)
        return f"{type(error).__name__}: {error}"
    return ""
