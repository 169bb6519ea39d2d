"""Times for a row of cues: each long enough to be read, none over another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zimu.subtitles.cue import Cue
from zimu.subtitles.measure import need_ms
from zimu.subtitles.styles import Style

__all__ = ["schedule"]

# Where a crowd of cues cannot all be read, none flashes by in less than this.
_FLOOR_MS = 200


def schedule(cues: Sequence[Cue], style: Style) -> list[Cue]:
    """Return cues with times that satisfy a style as far as their starts allow.

    A start stays where it is, or moves later by at most the style's slack where the cue before it needs the time. A
    cue lingers past its end where it has to be read and nothing follows. Of a crowd that does not fit, as few cues
    as can be are cut short.

    Args:
        cues: In order of their starts.
        style: The limits.
    """
    starts: list[int] = []
    for i, cue in enumerate(cues):
        start = max(0, cue.start_ms)
        if i:
            before, need = starts[-1], need_ms(cues[i - 1], style)
            start = max(start, min(before + need + style.gap_ms, start + style.slack_ms))
            start = max(start, before + min(need, _FLOOR_MS) + style.gap_ms)
        starts.append(start)
    out = []
    for i, (cue, start) in enumerate(zip(cues, starts, strict=True)):
        end = min(max(cue.end_ms, start + need_ms(cue, style)), start + style.max_ms)
        if i + 1 < len(cues):
            end = min(end, starts[i + 1] - style.gap_ms)
        out.append(replace(cue, start_ms=start, end_ms=end))
    return out
