"""Rolling captions, as live captioners and video sites make them: a cue begins with the end of the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from zimu.subtitles.cue import Cue
from zimu.subtitles.loops import key

__all__ = ["rolled_lines", "unroll"]

# A file rolls where so many of its cues add a line to one that was there; elsewhere the line was said twice.
_SHARE = 0.2
_NEAR_MS = 150


def rolled_lines(cues: Sequence[Cue]) -> dict[int, int]:
    """Return {cue: how many of its first lines the cue before shows too}; empty where a file does not roll.

    Args:
        cues: In order of their starts.
    """
    found = {}
    for i, (before, cue) in enumerate(pairwise(cues), 1):
        if cue.start_ms - before.end_ms > _NEAR_MS:
            continue
        shown, lines = [key(line) for line in before.lines], [key(line) for line in cue.lines]
        for count in range(min(len(shown), len(lines)), 0, -1):
            if shown[-count:] == lines[:count]:
                found[i] = count
                break
    adding = sum(count < len(cues[i].lines) for i, count in found.items())
    return found if adding > 1 and adding >= _SHARE * len(cues) else {}


def unroll(cues: Sequence[Cue]) -> list[Cue]:
    """Return rolling captions as ones that show each line once; a cue without a new line prolongs the last.

    Args:
        cues: In order of their starts.
    """
    rolled = rolled_lines(cues)
    out: list[Cue] = []
    for i, cue in enumerate(cues):
        lines = cue.lines[rolled.get(i, 0) :]
        if not lines and out and i in rolled:
            last = out[-1]
            out[-1] = replace(last, end_ms=max(last.end_ms, cue.end_ms), origins=last.origins + cue.origins)
        elif i in rolled:
            kept = "\n".join(lines)
            first = len(cue.text) - len(kept)
            marks = [replace(mark, at=mark.at - first) for mark in cue.marks if mark.at >= first]
            out.append(replace(cue, lines=lines, marks=tuple(marks)))
        else:
            out.append(cue)
    return out
