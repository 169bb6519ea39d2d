"""Times for a row of cues: each long enough to be read, none over another, crowded neighbours merged."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from zimu.subtitles.breaks import break_lines
from zimu.subtitles.chinese import CLOSERS, without_final_stop
from zimu.subtitles.cue import Cue
from zimu.subtitles.markup import carry_marks
from zimu.subtitles.measure import guess_language, need_ms
from zimu.subtitles.splitwords import unwrapped
from zimu.subtitles.styles import Style

__all__ = ["merge_pair", "schedule"]

# A line that begins with a dash, a name or >> is another person's.
_SPEAKER = re.compile(r"[-–—‐]\s?\S|>>|♪|[A-Z][\w .'’-]{0,20}:\s|[^\W_]{1,6}：")

# Where a crowd of cues cannot all be read, none flashes by in less than this.
_FLOOR_MS = 200
# Two cues further apart than this are never put into one.
_NEIGHBOUR_MS = 1000
# Nor is a text shown so much before its time.
_EARLY_MS = 2500
# A start that would move further than this is the reason to merge two cues; less is not noticed.
_NOTICED_MS = 200


def _always(first: Cue, second: Cue) -> bool:
    return True


def schedule(cues: Sequence[Cue], style: Style, may_merge: Callable[[Cue, Cue], bool] = _always) -> list[Cue]:
    """Return cues with times that satisfy a style as far as their starts allow.

    A start stays where it is, or moves later by at most the style's slack where the cue before it needs the
    time; where that would be noticed, the two are merged if one cue holds them. A cue lingers past its end
    where it has to be read and nothing follows. Of a crowd that does not fit, as few as can be are cut short.

    Args:
        cues: In order of their starts.
        style: The limits.
        may_merge: Whether two neighbours may be merged, if that helps.
    """
    row: list[Cue] = []
    starts: list[int] = []
    for i, cue in enumerate(cues):
        after = cues[i + 1].start_ms if i + 1 < len(cues) else None
        end = cue.end_ms if after is None else min(cue.end_ms, after)
        start = max(0, cue.start_ms)
        cue = replace(cue, start_ms=start, end_ms=max(start, end))
        while row and may_merge(row[-1], cue) and (merged := _relieved(row, starts, cue, after, style)):
            cue = merged
        starts.append(_start(row[-1:], starts[-1:], cue, style))
        row.append(cue)
    while merged_row := _relieved_where_cut(row, style, may_merge):
        row = merged_row
    return _ended(row, _starts(row, style), style)


def _starts(row: Sequence[Cue], style: Style) -> list[int]:
    """Return where the cues start; the parts of one text share what time there is before the next text."""
    starts: list[int] = []
    i = 0
    while i < len(row):
        end = i + 1
        while end < len(row) and _is_next_part(row[end - 1], row[end]):
            end += 1
        until = row[end].start_ms + style.slack_ms - style.gap_ms if end < len(row) else float("inf")
        first = _start(row[max(0, i - 1) : i], starts[-1:], row[i], style)
        starts += _spread(row[i:end], first, until, style)
        i = end
    return _settled(row, starts, style)


def _is_next_part(before: Cue, cue: Cue) -> bool:
    """Say whether a cue goes on with the one text of the cue before."""
    return len(before.origins) == 1 and before.origins == cue.origins[:1]


def _spread(parts: Sequence[Cue], first: int, until: float, style: Style) -> list[int]:
    """Return starts near their own that let all parts be read by `until`, or each as well as the others."""
    needs = [need_ms(part, style) for part in parts]
    room, total = until - first - style.gap_ms * (len(parts) - 1), sum(needs)
    if total > room:
        needs = [max(min(need, _FLOOR_MS), int(need * max(0.0, room) / total)) for need in needs]
    starts, left = [first], sum(needs) + style.gap_ms * (len(parts) - 1)
    for part, need in zip(parts[1:], needs, strict=False):
        left -= need + style.gap_ms
        # What was merged with the next text does not come before its time.
        latest = until - left if len(part.origins) == 1 else float("inf")
        starts.append(int(max(starts[-1] + need + style.gap_ms, min(part.start_ms, latest))))
    return starts


def _settled(row: Sequence[Cue], starts: list[int], style: Style) -> list[int]:
    """Let a cue that has time to spare wait for the one before it, which has too little."""
    moved = list(starts)
    for k in range(len(row) - 1, 0, -1):
        moved[k] += _wait(row, moved, k, style)
    return moved if moved == starts else _settled(row, moved, style)


def _wait(row: Sequence[Cue], starts: Sequence[int], k: int, style: Style) -> int:
    """Return how long cue `k` can and has to wait for the cue before it."""
    late = starts[k - 1] + need_ms(row[k - 1], style) + style.gap_ms - starts[k]
    free = float("inf") if k + 1 == len(row) else starts[k + 1] - style.gap_ms
    spare = free - starts[k] - need_ms(row[k], style)
    is_late = starts[k] - row[k].start_ms > style.slack_ms  # in a crowd: later does not matter
    goes_on = bool(row[k].origins) and row[k - 1].origins[-1:] == row[k].origins[:1]
    if is_late or goes_on:
        allowed = float("inf")
    else:
        allowed = row[k].start_ms + style.slack_ms - starts[k]
    return int(max(0, min(late, spare, allowed)))


def _start(before: Sequence[Cue], placed: Sequence[int], cue: Cue, style: Style) -> int:
    """Return where a cue starts, given the one before it, if any, and where that was placed."""
    if not before:
        return cue.start_ms
    need, due = need_ms(before[0], style), cue.start_ms
    if _is_next_part(before[0], cue):  # the parts of one text are late together
        due += placed[0] - before[0].start_ms
    start = max(due, min(placed[0] + need + style.gap_ms, due + style.slack_ms))
    return max(start, placed[0] + min(need, _FLOOR_MS) + style.gap_ms)


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
    """Merge a cue with the one before where either lacks time, or would move so far as to be noticed.

    Args:
        row: The cues before; one that is merged is taken off its end.
        starts: Their starts.
        cue: The cue to be placed.
        after: The start of the cue after it.
        style: The limits.

    Returns:
        The merged cue, to be placed instead; None where nothing is to be merged.
    """
    late = starts[-1] + need_ms(row[-1], style) + style.gap_ms - cue.start_ms
    until = float("inf") if after is None else after + style.slack_ms - style.gap_ms
    hurried = _start(row[-1:], starts[-1:], cue, style) + need_ms(cue, style) > until
    if late <= min(_NOTICED_MS, style.slack_ms) and not hurried:
        return None
    merged = _merged(row[-1], cue, starts[-1], until, style)
    if merged is not None:
        row.pop()
        starts.pop()
    return merged


def _relieved_where_cut(
    row: Sequence[Cue], style: Style, may_merge: Callable[[Cue, Cue], bool]
) -> list[Cue] | None:
    """Merge the cues that are cut short as they stand with a neighbour that has time; None where none is."""
    starts = _starts(row, style)
    ends = [*(start - style.gap_ms for start in starts[1:]), float("inf")]
    out: list[Cue] = []
    last = 0  # cues before this one are merged already
    for i, cue in enumerate(row):
        if i < last:
            continue
        out.append(cue)
        if starts[i] + need_ms(cue, style) <= ends[i]:
            continue
        before = after = None
        if i > last and may_merge(row[i - 1], cue):
            before = _merged(row[i - 1], cue, starts[i - 1], ends[i], style)
        if before is None and i + 1 < len(row) and may_merge(cue, row[i + 1]):
            after = _merged(cue, row[i + 1], starts[i], ends[i + 1], style)
        if before is not None:
            out[-2:] = [before]
            last = i + 1
        elif after is not None:
            out[-1] = after
            last = i + 2
    return out if len(out) < len(row) else None


def _merged(first: Cue, second: Cue, start: int, until: float, style: Style) -> Cue | None:
    """Return two neighbours as one cue from `start` that ends by `until`, or None where that cannot be."""
    if second.start_ms - first.end_ms > _NEIGHBOUR_MS or second.start_ms - start > _EARLY_MS:
        return None
    merged = merge_pair(first, second, style)
    if merged is None or merged.end_ms - start > style.max_ms:
        return None
    return merged if start + need_ms(merged, style) <= until else None


def merge_pair(first: Cue, second: Cue, style: Style) -> Cue | None:
    """Return two cues of one kind and language as one, or None where its lines do not hold both."""
    language = first.language or guess_language(first.text)
    if first.kind != second.kind or language != (second.language or guess_language(second.text)):
        return None
    if language == "mul" or first.settings != second.settings or _SPEAKER.match(second.text):
        return None
    upper, lower = unwrapped(first.lines), unwrapped(second.lines)
    blank = "" if language == "zh" and upper[-1:] in CLOSERS else " "
    text = f"{upper}{blank}{lower}"
    lines = break_lines(text, language, style.line_columns, style.lines)
    if lines is None:
        return None
    if not style.has_final_stop and language == "zh":
        lines = without_final_stop(lines)
    joined = f"{first.text}\n{second.text}"
    moved = [replace(mark, at=mark.at + len(first.text) + 1) for mark in second.marks]
    return replace(
        first,
        end_ms=max(first.end_ms, second.end_ms),
        lines=lines,
        confidence=min(first.confidence, second.confidence),
        words=first.words + second.words,
        origins=first.origins + second.origins,
        marks=carry_marks(joined, (*first.marks, *moved), "\n".join(lines)),
    )
