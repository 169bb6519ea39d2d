"""Where somebody speaks, by the sound alone: how much of the time is found, and what is missed, clip by clip.

Run: python -m bench.speech [TRACKS] [--tune] [--clips]

Each track carries 20 sentences of GRID, ten recordings of `speech` and 16 sounds of ESC-10, with pauses of
0.8 to 6 s, over pink noise. The tracks reported have sentences of GRID's validation part, every second
recording and ESC-10's fold 5; with --tune they have sentences of the training part, the other recordings and
folds 1 to 4: there alone settings are chosen. --clips names each clip of which something is missed.

A recording of `speech` counts as spoken where it is audible: less than 20 dB under its loudest, pauses up to
0.2 s included. Of a sentence of GRID the word times tell from where to where; as the first word often begins
in them where nothing is heard yet (of "lay", 0.16 s before the loudness rises, in the middle), a second line
counts only what is audible of the sentence, from the first such moment to the last.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from bench._compose import RATE_HZ, Placed, compose, grid_sentences, recordings, sounds

from zimu.captions.speech import speech_finder
from zimu.clips.speech import Speech
from zimu.streams import Samples

SENTENCES, RECORDINGS, SOUNDS = 20, 10, 16
PAUSES_S = (0.8, 1.5, 3.0, 6.0)
NOISE_DB = -52.0
EDGES_MS = (50, 100, 400, 800)

Mask = npt.NDArray[np.bool_]


def spoken_mask(
    placed: list[Placed], values: npt.NDArray[np.float32], hops: int, *, audible: bool = False
) -> Mask:
    """Return in which hops of 10 ms somebody speaks; see above for what `audible` leaves out."""
    mask = np.zeros(hops, bool)
    power = 10 * np.log10(np.square(values[: len(values) // 160 * 160].reshape(-1, 160)).mean(1) + 1e-9)
    for p in placed:
        if p.kind != "speech":
            continue
        first, last = round(p.start_s * 100), round(p.end_s * 100)
        smooth = np.convolve(np.pad(power[first:last], 1, mode="edge"), np.ones(3) / 3, mode="valid")
        part = smooth > smooth.max() - 20
        loud = np.flatnonzero(part)
        if not p.text.islower():
            for a, b in pairwise(loud):
                part[a:b] |= b - a <= 20
        elif audible:
            part[loud[0] : loud[-1]] = True
        else:
            part[:] = True
        mask[first:last] |= part[: max(0, hops - first)]
    return mask


def heard_mask(speech: Speech) -> Mask:
    """Return in which hops of 10 ms speech was found."""
    heard = np.zeros(len(speech.activity), bool)
    for span in speech.spans:
        heard[round(span.start * 100) : round(span.end * 100)] = True
    return heard


def speech_edges(placed: list[Placed], speech: Speech) -> list[tuple[float, float]]:
    """Return by how much each sentence of GRID begins and ends late, in ms, where pauses make that clear."""
    said = [p for p in placed if p.kind == "speech" and p.text.islower()]
    out = []
    for p in said:
        spans = [s for s in speech.spans if float(s.start) < p.end_s and float(s.end) > p.start_s]
        if spans:
            out.append((1000 * (float(spans[0].start) - p.start_s), 1000 * (float(spans[-1].end) - p.end_s)))
    return out


def listen(values: npt.NDArray[np.float32]) -> Speech:
    """Return where somebody speaks in a track, heard a second at a time."""
    finder = speech_finder()
    for first in range(0, len(values), RATE_HZ):
        finder.feed(Samples(Fraction(first, RATE_HZ), RATE_HZ, values[first : first + RATE_HZ]))
    return finder.speech()


def line(name: str, errors_ms: list[float]) -> str:
    """Return a row: which share of the errors is how small."""
    found = np.abs(np.array(errors_ms))
    shares = "  ".join(f"{(found <= ms).mean():5.1%} within {ms} ms" for ms in EDGES_MS)
    return f"{name:22}{shares}  (median {np.median(errors_ms):+.0f} ms)"


@dataclass
class Tally:
    """Hops of 10 ms: spoken, audible, found of each, heard, and heard in sounds and in clips' pauses."""

    spoken: int = 0
    found: int = 0
    audible: int = 0
    found_audible: int = 0
    heard: int = 0
    in_sounds: int = 0
    in_pauses: int = 0

    def add(self, placed: list[Placed], values: npt.NDArray[np.float32], speech: Speech) -> Mask:
        """Count one track, and return where speech is missed."""
        heard = heard_mask(speech)
        mask = spoken_mask(placed, values, len(heard))
        audible = spoken_mask(placed, values, len(heard), audible=True)
        self.spoken += int(mask.sum())
        self.found += int((mask & heard).sum())
        self.audible += int(audible.sum())
        self.found_audible += int((audible & heard).sum())
        self.heard += int(heard.sum())
        wrong = heard & ~mask
        for p in placed:
            count = int(wrong[round(p.start_s * 100) : round(p.end_s * 100)].sum())
            if p.kind == "speech":
                self.in_pauses += count
            else:
                self.in_sounds += count
        return mask & ~heard

    def __str__(self) -> str:
        wrong = self.heard - self.found
        around = wrong - self.in_pauses - self.in_sounds
        found, audible = self.found / self.spoken, self.found_audible / self.audible
        return (
            f"speech: {found:.1%} of its time found ({audible:.1%} of what is audible), "
            f"{self.found / self.heard:.1%} of what is found is speech\n"
            f"of {wrong / 100:.1f} s found too much: "
            f"pauses inside the recordings {self.in_pauses / 100:.1f} s, before and after them "
            f"{around / 100:.1f} s, other sounds {self.in_sounds / 100:.1f} s"
        )


def print_missed(seed: int, placed: list[Placed], missed: Mask) -> None:
    """Name the clips of which something is missed, most first, and what was heard before each."""
    counts = [int(missed[round(p.start_s * 100) : round(p.end_s * 100)].sum()) for p in placed]
    for k in np.argsort(counts)[::-1]:
        p = placed[k]
        if p.kind != "speech" or not counts[k]:
            continue
        before = "nothing" if k == 0 else placed[k - 1].kind
        print(
            f"  track {seed}, {p.start_s:6.1f} s: {counts[k] * 10} ms of {(p.end_s - p.start_s) * 1000:.0f} "
            f"missed, after {before}: {p.text[:40]}"
        )


def main() -> None:
    """Print how much of the time of speech is found, and where its edges lie."""
    parser = argparse.ArgumentParser(prog="python -m bench.speech")
    parser.add_argument("tracks", nargs="?", type=int, default=2)
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--clips", action="store_true")
    given = parser.parse_args()
    sentences = grid_sentences("train" if given.tune else "val", SENTENCES * given.tracks)
    spoken, noises = recordings()[given.tune :: 2], sounds([1, 2, 3, 4] if given.tune else [5])
    tally, edges, seconds = Tally(), list[tuple[float, float]](), 0.0
    for number in range(given.tracks):
        seed = number + (1000 if given.tune else 500)
        rng = np.random.default_rng(seed)
        own = sentences[number :: given.tracks] + [
            spoken[i] for i in rng.permutation(len(spoken))[:RECORDINGS]
        ]
        some = [noises[i] for i in rng.permutation(len(noises))[:SOUNDS]]
        values, placed = compose(rng, own, some, noise_db=NOISE_DB, pauses_s=PAUSES_S)
        speech = listen(values)
        missed = tally.add(placed, values, speech)
        edges += speech_edges(placed, speech)
        seconds += len(values) / RATE_HZ
        if given.clips:
            print_missed(seed, placed, missed)
    print(f"{given.tracks} tracks, {seconds / 60:.1f} min{', for tuning' if given.tune else ''}")
    print(tally)
    print(line("speech begins", [a for a, _ in edges]))
    print(line("speech ends", [b for _, b in edges]))


if __name__ == "__main__":
    main()
