"""Tracks of a minute with known sounds at known times, and how well sound captions find them.

Clips of single sounds are laid over silence, noise or speech. What a clip's table does not name (thunder in a
clip of rain, a bird in one of waves) counts as wrong when it is told, so precision is a lower bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zimu.captions.sound_events import SoundEvent
from zimu.captions.wording import Wording
from zimu.errors import unknown_name

__all__ = [
    "BACKGROUNDS",
    "ESC10_CLASSES",
    "Heard",
    "Track",
    "TrackScore",
    "compose_tracks",
    "score_tracks",
    "sounds_of_kinds",
]

_Array = npt.NDArray[np.float32]

RATE_HZ = 16000
BACKGROUNDS = ("silence", "noise", "speech")

# The ten kinds of ESC-10 and the classes of AudioSet that bear their names.
ESC10_CLASSES: Mapping[str, tuple[str, ...]] = {
    "dog_bark": ("Dog", "Bark"),
    "rain": ("Rain", "Raindrop", "Rain on surface"),
    "sea_waves": ("Ocean", "Waves, surf"),
    "baby_cry": ("Baby cry, infant cry",),
    "clock_tick": ("Clock", "Tick", "Tick-tock"),
    "person_sneeze": ("Sneeze",),
    "helicopter": ("Helicopter",),
    "chainsaw": ("Chainsaw",),
    "rooster": ("Chicken, rooster", "Crowing, cock-a-doodle-doo"),
    "fire_crackling": ("Fire", "Crackle"),
}


@dataclass(frozen=True, slots=True)
class Heard:
    """A sound that is in a track: its kind, and its stretch in seconds."""

    kind: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Track:
    """A made track.

    Attributes:
        background: One of `BACKGROUNDS`.
        values: float32 [n] at 16 kHz.
        truth: What is in it, in order of time.
    """

    background: str
    values: _Array
    truth: tuple[Heard, ...]


@dataclass(frozen=True, slots=True)
class TrackScore:
    """How well the sounds of some tracks were told.

    Attributes:
        truths: Sounds that are in the tracks.
        told: Sounds that were told.
        right: Told, and of the kind that is there at that time.
        vague: Told in words that say less of what is there ("animal sounds" for a dog).
        found: Sounds in the tracks that were told rightly at least once.
        start_errors: float64 [found], seconds by which the first telling begins late.
        end_errors: float64 [found], seconds by which the last telling ends late.
    """

    truths: int
    told: int
    right: int
    vague: int
    found: int
    start_errors: npt.NDArray[np.float64]
    end_errors: npt.NDArray[np.float64]

    @property
    def precision(self) -> float:
        """Right among what was told; 1 where nothing was told."""
        return self.right / self.told if self.told else 1.0

    @property
    def recall(self) -> float:
        """Found among what is there."""
        return self.found / self.truths if self.truths else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def _trim(values: _Array) -> _Array:
    """Return a clip without the quiet at its ends: 100 ms pieces more than 35 dB under the loudest."""
    size = RATE_HZ // 10
    pieces = values[: len(values) // size * size].reshape(-1, size)
    loud = np.sqrt((pieces**2).mean(1))
    where = np.flatnonzero(loud > loud.max() * 10 ** (-35 / 20))
    return values[where[0] * size : (where[-1] + 1) * size]


def _fade(values: _Array) -> _Array:
    ramp = np.minimum(1.0, np.arange(len(values)) / (0.02 * RATE_HZ)).astype(np.float32)
    return values * ramp * ramp[::-1]


def _gain(values: _Array, level_db: float) -> np.float32:
    """Return the factor that brings a sound to a level, or to a peak of 0.9 where that comes first."""
    level = 10 ** (level_db / 20) / max(float(values.std()), 1e-4)
    return np.float32(min(level, 0.9 / max(float(np.abs(values).max()), 1e-4)))


def _background(kind: str, length: int, speech: Sequence[_Array], rng: np.random.Generator) -> _Array:
    out = (1e-4 * rng.standard_normal(length)).astype(np.float32)
    if kind == "noise":
        # Pink as a room's noise is: the power falls with the frequency.
        spectrum = np.fft.rfft(rng.standard_normal(length))
        spectrum /= np.sqrt(np.maximum(1, np.arange(len(spectrum))))
        pink = np.fft.irfft(spectrum, length)
        out += (pink * 10 ** (rng.uniform(-55, -40) / 20) / pink.std()).astype(np.float32)
    elif kind == "speech":
        here = round(rng.uniform(0.2, 1.0) * RATE_HZ)
        while here < length:
            said = speech[int(rng.integers(len(speech)))]
            said = said * _gain(said, -26)
            part = said[: length - here]
            out[here : here + len(part)] += part
            here += len(said) + round(rng.uniform(0.3, 1.5) * RATE_HZ)
    return out


def compose_tracks(
    clips: Sequence[tuple[str, _Array]],
    speech: Sequence[_Array],
    rng: np.random.Generator,
    *,
    seconds: float = 60.0,
    backgrounds: Sequence[str] = BACKGROUNDS,
) -> list[Track]:
    """Lay every clip once into tracks, in random order, over each background in turn.

    Clips are trimmed, brought to a random level from -32 to -14 dB (root of the mean square; a peak of 0.9 at
    most) and set 2.5 to 6 seconds apart, so that no two sound together; speech is at -26 dB.

    Args:
        clips: Kind and float32 [n] of each at 16 kHz.
        speech: Utterances, float32 [n] each.
        rng: Decides everything.
        seconds: Length of a track.
        backgrounds: Which to use, one a track in turn.
    """
    order = rng.permutation(len(clips)).tolist()
    tracks: list[Track] = []
    while order:
        background = backgrounds[len(tracks) % len(backgrounds)]
        values = _background(background, round(seconds * RATE_HZ), speech, rng)
        truth: list[Heard] = []
        here = rng.uniform(1.0, 3.0)
        while order:
            kind, clip = clips[order[-1]]
            clip = _fade(_trim(clip))
            if here + len(clip) / RATE_HZ > seconds - 0.5:
                break
            order.pop()
            clip = clip * _gain(clip, rng.uniform(-32, -14))
            first = round(here * RATE_HZ)
            values[first : first + len(clip)] += clip
            truth.append(Heard(kind, first / RATE_HZ, (first + len(clip)) / RATE_HZ))
            here += len(clip) / RATE_HZ + rng.uniform(2.5, 6.0)
        tracks.append(Track(background, np.clip(values, -1, 1), tuple(truth)))
    return tracks


def sounds_of_kinds(
    wording: Wording, classes: Mapping[str, Sequence[str]] = ESC10_CLASSES
) -> dict[str, frozenset[int]]:
    """Return for each kind the sounds, by index, whose words are right for it.

    Raises:
        UnknownNameError: A class is not in the table.
    """
    out = {}
    for kind, names in classes.items():
        for name in names:
            if name not in wording.class_names:
                raise unknown_name("class", name, wording.class_names)
        out[kind] = frozenset(i for i, s in enumerate(wording.sounds) if set(s.names) & set(names))
    return out


def score_tracks(
    tracks: Iterable[Track],
    told: Iterable[Sequence[SoundEvent]],
    wording: Wording,
    classes: Mapping[str, Sequence[str]] = ESC10_CLASSES,
) -> TrackScore:
    """Compare what was told with what is there.

    Args:
        tracks: The tracks.
        told: What was told of each.
        wording: The table by which it was told.
        classes: {kind: names of its classes}.
    """
    right_for = sounds_of_kinds(wording, classes)
    vague_for = {
        k: frozenset().union(*(wording.sounds[i].wider for i in s)) - s for k, s in right_for.items()
    }
    counts = dict.fromkeys(("truths", "told", "right", "vague", "found"), 0)
    starts, ends = [], []
    for track, events in zip(tracks, told, strict=True):
        counts["truths"] += len(track.truth)
        counts["told"] += len(events)
        for event in events:
            there = {t.kind for t in track.truth if t.start_s < event.end_s and event.start_s < t.end_s}
            if any(event.sound in right_for[k] for k in there):
                counts["right"] += 1
            elif any(event.sound in vague_for[k] for k in there):
                counts["vague"] += 1
        for truth in track.truth:
            hits = [
                e
                for e in events
                if e.sound in right_for[truth.kind] and e.start_s < truth.end_s and truth.start_s < e.end_s
            ]
            if hits:
                counts["found"] += 1
                starts.append(min(e.start_s for e in hits) - truth.start_s)
                ends.append(max(e.end_s for e in hits) - truth.end_s)
    return TrackScore(**counts, start_errors=np.array(starts), end_errors=np.array(ends))
