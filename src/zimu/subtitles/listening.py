"""Subtitles against what is heard: lines over silence, speech without a line, lines early or late."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from zimu.clips.speech import HOP_MS, Speech
from zimu.subtitles.aligning import agreement
from zimu.subtitles.audit import Finding
from zimu.subtitles.cue import Cue, Track
from zimu.subtitles.hallucinations import how_known
from zimu.subtitles.repair import Change, repair
from zimu.subtitles.retime import Segment, find_segments, retime
from zimu.subtitles.styles import Style
from zimu.timing import Span

__all__ = ["Unsaid", "Whole", "as_a_whole", "heard_findings", "repair_heard", "unsubtitled"]

# A cue may stand so far beside its speech before it counts as over silence.
_BESIDE_MS = 300
# A cue with less speech than this is over silence.
_SPOKEN_MS, _SPOKEN_SHARE = 120, 0.08
# Shorter speech between two cues may be a breath, a sigh or an echo.
_UNSAID_MS = 700
# Cues linger and speech is heard late: so much around a cue counts as covered.
_COVER_MS = 250
# A start so far from the beginning of speech is told, and one so far is moved; further off nobody knows.
_OFF_MS, _MOVED_MS, _FAR_MS = 350, 120, 600
# Speech begins clearly where nobody spoke for so long before it.
_QUIET_MS = 250
# So few cues say nothing about a whole file, and so much better they have to stand elsewhere.
_FEW, _GAIN = 8, 0.1
# Sounds, music and what stands in brackets need no speech.
_NO_SPEECH = re.compile(r"^\s*[\[(（【♪♫#*].*[\])）】♪♫#*]\s*$", re.DOTALL)


_Onsets = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Unsaid:
    """Speech that no cue covers.

    Attributes:
        start_ms: Where it begins.
        end_ms: Where it ends.
        score: 0 to 1, how surely a person should listen.
    """

    start_ms: int
    end_ms: int
    score: float


@dataclass(frozen=True, slots=True)
class Whole:
    """How a file stands wrongly.

    Attributes:
        text: In words, for a reader.
        cues: In the file's order, where they should stand.
    """

    text: str
    cues: tuple[Cue, ...]


def heard_findings(cues: Sequence[Cue], speech: Speech) -> list[Finding]:
    """Return what the sound says against cues: lines over silence, and starts that are early or late.

    Args:
        cues: In the file's order.
        speech: Where somebody speaks.
    """
    found: list[Finding] = []
    onsets = _clear_onsets(speech)
    for i, cue in enumerate(cues):
        if not _needs_speech(cue):
            continue
        if _is_over_silence(cue, speech):
            known = how_known(" ".join(cue.lines)) is not None
            kind, text = ("invented", "is invented") if known else ("unspoken", "stands")
            found.append(Finding(i, kind, f"{text} where nobody speaks"))
            continue
        onset = _onset_of(cue, onsets)
        if onset is not None and abs(late := cue.start_ms - onset) >= _OFF_MS:
            way = "after" if late > 0 else "before"
            found.append(Finding(i, "off", f"starts {abs(late) / 1000:.2f} s {way} it is said"))
    return found


def unsubtitled(cues: Sequence[Cue], speech: Speech) -> list[Unsaid]:
    """Return the speech that no cue covers, in order of time.

    Args:
        cues: In any order.
        speech: Where somebody speaks.
    """
    spoken = np.zeros(len(speech.activity) + 1, np.bool_)
    for span in speech.spans:
        spoken[round(span.start * 1000 / HOP_MS) : round(span.end * 1000 / HOP_MS)] = True
    for cue in cues:
        first, last = cue.start_ms - _COVER_MS, cue.end_ms + _COVER_MS
        spoken[max(0, first) // HOP_MS : max(0, last) // HOP_MS] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[False], spoken, [False]]).astype(np.int8)))
    out = []
    for first, last in edges.reshape(-1, 2):
        if (length := int(last - first) * HOP_MS) < _UNSAID_MS:
            continue
        sure = float(speech.activity[first:last].mean())
        score = round(sure * length / (length + 700), 3)
        out.append(Unsaid(int(first) * HOP_MS, int(last) * HOP_MS, score))
    return out


def as_a_whole(cues: Sequence[Cue], speech: Speech) -> Whole | None:
    """Return how a file stands wrongly as a whole or in parts, None where it stands right.

    Args:
        cues: In the file's order.
        speech: Where somebody speaks.
    """
    order = sorted(range(len(cues)), key=lambda i: cues[i].start_ms)
    ordered = [cues[i] for i in order]
    if len(cues) < _FEW or not speech.spans or any(c.end_ms < c.start_ms for c in cues):
        return None
    segments = find_segments(ordered, speech.activity.astype(np.float64), HOP_MS, lead_ms=speech.lead_ms)
    moved = retime(ordered, segments)
    shifts = [abs(a.start_ms - b.start_ms) for a, b in zip(ordered, moved, strict=True)]
    if max(shifts) < _OFF_MS or agreement(moved, speech) - agreement(ordered, speech) < _GAIN:
        return None
    back = dict(zip(order, moved, strict=True))
    return Whole(_told(segments), tuple(back[i] for i in range(len(cues))))


def _told(segments: Sequence[Segment]) -> str:
    if len(segments) > 1:
        return f"stands in {len(segments)} parts at wrong times; zimu align puts them right"
    if segments[0].ratio != 1:
        return "drifts away from what is said; zimu align puts it right"
    seconds = segments[0].offset_ms / 1000
    way = "early" if seconds > 0 else "late"
    return f"comes {abs(seconds):.2f} s too {way} as a whole; zimu align puts it right"


def repair_heard(
    track: Track, style: Style, script: str | None, speech: Speech
) -> tuple[Track, list[Change], str | None]:
    """Repair a track as `repair` does, and before that against what is heard.

    Known inventions over silence are dropped, and starts are moved to a clear beginning of speech nearby. A
    file that stands wrongly as a whole is not held against the sound.

    Args:
        track: The file.
        style: The limits that the result should keep.
        script: See `repair`.
        speech: Where somebody speaks.

    Returns:
        The track, the changes by the positions in the file, and how the file stands wrongly, if it does.
    """
    whole = as_a_whole(track.cues, speech)
    changes: list[Change] = []
    positions = list(range(len(track.cues)))
    if whole is None:
        track, changes, positions = _by_sound(track, speech)
    track, more = repair(track, style, script)
    changes += [replace(c, cues=tuple(positions[k] for k in c.cues)) for c in more]
    return track, sorted(changes, key=lambda c: c.cues), whole.text if whole else None


def _by_sound(track: Track, speech: Speech) -> tuple[Track, list[Change], list[int]]:
    """Return the track, the changes, and the position in the file of each cue that is left."""
    onsets = _clear_onsets(speech)
    changes: list[Change] = []
    kept: list[tuple[int, Cue]] = []
    for i, cue in enumerate(track.cues):
        if _needs_speech(cue) and how_known(" ".join(cue.lines)) and _is_over_silence(cue, speech):
            reason = "a line that recognisers invent, where nobody speaks"
            changes.append(Change((i,), "dropped", reason, _shown(cue), ""))
            continue
        moved = _snapped(cue, track.cues[i - 1] if i else None, onsets)
        if moved != cue:
            reason = "starts where speech begins"
            changes.append(Change((i,), "moved", reason, _shown(cue), _shown(moved)))
        kept.append((i, moved))
    positions = [i for i, _ in kept]
    notes = tuple((sum(i < at for i in positions), text) for at, text in track.notes)
    return replace(track, cues=tuple(c for _, c in kept), notes=notes), changes, positions


def _snapped(cue: Cue, before: Cue | None, onsets: _Onsets) -> Cue:
    if not _needs_speech(cue) or cue.duration_ms <= 0:
        return cue
    onset = _onset_of(cue, onsets)
    if onset is None or abs(cue.start_ms - onset) < _MOVED_MS or cue.end_ms - onset < 500:
        return cue
    if before is not None and before.start_ms <= cue.start_ms and onset < before.end_ms:
        return cue
    return replace(cue, start_ms=onset)


def _needs_speech(cue: Cue) -> bool:
    return bool(cue.lines) and cue.kind not in ("sound", "scene") and not _NO_SPEECH.match(cue.text)


def _is_over_silence(cue: Cue, speech: Speech) -> bool:
    first = max(0, cue.start_ms - _BESIDE_MS) // HOP_MS
    last = max(0, cue.end_ms + _BESIDE_MS) // HOP_MS
    if last > len(speech.activity) + _BESIDE_MS // HOP_MS:
        return True
    spoken = sum(
        max(0, min(last, round(s.end * 1000 / HOP_MS)) - max(first, round(s.start * 1000 / HOP_MS)))
        for s in _near(speech, first, last)
    )
    return bool(spoken * HOP_MS < max(_SPOKEN_MS, _SPOKEN_SHARE * cue.duration_ms))


def _near(speech: Speech, first: int, last: int) -> Iterator[Span]:
    for span in speech.spans:
        if span.start * 1000 > last * HOP_MS:
            return
        if span.end * 1000 >= first * HOP_MS:
            yield span


def _clear_onsets(speech: Speech) -> _Onsets:
    """Return the milliseconds at which speech begins after a silence."""
    out, last = [], -_QUIET_MS / 1000
    for span in speech.spans:
        if float(span.start) - last >= _QUIET_MS / 1000:
            out.append(round(span.start * 1000))
        last = float(span.end)
    return np.array(out, np.int64)


def _onset_of(cue: Cue, onsets: _Onsets) -> int | None:
    """Return the one clear beginning of speech near the start of a cue."""
    near = onsets[np.abs(onsets - cue.start_ms) <= _FAR_MS]
    return int(near[0]) if len(near) == 1 else None


def _shown(cue: Cue) -> str:
    return f"{cue.start_ms / 1000:.3f}-{cue.end_ms / 1000:.3f} {' / '.join(cue.lines)}"
