"""Scenes as arrays, and as a folder of clips with a manifest."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zimu.data.manifest import Sample, write_manifest
from zimu.data.scenes.facts import KINDS, Facts
from zimu.data.scenes.files import write_clip
from zimu.data.scenes.motion import Array
from zimu.data.scenes.pictures import draw_frames
from zimu.data.scenes.plan import SHARES, draw, scene_facts, split_of
from zimu.data.scenes.presence import presence
from zimu.data.scenes.sounds import mix_samples
from zimu.data.scenes.wording import LANGUAGES, references
from zimu.errors import ConfigError

__all__ = ["PARTS", "facts_arrays", "make_scenes", "scene_arrays", "scene_references"]

PARTS = ("train", "val", "test")

# Raised whenever the same seed no longer gives the same scenes, so that no folder mixes two generations.
_GENERATION = 1
_SETTINGS = "scenes.json"
_CHUNK = 16


def scene_arrays(
    seed: int, index: int, shares: Mapping[str, float] = SHARES
) -> tuple[npt.NDArray[np.uint8], Array, Facts]:
    """Return one scene without any file.

    Args:
        seed: The seed of the set, 0 or more.
        index: The scene's place in the set; it does not depend on any other scene.
        shares: How likely each kind is, see `SHARES`.

    Returns:
        frames uint8 [50, 96, 96, 3] at 10 Hz, samples float32 [80000] at 16 kHz, and what happens.
    """
    facts = scene_facts(seed, index, shares)
    return (*facts_arrays(facts), facts)


def facts_arrays(facts: Facts) -> tuple[npt.NDArray[np.uint8], Array]:
    """Return the pictures and the sound of `scene_arrays` for a scene whose facts are known."""
    seed, index = facts.seed, facts.index
    return draw_frames(facts, draw(seed, index, 1)), mix_samples(facts, draw(seed, index, 2))


def scene_references(facts: Facts) -> dict[str, tuple[str, ...]]:
    """Return {language: three to five captions} of a scene, the plainest first."""
    return {
        language: tuple(references(facts, language, draw(facts.seed, facts.index, 3 + number)))
        for number, language in enumerate(LANGUAGES)
    }


def make_scenes(
    count: int,
    folder: str | Path,
    *,
    seed: int = 0,
    val: float = 0.1,
    test: float = 0.1,
    shares: Mapping[str, float] = SHARES,
    clips: Collection[str] = PARTS,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write scenes as clips/*.mp4 and manifest.jsonl, and return the manifest's path.

    Scene `i` is the same whatever `count` is, and clips that are there already are kept: a run that was
    killed goes on, and a set can grow. The manifest comes last.

    Args:
        count: How many scenes.
        folder: Where to; it is made.
        seed: Another seed gives other scenes.
        val: The validation part, as a share; it holds about as much, see `split_of`.
        test: The test part, likewise.
        shares: How likely each kind is, see `SHARES`.
        clips: Parts whose clips are written. The others stand in the manifest only; training draws a scene
            without a clip itself, which is quicker than a file and its decoding.
        jobs: Processes; None takes one a core, 1 works in this one.
        progress: Called with the number of scenes that are done and of all.

    Raises:
        ConfigError: A number is out of range, or the folder holds scenes of other settings.
    """
    folder = Path(folder)
    _check(count, seed, val, test, shares)
    (folder / "clips").mkdir(parents=True, exist_ok=True)
    _claim(folder, {"generation": _GENERATION, "seed": seed, "shares": dict(shares)})
    every = (scene_facts(seed, i, shares) for i in range(count))
    wanted = [f.index for f in every if split_of(f, val, test) in clips]
    missing = [i for i in wanted if not _clip(folder, i).exists()]
    done = count - len(missing)
    if progress:
        progress(done, count)
    for made in _run(partial(_write_scenes, folder, seed, shares), missing, jobs or os.cpu_count() or 1):
        done += made
        if progress:
            progress(done, count)
    manifest = folder / "manifest.jsonl"
    write_manifest((_sample(folder, scene_facts(seed, i, shares), val, test) for i in range(count)), manifest)
    return manifest


def _check(count: int, seed: int, val: float, test: float, shares: Mapping[str, float]) -> None:
    wrong = []
    if count < 1:
        wrong.append(f"count is {count}; at least 1 is needed")
    if seed < 0:
        wrong.append(f"seed is {seed}; it must be 0 or more")
    if val < 0 or test < 0 or val + test >= 1:
        wrong.append(f"val is {val} and test is {test}; they must be 0 or more and leave a part to train on")
    if set(shares) - set(KINDS) or any(v < 0 for v in shares.values()) or not sum(shares.values()) > 0:
        wrong.append(f"shares is {dict(shares)}; it must give {', '.join(KINDS)} 0 or more, not all 0")
    if wrong:
        raise ConfigError(f"Scenes cannot be made: {'; '.join(wrong)}.")


def _claim(folder: Path, settings: dict[str, object]) -> None:
    """Note the settings in the folder, or refuse a folder that holds clips of others."""
    path, text = folder / _SETTINGS, json.dumps(settings, sort_keys=True)
    if path.exists():
        found = path.read_text(encoding="utf-8").strip()
        if found != text:
            raise ConfigError(
                f"{folder} holds scenes of other settings. Found {found}, wanted {text}. "
                "Choose another folder, or remove this one."
            )
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text + "\n", encoding="utf-8")
    beside.replace(path)


def _clip(folder: Path, index: int) -> Path:
    return folder / "clips" / f"{index:06d}.mp4"


def _write_scenes(folder: Path, seed: int, shares: Mapping[str, float], indices: list[int]) -> int:
    for index in indices:
        frames, samples, _ = scene_arrays(seed, index, shares)
        write_clip(_clip(folder, index), frames, samples)
    return len(indices)


def _run(work: Callable[[list[int]], int], indices: list[int], jobs: int) -> Iterator[int]:
    chunks = [indices[i : i + _CHUNK] for i in range(0, len(indices), _CHUNK)]
    if jobs == 1 or len(chunks) < 2:
        yield from map(work, chunks)
        return
    # Not forked: libraries of the caller may hold threads and locks.
    with ProcessPoolExecutor(min(jobs, len(chunks)), mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, chunks)


def _sample(folder: Path, facts: Facts, val: float, test: float) -> Sample:
    return Sample(
        id=f"{facts.seed}-{facts.index:06d}",
        media={"video": _clip(folder, facts.index)},
        split=split_of(facts, val, test),
        references=scene_references(facts),
        extra={"kind": facts.kind, "seed": facts.seed, "facts": facts.to_json(), "presence": presence(facts)},
    )
