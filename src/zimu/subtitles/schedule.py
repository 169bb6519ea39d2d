"""Times for a row of cues: each long enough to be read, none over another, crowded neighbours merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zimu.subtitles.breaks import break_lines
from zimu.subtitles.chinese import CLOSERS, without_final_stop
from zimu.subtitles.cue import Cue
from zimu.subtitles.markup import carry_marks
from zimu.subtitles.measure import guess_language, need_ms
from zimu.subtitles.styles import Style

__all__ = ["merge_pair", "schedule"]

# Where a crowd of cues cannot all be read, none flashes by in less than this.
_FLOOR_MS = 200
# Two cues further apart than this are never put into one.
_NEIGHBOUR_MS = 1000
# A start that would move further than this is the reason to merge two cues; less is not noticed.
_NOTICED_MS = 200


def schedule(cues: Sequence[Cue], style: Style, *, merge: bool = True) -> list[Cue]:
    """Return cues with times that satisfy a style as far as their starts allow.

    A start stays where it is, or moves later by at most the style's slack where the cue before it needs the
    time; where that would be noticed, the two are merged if one cue holds them. A cue lingers past its end
    where it has to be read and nothing follows. Of a crowd that does not fit, as few as can be are cut short.

    Args:
        cues: In order of their starts.
        style: The limits.
        merge: Whether neighbours may be merged.
    """
    row: list[Cue] = []
    starts: list[int] = []
    for i, cue in enumerate(cues):
        after = cues[i + 1].start_ms if i + 1 < len(cues) else None
        end = cue.end_ms if after is None else min(cue.end_ms, after)
        start = max(0, cue.start_ms)
        cue = replace(cue, start_ms=start, end_ms=max(start, end))
        while merge and row and (merged := _relieved(row, starts, cue, after, style)):
            cue = merged
        starts.append(_start(row, starts, cue, style))
        row.append(cue)
    return _ended(row, starts, style)


def _start(row: Sequence[Cue], starts: Sequence[int], cue: Cue, style: Style) -> int:
    """Return where a cue starts after those that have been placed."""
    if not row:
        return cue.start_ms
    need = need_ms(row[-1], style)
    start = max(cue.start_ms, min(starts[-1] + need + style.gap_ms, cue.start_ms + style.slack_ms))
    return max(start, starts[-1] + min(need, _FLOOR_MS) + style.gap_ms)


def _ended(row: Sequence[Cue], starts: Sequence[int], style: Style) -> list[Cue]:
    """Return cues whose ends keep the limits and leave the gap before the next start."""
    out = []
    for i, (cue, start) in enumerate(zip(row, starts, strict=True)):
        end = min(max(cue.end_ms, start + need_ms(cue, style)), start + style.max_ms)
        if i + 1 < len(row):
            end = min(end, starts[i + 1] - style.gap_ms)
        out.append(replace(cue, start_ms=start, end_ms=end))
    return out


def _relieved(row: list[Cue], starts: list[int], cue: Cue, after: int | None, style: Style) -> Cue | None:
    """Merge where a cue has too little time before the next one, or has too little itself.

    Args:
        row: The cues before; those that are merged are taken off its end, or put together there.
        starts: Their starts.
        cue: The cue to be placed.
        after: The start of the cue after it.
        style: The limits.

    Returns:
        The merged cue, to be placed instead; None where nothing is to be merged.
    """
    late = starts[-1] + need_ms(row[-1], style) + style.gap_ms - cue.start_ms
    until = None if after is None else after + style.slack_ms - style.gap_ms
    start = _start(row, starts, cue, style)
    hurried = until is not None and start + need_ms(cue, style) > until
    if late <= min(_NOTICED_MS, style.slack_ms) and not hurried:
        return None
    merged = _merged(row[-1], cue, starts[-1], until, style)
    if merged is not None:
        row.pop()
        starts.pop()
        return merged
    if late > style.slack_ms and len(row) > 1:
        # The one before is too short where it stands: it may still go with the one before that.
        merged = _merged(row[-2], row[-1], starts[-2], start - style.gap_ms, style)
        if merged is not None:
            row[-2:] = [merged]
            starts.pop()
    return None


def _merged(first: Cue, second: Cue, start: int, until: int | None, style: Style) -> Cue | None:
    """Return two neighbours as one cue from `start` that ends by `until`, or None where that cannot be."""
    if second.start_ms - first.end_ms > _NEIGHBOUR_MS:
        return None
    merged = merge_pair(first, second, style)
    if merged is None or merged.end_ms - start > style.max_ms:
        return None
    if until is not None and start + need_ms(merged, style) > until:
        return None
    return merged


def merge_pair(first: Cue, second: Cue, style: Style) -> Cue | None:
    """Return two cues of one kind and language as one, or None where its lines do not hold both."""
    language = first.language or guess_language(first.text)
    if first.kind != second.kind or language != (second.language or guess_language(second.text)):
        return None
    if language == "mul":
        return None
    upper, lower = " ".join(first.lines), " ".join(second.lines)
    blank = "" if language == "zh" and upper[-1:] in CLOSERS else " "
    text = f"{upper}{blank}{lower}"
    lines = break_lines(text, language, style.line_columns, style.lines)
    if lines is None:
        return None
    if not style.has_final_stop and language == "zh":
        lines = without_final_stop(lines)
    moved = [replace(mark, at=mark.at + len(upper) + len(blank)) for mark in second.marks]
    return replace(
        first,
        end_ms=max(first.end_ms, second.end_ms),
        lines=lines,
        confidence=min(first.confidence, second.confidence),
        words=first.words + second.words,
        marks=carry_marks(text, (*first.marks, *moved), "\n".join(lines)),
    )
