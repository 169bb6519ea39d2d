"""Words of a clip replaced by the same words of other clips: what is said stays, its neighbours change.

A few hundred clips are soon known by heart: the model tells a short word by its neighbours instead of its
sound. Same words in other surroundings take that way from it, and leave the caption as it is (aligned data
augmentation, Lam et al. 2021, arXiv:2104.01393; departs: within one speaker, pictures and sound alike).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.data.manifest import Sample
from zimu.streams import Stream

__all__ = ["Piece", "Splicer", "join_frames", "join_sounds", "to_own_clock"]

# Seconds over which one sound gives way to the next, so that no join clicks.
_FADE = 0.005


@dataclass(frozen=True)
class Piece:
    """A stretch of a clip that stands in the place of a stretch of the own one.

    Attributes:
        sample: Index of the clip that it is taken from.
        start: Its first second there.
        end: Its last.
        own_start: First second of the place it takes, on the own clip's clock.
        own_end: Last.
    """

    sample: int
    start: float
    end: float
    own_start: float
    own_end: float


class Splicer:
    """Draws which words of a clip come from elsewhere.

    Args:
        samples: Clips; those with `words` (word, start and end in seconds) take part, speaker by speaker.
        share: Of the words that are replaced, where there is another clip with the same.
    """

    def __init__(self, samples: Sequence[Sample], share: float) -> None:
        self.samples, self.share = samples, share
        self._places: dict[tuple[Any, str], list[tuple[int, float, float]]] = {}
        for index, sample in enumerate(samples):
            for word in sample.extra.get("words", ()):
                place = (index, float(word["start"]), float(word["end"]))
                self._places.setdefault(self._key(sample, word), []).append(place)

    def pieces(self, index: int, length_s: float, rng: np.random.Generator) -> list[Piece]:
        """Return the pieces of a clip of `length_s` seconds, in time order and without gaps."""
        sample, pieces, at = self.samples[index], [], 0.0
        for word in sample.extra.get("words", ()):
            start, end = float(word["start"]), float(word["end"])
            chosen = self._draw(index, self._places[self._key(sample, word)], rng)
            if chosen is None or start < at or end <= start:
                continue
            if start > at:
                pieces.append(Piece(index, at, start, at, start))
            pieces.append(Piece(*chosen, start, end))
            at = end
        if at < length_s:
            pieces.append(Piece(index, at, length_s, at, length_s))
        return pieces

    def _draw(
        self, index: int, places: Sequence[tuple[int, float, float]], rng: np.random.Generator
    ) -> tuple[int, float, float] | None:
        """Return where else the word is said, or None where it stays."""
        if rng.random() >= self.share:
            return None
        found = places[int(rng.integers(len(places)))]
        return None if found[0] == index or found[2] <= found[1] else found

    @staticmethod
    def _key(sample: Sample, word: Mapping[str, Any]) -> tuple[Any, str]:
        return sample.extra.get("speaker"), str(word["word"])


def to_own_clock(pieces: Sequence[Piece], times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return times within the joined pieces as times on the own clip's clock."""
    ends = np.cumsum([0.0, *(p.end - p.start for p in pieces)])
    own = np.array([pieces[0].own_start, *(p.own_end for p in pieces)])
    mapped: npt.NDArray[np.float64] = np.interp(times, ends, own)
    return mapped


def join_frames(pieces: Sequence[Piece], streams: Mapping[int, Stream]) -> Stream:
    """Return the frames of the pieces one after another, with times on the own clip's clock.

    Args:
        pieces: In order.
        streams: {sample: all its frames}.
    """
    values, keep, times = [], [], []
    for piece in pieces:
        stream = streams[piece.sample]
        inside = (stream.times >= piece.start) & (stream.times < piece.end)
        scale = (piece.own_end - piece.own_start) / (piece.end - piece.start)
        values.append(stream.values[inside])
        keep.append(stream.keep[inside])
        times.append(piece.own_start + (stream.times[inside] - piece.start) * scale)
    return Stream(np.concatenate(values), np.concatenate(keep), np.concatenate(times))


def join_sounds(
    pieces: Sequence[Piece], sounds: Mapping[int, Stream], rate_hz: int
) -> npt.NDArray[np.float32]:
    """Return the sound of the pieces one after another, joined without clicks.

    Args:
        pieces: In order.
        sounds: {sample: its whole sound [n, 1]}.
        rate_hz: Samples a second.
    """
    fade = round(_FADE * rate_hz)
    out: list[npt.NDArray[np.float32]] = []
    for piece in pieces:
        whole = sounds[piece.sample].values[:, 0]
        part = whole[round(piece.start * rate_hz) : round(piece.end * rate_hz)].astype(np.float32)
        width = min(fade, len(part) // 2)
        if width and len(pieces) > 1:
            ramp = np.linspace(0.0, 1.0, width, dtype=np.float32)
            part[:width] *= ramp
            part[-width:] *= ramp[::-1]
        out.append(part)
    return np.concatenate(out)
