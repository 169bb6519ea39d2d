"""Re-timing a whole file to where speech is heard: offset, drift, breaks. Arrays in, times out.

Source: the idea of rating each cue's place by the speech under it, with a price on every break, is alass's
(kaegi/alass, README, "How does the algorithm work?").
Departs: the silence after a cue counts too; the last step looks at the starts of cues only, since cues linger
after speech; drift is searched, not only the ratios of frame rates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from zimu.subtitles.cue import Cue

__all__ = ["Segment", "find_segments", "retime"]

Floats = npt.NDArray[np.float64]

# Frame rates that films are converted between; a file made for one drifts against another.
_RATES = (Fraction(24000, 1001), Fraction(24), Fraction(25))
_RATIOS = sorted({float(a / b) for a in _RATES for b in _RATES})
# Widths and steps of the search for other drifts: 0.5 % in steps that shift two hours by 1.4 s, then finer.
_DRIFT_SEARCH = ((0.005, 2e-4), (2e-4, 2e-5), (2e-5, 4e-6))
# A drift has to explain so much more of the speech than none.
_WORTH = 1.02
_COARSE_MS = 50
# From here on somebody speaks.
_SPOKEN = 0.5
# Silence after a cue counts up to here: further on nobody knows whether there was something to say.
_AFTER_MS = 1500
# Around the start of a cue so much is looked at, and a segment moves so far in its last step.
_EDGE_MS, _NEAR_MS = 500, 300
# Speech begins clearly after so much silence; with fewer clear beginnings no line is drawn through them.
_QUIET_MS, _FEW = 250, 30
# A line that is off by less than this from its one end to the other is no drift.
_LEFT_MS = 100


@dataclass(frozen=True, slots=True)
class Segment:
    """Cues that move together: `new = ratio * old + offset_ms`.

    Attributes:
        first: The first cue of the segment, from 0.
        ratio: How much longer the new time runs.
        offset_ms: Milliseconds, after the ratio.
    """

    first: int
    ratio: float
    offset_ms: float


@dataclass(frozen=True, slots=True)
class _Heard:
    """Speech as a running sum, zero-mean, with silence before and after."""

    total: Floats
    hop_ms: int
    silence: float

    @classmethod
    def of(cls, speech: Floats, hop_ms: int) -> _Heard:
        return cls(np.concatenate([[0.0], np.cumsum(speech - speech.mean())]), hop_ms, float(-speech.mean()))

    def before(self, ms: Floats) -> Floats:
        """Return the seconds of speech, above the mean, before each time."""
        at = ms / self.hop_ms
        inside = np.clip(at, 0, len(self.total) - 1)
        sums = np.interp(inside, np.arange(len(self.total)), self.total) + self.silence * (at - inside)
        return np.asarray(sums * self.hop_ms / 1000, np.float64)


def find_segments(
    cues: Sequence[Cue],
    speech: Floats,
    hop_ms: int,
    *,
    max_shift_ms: int = 600_000,
    break_cost_s: float = 7.0,
    lead_ms: float = 0.0,
) -> list[Segment]:
    """Return how the cues have to move so that they stand where speech is.

    Args:
        cues: In order of their starts.
        speech: float64 [T], how surely somebody speaks in each hop, 0 to 1.
        hop_ms: Milliseconds a hop.
        max_shift_ms: No cue moves further than this.
        break_cost_s: Seconds of agreement that a break in the middle has to gain.
        lead_ms: So much before the speech that is heard `speech` begins, see `Speech.lead_ms`.

    Returns:
        At least one segment, in order; empty where there are no cues.
    """
    if not cues:
        return []
    spans = np.array([(c.start_ms, c.end_ms) for c in cues], np.float64)
    coarse = _resampled(speech, hop_ms, _COARSE_MS)
    heard = _Heard.of(coarse, _COARSE_MS)
    ratio = _best_ratio(spans, coarse, max_shift_ms)
    offsets, score = _break_up(spans * ratio, heard, max_shift_ms, break_cost_s)
    if ratio != 1:
        # Breaks of one direction look like a drift as long as breaks are not allowed.
        straight, without = _break_up(spans, heard, max_shift_ms, break_cost_s)
        if without >= score:
            offsets, ratio = straight, 1.0
    firsts = [0, *(np.flatnonzero(np.diff(offsets)) + 1)]
    # How surely somebody speaks rises slowly: by it, starts came 60 ms late. Where it is a half is exact.
    fine = _Heard.of((speech >= _SPOKEN).astype(np.float64), hop_ms)
    nears = [float(offsets[first] * _COARSE_MS) for first in firsts]
    segments = _placed(spans, firsts, ratio, nears, fine)
    slope = _slope_left(segments, spans, speech, hop_ms)
    if slope:
        nears = [s.offset_ms * (1 + slope) for s in segments]
        segments = _placed(spans, firsts, ratio * (1 + slope), nears, fine)
    return [replace(s, offset_ms=s.offset_ms + lead_ms) for s in segments]


def _placed(
    spans: Floats, firsts: Sequence[int], ratio: float, nears: Sequence[float], heard: _Heard
) -> list[Segment]:
    """Return a segment for each first cue, its offset the best one near a rough one."""
    ends = [*firsts[1:], len(spans)]
    return [
        Segment(int(first), ratio, _refined(spans * ratio, first, end, near, heard))
        for first, end, near in zip(firsts, ends, nears, strict=True)
    ]


def _slope_left(segments: list[Segment], spans: Floats, speech: Floats, hop_ms: int) -> float:
    """Return the drift that is left: the slope of a line through what starts are off by; 0 where it is small.

    Looked at are cues with one beginning of speech after a silence near them; the line is drawn three times,
    each time without the half of them that lies farthest from it.
    """
    first = np.array([s.first for s in segments])
    own = np.searchsorted(first, np.arange(len(spans)), side="right") - 1
    at = spans[:, 0] * segments[0].ratio + np.array([s.offset_ms for s in segments])[own]
    onsets = _onsets(speech, hop_ms)
    near = [onsets[np.abs(onsets - t) <= _NEAR_MS] for t in at]
    use = np.flatnonzero([len(n) == 1 for n in near])
    if len(use) < _FEW:
        return 0.0
    times, off = at[use], np.array([near[i][0] for i in use]) - at[use]
    keep = np.ones(len(use), np.bool_)
    for _ in range(3):
        slope, rest = np.polyfit(times[keep], off[keep], 1)
        gaps = np.abs(off - slope * times - rest)
        keep = gaps <= np.median(gaps)
    return float(slope) if abs(slope) * float(np.ptp(times)) >= _LEFT_MS else 0.0


def _onsets(speech: Floats, hop_ms: int) -> Floats:
    """Return the times in ms at which speech begins after a silence."""
    spoken = np.concatenate([[False], speech >= _SPOKEN])
    begins = np.flatnonzero(spoken[1:] & ~spoken[:-1])
    ends = np.flatnonzero(spoken[:-1] & ~np.append(spoken[1:], False)[: len(spoken) - 1])
    quiet = begins - np.concatenate([[-_QUIET_MS], ends[: max(0, len(begins) - 1)]])
    return np.asarray(begins[quiet * hop_ms >= _QUIET_MS] * hop_ms, np.float64)


def retime(cues: Sequence[Cue], segments: Sequence[Segment]) -> list[Cue]:
    """Return the cues with the times that the segments give them; cut at zero."""
    out = []
    for i, cue in enumerate(cues):
        own = [segment for segment in segments if segment.first <= i][-1]
        start, end = (round(own.ratio * ms + own.offset_ms) for ms in (cue.start_ms, cue.end_ms))
        out.append(replace(cue, start_ms=max(0, start), end_ms=max(0, start, end)))
    return out


def _resampled(speech: Floats, hop_ms: int, to_ms: int) -> Floats:
    """Return the mean of the speech in longer hops."""
    edges = np.arange(0, len(speech) * hop_ms, to_ms) / hop_ms
    total = np.concatenate([[0.0], np.cumsum(speech)])
    at = np.interp(np.append(edges, len(speech)), np.arange(len(total)), total)
    return np.asarray(np.diff(at) * hop_ms / to_ms, np.float64)


def _drawn(spans: Floats, length: int) -> Floats:
    """Return the cues as float64 [length]: above zero where one is shown, zero-mean."""
    edges = np.clip(np.rint(spans / _COARSE_MS).astype(np.int64), 0, length)
    changes = np.zeros(length + 1)
    np.add.at(changes, edges[:, 0], 1.0)
    np.add.at(changes, edges[:, 1], -1.0)
    shown = np.minimum(np.cumsum(changes)[:length], 1.0)
    return np.asarray(shown - shown.mean(), np.float64)


def _best_ratio(spans: Floats, speech: Floats, max_shift_ms: int) -> float:
    """Return the drift under which one offset explains most of the speech, 1 where none is clearly better."""
    longest = int(spans.max() * 1.06 / _COARSE_MS) + 1
    size = 1 << (len(speech) + longest).bit_length()
    spectrum = np.fft.rfft(speech - speech.mean(), size)
    reach = min(max_shift_ms // _COARSE_MS, size // 2 - 1)

    def score(ratio: float) -> float:
        drawn = np.fft.rfft(_drawn(spans * ratio, longest), size)
        agreement = np.fft.irfft(spectrum * np.conj(drawn), size)
        return float(max(agreement[: reach + 1].max(), agreement[-reach:].max()))

    scores = {ratio: score(ratio) for ratio in _RATIOS}
    for width, step in _DRIFT_SEARCH:
        centre = max(scores, key=lambda ratio: scores[ratio])
        for ratio in centre + np.arange(-width, width + step / 2, step):
            scores[float(ratio)] = score(float(ratio))
    best = max(scores, key=lambda ratio: scores[ratio])
    return best if scores[best] > _WORTH * scores[1.0] else 1.0


def _rating(spans: Floats, i: int, offsets: Floats, heard: _Heard) -> Floats:
    """Return how well cue `i` stands at each offset (ms): speech under it less that in the silence after."""
    start, end = spans[i]
    after = min(spans[i + 1, 0] if i + 1 < len(spans) else end + _AFTER_MS, end + _AFTER_MS)
    from_start, to_end, to_after = (heard.before(ms + offsets) for ms in (start, end, max(end, after)))
    return (to_end - from_start) - (to_after - to_end)


def _start_rating(spans: Floats, i: int, offsets: Floats, heard: _Heard) -> Floats:
    """Return how well speech begins where cue `i` does: what is heard after its start less before it."""
    start, end = spans[i]
    free = start - spans[i - 1, 1] if i else _EDGE_MS
    width = min(_EDGE_MS, end - start, max(free, 0.0))
    before, at, after = (heard.before(start + d + offsets) for d in (-width, 0.0, width))
    return (after - at) - (at - before)


def _break_up(
    spans: Floats, heard: _Heard, max_shift_ms: int, cost_s: float
) -> tuple[npt.NDArray[np.int64], float]:
    """Return the offset of each cue, in coarse hops, that gains most agreement less the price of breaks.

    The second value is what is gained.

    Dynamic programming: before a cue's offset comes the same one, or the best of all others.
    """
    reach = int(min(max_shift_ms, spans.max() + len(heard.total) * heard.hop_ms)) // _COARSE_MS
    hops = np.arange(-reach, reach + 1)
    offsets = np.asarray(hops * float(_COARSE_MS), np.float64)
    score = np.zeros(len(hops))
    came_from = np.zeros(len(spans), np.int64)
    stayed = np.zeros((len(spans), len(hops)), np.bool_)
    for i in range(len(spans)):
        came_from[i] = int(np.argmax(score))
        jump = score[came_from[i]] - cost_s
        stayed[i] = score >= jump
        score = np.where(stayed[i], score, jump) + _rating(spans, i, offsets, heard)
    path = np.zeros(len(spans), np.int64)
    k = int(np.argmax(score))
    for i in range(len(spans) - 1, -1, -1):
        path[i] = k
        k = k if stayed[i, k] else int(came_from[i])
    return np.asarray(hops[path], np.int64), float(score.max())


def _refined(spans: Floats, first: int, end: int, near_ms: float, heard: _Heard) -> float:
    """Return the offset of a segment near a coarse one at which speech begins where its cues do."""
    offsets = near_ms + np.arange(-_NEAR_MS, _NEAR_MS + 1, heard.hop_ms, dtype=np.float64)
    ratings = sum(_start_rating(spans, i, offsets, heard) for i in range(first, end))
    return float(offsets[int(np.argmax(ratings))])
