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
        smoothing: The share that each of the two neighbouring patches has in the scores of a patch.
        hold: A sound that was heard lasts while its score stays above this share of its threshold.
        gap_s: The same sound, heard again within this many seconds, still lasts and is not told again.
        edge_s: A sound reaches this far, in seconds, beyond the middle of the first and last patch with it.
        near_s: Sounds that are no further apart than this, in seconds, count as heard together.
        specific: A sound is told instead of one that says less if its level is at least this share of that
            one's. The level is the score over the threshold.
        weaker: Beside a stronger sound one is told only if its level is at least this share of that one's.
        together: At most so many sounds are told at one time.
        speech: From this score on somebody speaks.
        longest_s: A caption is shown at most so long; the sound may last longer. None shows it to its end.
    """

    smoothing: float = 0.25
    hold: float = 0.6
    gap_s: float = 2.0
    edge_s: float = 0.24
    near_s: float = 0.24
    specific: float = 0.5
    weaker: float = 0.8
    together: int = 2
    speech: float = 0.5
    longest_s: float | None = 5.0

    def __post_init__(self) -> None:
        for name in ("hold", "specific", "weaker"):
            if not 0 < getattr(self, name) <= 1:
                raise ConfigError(f"{name} is {getattr(self, name)}. It must be above 0 and at most 1.")
        if not 0 <= self.smoothing <= 1 / 3:
            raise ConfigError(f"smoothing is {self.smoothing}. It must be from 0 to a third.")
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
        levels: float32 [S], the score over the threshold there: 1 or more is heard.
    """

    sound: int
    start_s: float
    end_s: float
    times: npt.NDArray[np.float64] = field(compare=False)
    scores: npt.NDArray[np.float32] = field(compare=False)
    levels: npt.NDArray[np.float32] = field(compare=False)

    @property
    def peak(self) -> float:
        """The highest score."""
        return float(self.scores.max())

    @property
    def level(self) -> float:
        """The highest score over threshold."""
        return float(self.levels.max())

    def cut(self, start_s: float, end_s: float) -> SoundEvent | None:
        """Return the part between two times, or None where the sound is not heard between them."""
        keep = (self.times >= start_s) & (self.times < end_s)
        if not (self.levels[keep] >= 1).any():
            return None
        return SoundEvent(self.sound, start_s, end_s, self.times[keep], self.scores[keep], self.levels[keep])


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
    levels: list[float] = field(default_factory=list)
    sharp: list[bool] = field(default_factory=list)


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
        # The last two patches, of which the later waits for the one after it.
        self._rows: npt.NDArray[np.float32] | None = None
        self._waiting = np.zeros(0)

    def feed(self, times: npt.NDArray[np.float64], scores: npt.NDArray[np.float32]) -> None:
        """Take the next patches.

        Args:
            times: float64 [P], the middle of each patch, seconds, rising.
            scores: float32 [P, classes].
        """
        if not len(times):
            return
        rows = np.concatenate((scores[:1] if self._rows is None else self._rows, scores))
        times = np.concatenate((self._waiting, times))
        self._rows, self._waiting = rows[-2:], times[-1:]
        self._follow(times[:-1], rows)

    def finish(self) -> list[SoundEvent]:
        """Return all sounds in order of their beginning; what still lasts ends here."""
        if self._rows is not None:
            self._follow(self._waiting, np.concatenate((self._rows, self._rows[-1:])))
            self._rows = None
        for sound in tuple(self._open):
            self._close(sound)
        return sorted(self._events, key=lambda e: (e.start_s, e.sound))

    def _follow(self, times: npt.NDArray[np.float64], rows: npt.NDArray[np.float32]) -> None:
        """Take the patches at `times` [P]; `rows` [P + 2, C] has their neighbours too."""
        share = np.float32(self._settings.smoothing)
        scores = share * (rows[:-2] + rows[2:]) + (1 - 2 * share) * rows[1:-1]
        score, level = self._wording.levels(scores)
        sharp = self._wording.levels(rows[1:-1])[1] >= self._settings.hold
        hushed = (self._wording.speech_score(scores) >= self._settings.speech)[:, None] & self._quiet
        begins = (level >= 1) & ~hushed
        stays = level >= self._settings.hold
        for row, time in enumerate(times.tolist()):
            for sound in np.flatnonzero(stays[row]).tolist():
                if sound not in self._open:
                    self._open[sound] = _Open(time, time)
            for sound in tuple(self._open):
                state = self._advance(sound, time, bool(stays[row, sound]), bool(begins[row, sound]))
                if state is not None:
                    state.times.append(time)
                    state.scores.append(float(score[row, sound]))
                    state.levels.append(float(level[row, sound]))
                    state.sharp.append(bool(sharp[row, sound]))

    def _advance(self, sound: int, time: float, stays: bool, begins: bool) -> _Open | None:
        """Return the sound's state at the next patch, or None where it has ended or never began."""
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
                return None
        elif time - state.last > self._settings.gap_s:
            self._close(sound)
            return None
        return state

    def _close(self, sound: int) -> None:
        state = self._open.pop(sound)
        if not state.heard or state.active * self._hop_s < self._wording.sounds[sound].minimum_s:
            return
        times = np.array(state.times)
        keep = np.flatnonzero(times <= state.last)
        # Smoothing spreads a sound over its neighbours: it reaches only as far as the scores themselves hold.
        held = keep[np.array(state.sharp)[keep]]
        part = slice(held[0], held[-1] + 1) if len(held) else slice(keep[0], keep[-1] + 1)
        edge = self._settings.edge_s
        self._events.append(
            SoundEvent(
                sound,
                max(0.0, float(times[part][0]) - edge),
                float(times[part][-1]) + edge,
                times[part],
                np.array(state.scores, np.float32)[part],
                np.array(state.levels, np.float32)[part],
            )
        )


def choose_events(events: list[SoundEvent], wording: Wording, settings: SoundSettings) -> list[SoundEvent]:
    """Return the events that are told, in order of their beginning.

    First among rivals (of the same family, or one says more or less of the same): the strongest is kept,
    where what says more counts for more, and of the other only the part before it. Then among what is left:
    beside a much stronger sound a weak one is not told, nor more than `together` at one time.
    """
    kept: list[SoundEvent] = []
    for event in sorted(events, key=lambda e: (-_strength(e, wording, settings), e.start_s, e.sound)):
        rivals = [k for k in _around(event, kept, settings.near_s) if _rivals(event.sound, k.sound, wording)]
        end = min((r.start_s for r in rivals), default=event.end_s)
        if part := _long_enough(
            event if end >= event.end_s else event.cut(event.start_s, end), event, wording
        ):
            kept.append(part)
    told: list[SoundEvent] = []
    for event in sorted(kept, key=lambda e: (-e.level, e.start_s, e.sound)):
        around = _around(event, told, settings.near_s)
        if any(event.level < settings.weaker * t.level for t in around):
            continue
        if part := _long_enough(_where_few(event, around, settings.together), event, wording):
            told.append(part)
    return sorted(told, key=lambda e: (e.start_s, e.sound))


def _around(event: SoundEvent, others: list[SoundEvent], near_s: float) -> list[SoundEvent]:
    """Return those of the others that sound with an event or within `near_s` of it."""
    return [o for o in others if o.start_s < event.end_s + near_s and event.start_s < o.end_s + near_s]


def _long_enough(part: SoundEvent | None, whole: SoundEvent, wording: Wording) -> SoundEvent | None:
    """Return what was cut out of an event if it is long enough; the finder has seen to the whole."""
    if part is None or part is whole:
        return part
    return part if part.end_s - part.start_s >= wording.sounds[part.sound].minimum_s else None


def _strength(event: SoundEvent, wording: Wording, settings: SoundSettings) -> float:
    return float(event.level / settings.specific ** len(wording.sounds[event.sound].wider))


def _rivals(one: int, other: int, wording: Wording) -> bool:
    a, b = wording.sounds[one], wording.sounds[other]
    return a.family == b.family or one in b.wider or other in a.wider


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
            return event.cut(start, left)
        if not crowded and start is None:
            start = left
    return None if start is None else event.cut(start, event.end_s)
