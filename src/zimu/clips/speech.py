"""Where somebody speaks: samples as they come to spans of speech, and how surely at each moment.

The network that scores is handed in. Its scores come every 32 ms and rise a little late; where a span begins
and ends is read off the loudness, every 10 ms, near the place that the scores give.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError
from zimu.streams import Samples
from zimu.timing import Span

__all__ = ["CHUNK", "HOP_MS", "RATE_HZ", "Scorer", "Speech", "SpeechFinder", "SpeechSettings"]

RATE_HZ = 16000
# Samples that one score is for.
CHUNK = 512
HOP_MS = 10

_HOP = RATE_HZ * HOP_MS // 1000
# The shortest stretch that is whole in chunks and in hops.
_BLOCK = 2560
# A longer hole in the sound is not listened to.
_LONGEST_HOLE = RATE_HZ
_FLOOR_DB = -90.0
# A span begins where the loudness has risen by this share from what lay before it to what is in it, and so
# many quiet hops end the way back. On the word times of GRID: the share with the smallest errors.
_RISE, _SILENT, _BEFORE = 0.25, 3, 50

_Array = npt.NDArray[np.float32]
Scorer = Callable[[_Array], _Array]


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """How scores become spans.

    Attributes:
        threshold: Speech begins where the score reaches this.
        hold: It lasts while the score stays above this.
        gap_s: A shorter pause does not end a span, in seconds.
        minimum_s: A shorter span is no speech, in seconds.
        edge_s: So far the loudness may move a beginning before the place that the scores give, in seconds.
        lead_s: A span begins so much before the place found, in seconds: soft beginnings are not heard.
        tail_s: A span ends so much after the place found, in seconds.
        longest_s: A span that lasts longer is cut at its least sure moment; None never cuts.
    """

    threshold: float = 0.5
    hold: float = 0.35
    gap_s: float = 0.3
    minimum_s: float = 0.1
    edge_s: float = 0.2
    lead_s: float = 0.05
    tail_s: float = 0.03
    longest_s: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.hold <= self.threshold < 1:
            raise ConfigError(
                f"hold is {self.hold} and threshold is {self.threshold}. 0 < hold <= threshold < 1 must hold."
            )


@dataclass(frozen=True, slots=True)
class Speech:
    """Where somebody speaks in a file.

    Attributes:
        spans: Spans of speech in order, apart from each other.
        activity: float32 [T], how surely somebody speaks in each hop of `HOP_MS`, 0 to 1, from time zero on.
        levels: float32 [T], the loudness of each hop in dB of full scale.
        lead_ms: So much before what is heard the spans begin, and `activity` reaches a half, in milliseconds.
    """

    spans: tuple[Span, ...]
    activity: _Array
    levels: _Array
    lead_ms: float = 0.0

    @property
    def seconds(self) -> float:
        """How long the sound is, from time zero on."""
        return len(self.activity) * HOP_MS / 1000


class SpeechFinder:
    """Takes a file's sound piece by piece and tells spans of speech as they end.

    Of the past one score every 32 ms and one loudness every 10 ms are kept: 2 MB an hour.

    Args:
        score: Chunks float32 [S, CHUNK], each following the one before, to scores [S], 0 to 1. It may keep a
            state from call to call.
        settings: See `SpeechSettings`.
    """

    def __init__(self, score: Scorer, settings: SpeechSettings | None = None) -> None:
        self.settings = settings or SpeechSettings()
        self._score = score
        self._origin: Fraction | None = None
        self._pending = np.zeros(0, np.float32)
        self._scores = _Growing()
        self._levels = _Growing()
        self._looked = 0
        self._begun: int | None = None
        self._quiet_from: int | None = None
        self._spans: list[Span] = []
        self._is_finished = False

    def feed(self, samples: Samples) -> list[Span]:
        """Take the next stretch of sound, and return the spans that have ended.

        A hole is taken as silence; what overlaps the past is left out.

        Raises:
            ConfigError: The rate is another than `RATE_HZ`, or the file was finished.
        """
        if self._is_finished:
            raise ConfigError("This speech finder has finished its file. Make a new one for the next.")
        if samples.rate_hz != RATE_HZ:
            raise ConfigError(f"The sound has {samples.rate_hz} samples a second, wanted are {RATE_HZ}.")
        if self._origin is None:
            self._origin = samples.start
        ahead = round((samples.start - self._now) * RATE_HZ)
        values = np.asarray(samples.values, np.float32)
        if ahead > _LONGEST_HOLE:
            self._skip(ahead)
        elif ahead > 0:
            values = np.concatenate((np.zeros(ahead, np.float32), values))
        self._pending = np.concatenate((self._pending, values[max(0, -ahead) :]))
        self._listen(len(self._pending) // _BLOCK * _BLOCK)
        return self._follow()

    def finish(self) -> list[Span]:
        """Return the spans that have not been told yet; ends the file."""
        if self._is_finished:
            return []
        self._is_finished = True
        self._pad()
        found = self._follow()
        if self._begun is not None:
            found += self._close(self._quiet_from or len(self._scores.values))
        return found

    def speech(self) -> Speech:
        """Return all that was found, on the clock of the file; ends the file."""
        self.finish()
        scores, levels = self._scores.values, self._levels.values
        hops = (np.arange(len(levels)) + 0.5) * _HOP / CHUNK - 0.5
        activity = np.interp(hops, np.arange(len(scores)), scores) if len(scores) else np.zeros(0)
        # Scores rise late; a span's beginning is known better.
        for span in self._spans:
            first, last = (round((t - (self._origin or 0)) * RATE_HZ / _HOP) for t in (span.start, span.end))
            inside = activity[first:last]
            np.maximum(inside, self.settings.threshold, out=inside)
        lead = round((self._origin or Fraction(0)) * 1000 / HOP_MS)
        if lead < 0:
            activity, levels = activity[-lead:], levels[-lead:]
        pad = max(0, lead)
        return Speech(
            tuple(self._spans),
            np.pad(activity.astype(np.float32), (pad, 0)),
            np.pad(levels, (pad, 0), constant_values=_FLOOR_DB),
            1000 * self.settings.lead_s,
        )

    @property
    def _now(self) -> Fraction:
        """The time up to which sound was taken."""
        assert self._origin is not None
        taken = len(self._scores.values) * CHUNK + len(self._pending)
        return self._origin + Fraction(taken, RATE_HZ)

    def _skip(self, ahead: int) -> None:
        before = len(self._pending)
        self._pad()
        blocks = (ahead - (-before % _BLOCK)) // _BLOCK
        self._scores.add(np.zeros(blocks * _BLOCK // CHUNK, np.float32))
        self._levels.add(np.full(blocks * _BLOCK // _HOP, _FLOOR_DB, np.float32))
        rest = ahead - (-before % _BLOCK) - blocks * _BLOCK
        self._pending = np.zeros(max(0, rest), np.float32)

    def _pad(self) -> None:
        missing = -len(self._pending) % _BLOCK
        self._pending = np.concatenate((self._pending, np.zeros(missing, np.float32)))
        self._listen(len(self._pending))

    def _listen(self, count: int) -> None:
        if not count:
            return
        values, self._pending = self._pending[:count], self._pending[count:].copy()
        self._scores.add(self._score(values.reshape(-1, CHUNK)))
        power = np.square(values.reshape(-1, _HOP)).mean(1)
        self._levels.add(np.maximum(_FLOOR_DB, 10 * np.log10(power + 1e-12)).astype(np.float32))

    def _follow(self) -> list[Span]:
        settings, scores = self.settings, self._scores.values
        found: list[Span] = []
        gap = settings.gap_s * RATE_HZ / CHUNK
        for k in range(self._looked, len(scores)):
            score = scores[k]
            if score >= settings.threshold:
                self._begun = k if self._begun is None else self._begun
                self._quiet_from = None
            elif self._begun is not None and score < settings.hold:
                self._quiet_from = k if self._quiet_from is None else self._quiet_from
                if k + 1 - self._quiet_from >= gap:
                    found += self._close(self._quiet_from)
            if self._begun is not None and self._is_long(k):
                found += self._cut(k)
        self._looked = len(scores)
        return found

    def _is_long(self, k: int) -> bool:
        longest = self.settings.longest_s
        return longest is not None and (k - (self._begun or 0)) * CHUNK >= longest * RATE_HZ

    def _cut(self, k: int) -> list[Span]:
        """End a long span in the later half of it, where speech is least sure."""
        assert self._begun is not None
        half = (self._begun + k) // 2
        at = half + int(np.argmin(self._scores.values[half:k]))
        quiet = self._quiet_from
        found = self._close(at)
        self._begun, self._quiet_from = at, None if quiet is None or quiet <= at else quiet
        return found

    def _close(self, end: int) -> list[Span]:
        assert self._begun is not None and self._origin is not None
        begun, self._begun, self._quiet_from = self._begun, None, None
        first, last = self._edges(begun * CHUNK / _HOP, end * CHUNK / _HOP)
        if (last - first) * _HOP < self.settings.minimum_s * RATE_HZ:
            return []
        first = max(0, first - round(self.settings.lead_s * 1000 / HOP_MS))
        last += round(self.settings.tail_s * 1000 / HOP_MS)
        span = Span(
            self._origin + Fraction(first * _HOP, RATE_HZ), self._origin + Fraction(last * _HOP, RATE_HZ)
        )
        if self._spans and span.start < self._spans[-1].end:
            span = Span(self._spans[-1].end, max(span.end, self._spans[-1].end))
        self._spans.append(span)
        return [span]

    def _edges(self, first: float, last: float) -> tuple[int, int]:
        """Return the hops at which a span begins and ends; its beginning is read off the loudness."""
        levels, begin, end = self._levels.values, round(first), round(last)
        before = levels[max(0, begin - _BEFORE) : begin]
        if not len(before) or end <= begin:
            return begin, end
        loud, quiet = float(np.quantile(levels[begin:end], 0.8)), float(np.quantile(before, 0.2))
        limit = max(quiet + _RISE * (loud - quiet), quiet + 3)
        at = begin
        while at < min(begin + 3, end - 1) and levels[at] < limit:
            at += 1
        edge, silent = at, 0
        for k in range(at - 1, max(0, begin - round(self.settings.edge_s * 1000 / HOP_MS)) - 1, -1):
            edge, silent = (k, 0) if levels[k] >= limit else (edge, silent + 1)
            if silent == _SILENT:
                break
        return edge, end


class _Growing:
    """An array that grows at its end."""

    def __init__(self) -> None:
        self._room = np.zeros(1024, np.float32)
        self._length = 0

    @property
    def values(self) -> _Array:
        return self._room[: self._length]

    def add(self, values: _Array) -> None:
        needed = self._length + len(values)
        if needed > len(self._room):
            self._room = np.concatenate((self._room, np.zeros(needed, np.float32)))
        self._room[self._length : needed] = values
        self._length = needed
