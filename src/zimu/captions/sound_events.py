"""From scores over time to the sounds that are told: begin, last, end, and which of several."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from zimu.captions.wording import Wording
from zimu.errors import ConfigError

__all__ = ["EventFinder", "SoundEvent", "SoundSettings", "choose_events"]


@dataclass(frozen=True, slots=True)
class SoundSettings:
    """How scores become sounds that are told.

    Attributes:
        hold: A sound that was heard lasts while its score stays above this share of its threshold.
        gap_s: The same sound, heard again within this many seconds, still lasts and is not told again.
        edge_s: A sound reaches this far, in seconds, beyond the middle of the first and last patch with it.
        specific: A sound is told instead of one that says less if its score is at least this share of it.
        weaker: Beside a stronger sound a sound is told only if its score is at least this share of it.
        together: At most so many sounds are told at one time.
        speech: From this score on somebody speaks.
        longest_s: A caption is shown at most so long; the sound may last longer. None shows it to its end.
    """

    hold: float = 0.5
    gap_s: float = 2.0
    edge_s: float = 0.24
    specific: float = 0.5
    weaker: float = 0.3
    together: int = 2
    speech: float = 0.5
    longest_s: float | None = 5.0

    def __post_init__(self) -> None:
        for name in ("hold", "specific", "weaker"):
            if not 0 < getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)}. It must be above 0 and at most 1.")
        if self.together < 1:
            raise ConfigError(f"together is {self.together}. It must be at least 1.")


@dataclass(frozen=True, slots=True)
class SoundEvent:
    """A sound from its beginning to its end.

    Attributes:
        sound: Its index in `Wording.sounds`.
        start_s: Seconds from the start of the file.
        end_s: Seconds, exclusive.
        times: float64 [S], the middle of each patch, seconds from the start of the file.
        scores: float32 [S], the score of the sound there, 0 to 1.
    """

    sound: int
    start_s: float
    end_s: float
    times: npt.NDArray[np.float64] = field(compare=False)
    scores: npt.NDArray[np.float32] = field(compare=False)

    @property
    def peak(self) -> float:
        """The highest score."""
        return float(self.scores.max())


@dataclass(slots=True)
class _Open:
    """A sound that is being heard, or may be about to be."""

    start: float
    last: float
    heard: bool = False
    run_heard: bool = False
    active: int = 0
    run: int = 0
    times: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)


class EventFinder:
    """Follows every sound of a table through the patches of a file, in bounded memory.

    Args:
        wording: The table.
        settings: See `SoundSettings`.
        hop_s: Seconds from one patch to the next.
    """

    def __init__(self, wording: Wording, settings: SoundSettings, hop_s: float) -> None:
        self._wording, self._settings, self._hop_s = wording, settings, hop_s
        self._quiet = np.array([not s.with_speech for s in wording.sounds])
        self._open: dict[int, _Open] = {}
        self._events: list[SoundEvent] = []

    def feed(self, times: npt.NDArray[np.float64], scores: npt.NDArray[np.float32]) -> None:
        """Take the next patches.

        Args:
            times: float64 [P], the middle of each patch, seconds, rising.
            scores: float32 [P, classes].
        """
        level, relative = self._wording.levels(scores)
        hushed = (self._wording.speech_score(scores) >= self._settings.speech)[:, None] & self._quiet
        begins = (relative >= 1) & ~hushed
        stays = relative >= self._settings.hold
        for row, time in enumerate(times.tolist()):
            for sound in np.flatnonzero(stays[row]).tolist():
                if sound not in self._open:
                    self._open[sound] = _Open(time, time)
            for sound in tuple(self._open):
                self._advance(
                    sound, time, float(level[row, sound]), bool(stays[row, sound]), bool(begins[row, sound])
                )

    def finish(self) -> list[SoundEvent]:
        """Return all sounds in order of their beginning; what still lasts ends here."""
        for sound in tuple(self._open):
            self._close(sound)
        return sorted(self._events, key=lambda e: (e.start_s, e.sound))

    def _advance(self, sound: int, time: float, level: float, stays: bool, begins: bool) -> None:
        state = self._open[sound]
        state.run = state.run + 1 if stays else 0
        state.run_heard = stays and (state.run_heard or begins)
        if state.run_heard:
            # What came before in this run counts from now on: the sound rose before it was certain.
            state.active += state.run
            state.run, state.last, state.heard = 0, time, True
        elif not state.heard:
            if not stays:
                del self._open[sound]
                return
        elif time - state.last > self._settings.gap_s:
            self._close(sound)
            return
        state.times.append(time)
        state.scores.append(level)

    def _close(self, sound: int) -> None:
        state = self._open.pop(sound)
        if not state.heard or state.active * self._hop_s < self._wording.sounds[sound].minimum_s:
            return
        times = np.array(state.times)
        keep = times <= state.last
        edge = self._settings.edge_s
        self._events.append(
            SoundEvent(
                sound,
                max(0.0, state.start - edge),
                state.last + edge,
                times[keep],
                np.array(state.scores, np.float32)[keep],
            )
        )


def choose_events(events: list[SoundEvent], wording: Wording, settings: SoundSettings) -> list[SoundEvent]:
    """Return the events that are told, in order of their beginning.

    The strongest first; what says more counts for more. Beside a rival (of the same family, or one that says
    more or less of the same) only that part of a sound is told that comes before it, and where `together`
    sounds are told, no other.
    """
    told: list[SoundEvent] = []
    for event in sorted(events, key=lambda e: (-_strength(e, wording, settings), e.start_s, e.sound)):
        around = [t for t in told if t.start_s < event.end_s and event.start_s < t.end_s]
        if any(event.peak < settings.weaker * t.peak for t in around):
            continue
        end = min((t.start_s for t in around if _rivals(event.sound, t.sound, wording)), default=event.end_s)
        part = _until(event, min(end, event.end_s))
        part = None if part is None else _where_few(part, around, settings.together)
        if part is None:
            continue
        # What was cut must still be long enough; the finder has seen to the rest.
        if part is event or part.end_s - part.start_s >= wording.sounds[event.sound].minimum_s:
            told.append(part)
    return sorted(told, key=lambda e: (e.start_s, e.sound))


def _strength(event: SoundEvent, wording: Wording, settings: SoundSettings) -> float:
    return float(event.peak / settings.specific ** len(wording.sounds[event.sound].wider))


def _rivals(one: int, other: int, wording: Wording) -> bool:
    a, b = wording.sounds[one], wording.sounds[other]
    return a.family == b.family or one in b.wider or other in a.wider


def _until(event: SoundEvent, end_s: float) -> SoundEvent | None:
    """Return the event cut off at a time, or None where nothing that was heard is left."""
    if end_s >= event.end_s:
        return event
    return _cut(event, event.start_s, end_s)


def _where_few(event: SoundEvent, around: list[SoundEvent], together: int) -> SoundEvent | None:
    """Return the first stretch of an event during which fewer than `together` others are told."""
    if len(around) < together:
        return event
    bounds = sorted(
        {event.start_s, event.end_s}
        | {t for o in around for t in (o.start_s, o.end_s) if event.start_s < t < event.end_s}
    )
    start: float | None = None
    for left, right in pairwise(bounds):
        crowded = sum(o.start_s < right and left < o.end_s for o in around) >= together
        if crowded and start is not None:
            return _cut(event, start, left)
        if not crowded and start is None:
            start = left
    return None if start is None else _cut(event, start, event.end_s)


def _cut(event: SoundEvent, start_s: float, end_s: float) -> SoundEvent | None:
    keep = (event.times >= start_s) & (event.times < end_s)
    if not keep.any():
        return None
    return SoundEvent(event.sound, start_s, end_s, event.times[keep], event.scores[keep])
