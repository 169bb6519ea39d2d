"""Re-timing against real speech: tracks of real recordings at known times, cues moved, found again.

Run: python -m bench.align [TRACKS]

Each track holds 120 sentences of GRID and the 42 recordings of `speech` in random order with pauses of 0.15
to 6 s, between them 40 sounds of ESC-10, over pink noise; speech is found by the bundle `speech`. A cue
begins where its sentence does, give or take what a person errs (a normal deviation of 40 ms), and lingers up
to a second. Errors are those of the starts against where the sentence begins.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np
from bench._compose import RATE_HZ, Placed, compose, grid_sentences, recordings, sounds
from bench.speech import listen

from zimu.clips.speech import HOP_MS
from zimu.subtitles.cue import Cue
from zimu.subtitles.retime import find_segments, retime

TRACKS = 2
# How much faster a file's clock runs: between the rates of film, PAL and NTSC, and recorders that are off.
DRIFTS = (25 / 23.976, 23.976 / 25, 24 / 23.976, 1.001, 0.9985, 1.0004)
KINDS = ("as it is", "offset", "drift", "break", "two breaks", "offset, every tenth line lost")
# Each fault once a track, drift at each of its rates.
FAULTS = [(kind, drift) for kind in KINDS for drift in (DRIFTS if kind == "drift" else (1.0,))]


def cues_of(placed: list[Placed], rng: np.random.Generator) -> list[Cue]:
    """Return a cue for each sentence, timed as a person would."""
    said = [p for p in placed if p.kind == "speech"]
    out = []
    for i, p in enumerate(said):
        start = max(0, round(p.start_s * 1000 + rng.normal(0, 40)))
        free = round(said[i + 1].start_s * 1000) - 80 if i + 1 < len(said) else 10**9
        end = min(round(p.end_s * 1000 + rng.uniform(0, 1000)), max(free, start + 200))
        out.append(Cue(start, end, (p.text,), "speech", p.language))
    return out


def moved(cues: list[Cue], kind: str, drift: float, rng: np.random.Generator) -> list[Cue]:
    """Return the cues with times that are wrong in a way."""
    offset = 0 if kind == "as it is" else int(rng.integers(-60_000, 60_000))
    breaks = {"break": 1, "two breaks": 2}.get(kind, 0)
    places = np.sort(rng.integers(len(cues) // 5, len(cues) * 4 // 5, breaks))
    lengths = rng.integers(5000, 120_000, breaks) * rng.choice([-1, 1])
    out = []
    for i, cue in enumerate(cues):
        shift = offset + int(lengths[places <= i].sum())
        start, end = (round((ms + shift) / drift) for ms in (cue.start_ms, cue.end_ms))
        out.append(replace(cue, start_ms=start, end_ms=end))
    return out


def main() -> None:
    """Print the distribution of errors a kind of fault, and what it costs."""
    tracks = int(sys.argv[1]) if len(sys.argv) > 1 else TRACKS
    errors: dict[str, list[float]] = {kind: [] for kind in KINDS}
    heard_s = listened_s = found_s = 0.0
    sentences, spoken, noises = grid_sentences("train", 120 * tracks), recordings(), sounds([5])
    for seed in range(tracks):
        rng = np.random.default_rng(seed)
        values, placed = compose(
            rng, [*sentences[seed * 120 : (seed + 1) * 120], *spoken], noises[seed::2][:40], noise_db=-50.0
        )
        heard_s += len(values) / RATE_HZ
        begun = time.perf_counter()
        speech = listen(values)
        listened_s += time.perf_counter() - begun
        truth = cues_of(placed, rng)
        starts = [p.start_s * 1000 for p in placed if p.kind == "speech"]
        for kind, drift in FAULTS:
            keep = np.ones(len(truth), bool)
            if "lost" in kind:
                keep = rng.random(len(truth)) >= 0.1
            wrong = moved([c for c, k in zip(truth, keep, strict=True) if k], kind, drift, rng)
            begun = time.perf_counter()
            activity = speech.activity.astype(np.float64)
            right = retime(wrong, find_segments(wrong, activity, HOP_MS, lead_ms=speech.lead_ms))
            found_s += time.perf_counter() - begun
            kept = [s for s, k in zip(starts, keep, strict=True) if k]
            errors[kind] += [abs(c.start_ms - s) for c, s in zip(right, kept, strict=True)]
    print(f"{'fault':32}" + "".join(f"{f'<= {ms} ms':>12}" for ms in (50, 100, 400, 800)))
    for kind, values_ms in errors.items():
        found = np.array(values_ms)
        print(f"{kind:32}" + "".join(f"{(found <= ms).mean():12.1%}" for ms in (50, 100, 400, 800)))
    print(
        f"{heard_s / 60:.0f} min of sound; listening {heard_s / listened_s:.0f} times as fast as it plays, "
        f"re-timing {found_s / tracks / len(FAULTS):.2f} s a file"
    )


if __name__ == "__main__":
    main()
