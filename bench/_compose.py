"""Long tracks of real recordings at known times: speech of `grid_s1` and `speech`, sounds of `esc10`.

Of GRID the times of the words are known; a recording of `speech` is taken to be spoken where it is less than
30 dB under its loudest 20 ms. Speech lies at -24 dB, sounds at -30 to -16 dB of full scale.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zimu.media.reader import iter_media
from zimu.media.requests import SampleRequest
from zimu.streams import Samples

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
RATE_HZ = 16000

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Spoken:
    """A recording of speech: what is said from when to when, in seconds."""

    values: Floats
    start_s: float
    end_s: float
    text: str
    language: str


@dataclass(frozen=True)
class Placed:
    """Something in a track: "speech" or the kind of sound, and its stretch in seconds."""

    kind: str
    start_s: float
    end_s: float
    text: str = ""
    language: str = "en"


@lru_cache(maxsize=2048)
def read(path: Path) -> Floats:
    """Return a file's sound, mono at 16 kHz."""
    items = iter_media(path, frames=None, samples=SampleRequest(RATE_HZ))
    return np.concatenate([item.values for item in items if isinstance(item, Samples)])


def loud_part(values: Floats, under_db: float = 30.0, hop: int = 320) -> tuple[float, float]:
    """Return from when to when a recording is less than so much under its loudest, in seconds."""
    power = np.square(values[: len(values) // hop * hop].reshape(-1, hop)).mean(1)
    loud = np.flatnonzero(power > power.max() * 10 ** (-under_db / 10))
    return float(loud[0] * hop / RATE_HZ), float((loud[-1] + 1) * hop / RATE_HZ)


def grid_sentences(split: str, count: int) -> list[Spoken]:
    """Return sentences of GRID, evenly from all its verbs, with the times of their first and last words."""
    folder = DATA / "grid_s1"
    rows = [json.loads(line) for line in (folder / "transcripts.jsonl").read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["split"] == split]
    rows = rows[:: max(1, len(rows) // count)][:count]
    return [
        Spoken(read(folder / r["file"]), r["words"][0]["start"], r["words"][-1]["end"], r["text"], "en")
        for r in rows
    ]


def recordings() -> list[Spoken]:
    """Return the recordings of `speech`, but for one in which a crowd is heard in the pauses."""
    folder = DATA / "speech"
    with (folder / "transcripts.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if "jfk" not in row["file"].lower()]
    out = []
    for row in rows:
        values = read(folder / "audio" / row["file"])
        out.append(Spoken(values, *loud_part(values), row["text"], row["language"]))
    return out


def sounds(folds: Sequence[int]) -> list[tuple[str, Floats]]:
    """Return the sounds of ESC-10's folds, without the silence at their ends."""
    folder = DATA / "esc10"
    with (folder / "meta.csv").open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if int(r["fold"]) in folds]
    kind = "category" if "category" in rows[0] else "target"
    out = []
    for row in rows:
        values = read(folder / "audio" / row["file"])
        start, end = loud_part(values, 35.0, 1600)
        out.append((row[kind], values[round(start * RATE_HZ) : round(end * RATE_HZ)]))
    return out


def at_level(values: Floats, level_db: float) -> Floats:
    """Return a sound whose loud parts have a level; it never clips."""
    loud = float(np.sqrt(np.mean(np.square(values[np.abs(values) > 0.1 * np.abs(values).max()]))))
    gain = min(10 ** (level_db / 20) / max(loud, 1e-5), 0.95 / max(float(np.abs(values).max()), 1e-5))
    return (values * np.float32(gain)).astype(np.float32)


def pink(rng: np.random.Generator, count: int, level_db: float) -> Floats:
    """Return pink noise of a level."""
    spectrum = np.fft.rfft(rng.normal(size=count))
    spectrum /= np.sqrt(np.maximum(1, np.arange(len(spectrum))))
    values = np.fft.irfft(spectrum, count)
    return (values * 10 ** (level_db / 20) / values.std()).astype(np.float32)


def compose(
    rng: np.random.Generator,
    spoken: Sequence[Spoken],
    heard: Sequence[tuple[str, Floats]] = (),
    *,
    noise_db: float = -55.0,
    pauses_s: Sequence[float] = (0.15, 0.3, 0.8, 2.0, 6.0),
) -> tuple[Floats, list[Placed]]:
    """Lay recordings and sounds in random order one after the other, over pink noise.

    Args:
        rng: Decides order, pauses and levels.
        spoken: Recordings, cut to what is said.
        heard: Sounds between them.
        noise_db: The level of the noise.
        pauses_s: What may lie between two, in seconds.

    Returns:
        The sound, and what is in it, in order of time.
    """
    items: list[Spoken | tuple[str, Floats]] = [*spoken, *heard]
    order = rng.permutation(len(items)).tolist()
    pieces: list[tuple[float, Floats]] = []
    placed: list[Placed] = []
    at = 2.0
    for k in order:
        item = items[k]
        at += float(rng.choice(pauses_s))
        if isinstance(item, Spoken):
            # A recording keeps what lies around its words, as far as nobody else speaks there.
            first = max(0.0, item.start_s - 0.1)
            last = min(len(item.values) / RATE_HZ, item.end_s + 0.1)
            values = at_level(item.values[round(first * RATE_HZ) : round(last * RATE_HZ)], -24.0)
            pieces.append((at, values))
            here = at + item.start_s - first
            placed.append(Placed("speech", here, here + item.end_s - item.start_s, item.text, item.language))
        else:
            kind, sound = item
            values = at_level(sound, float(rng.uniform(-30, -16)))
            pieces.append((at, values))
            placed.append(Placed(kind, at, at + len(values) / RATE_HZ))
        at += len(values) / RATE_HZ
    track = pink(rng, round((at + 3) * RATE_HZ), noise_db)
    for start, values in pieces:
        first = round(start * RATE_HZ)
        track[first : first + len(values)] += values
    return np.clip(track, -1, 1), placed
