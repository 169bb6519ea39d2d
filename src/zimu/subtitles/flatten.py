"""Cues that overlap, as a row of cues that do not: what is on the screen between two changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from zimu.subtitles.cue import Cue, Mark

__all__ = ["flatten"]


def flatten(cues: Sequence[Cue]) -> list[Cue]:
    """Return cues in order of time, none overlapping another; those shown together are stacked.

    Args:
        cues: In any order. Cues without lines or without length are left out.
    """
    shown = sorted((c for c in cues if c.lines and c.end_ms > c.start_ms), key=lambda c: c.start_ms)
    changes = sorted({moment for cue in shown for moment in (cue.start_ms, cue.end_ms)})
    found: list[Cue] = []
    waiting, active = 0, list[Cue]()
    for start, end in pairwise(changes):
        active = [cue for cue in active if cue.end_ms > start]
        while waiting < len(shown) and shown[waiting].start_ms <= start:
            active.append(shown[waiting])
            waiting += 1
        if active:
            found.append(replace(_stacked(active), start_ms=start, end_ms=end))
    return found


def _stacked(cues: Sequence[Cue]) -> Cue:
    """Return one cue with the lines of all."""
    if len(cues) == 1:
        return cues[0]
    marks: list[Mark] = []
    lines: list[str] = []
    for cue in cues:
        offset = len("\n".join(lines)) + bool(lines)
        marks += [Mark(mark.at + offset, mark.tag) for mark in cue.marks]
        lines += cue.lines
    return replace(cues[0], lines=tuple(lines), marks=tuple(marks), words=())
