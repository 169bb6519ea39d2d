"""Two languages in one cue, put together by time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from zimu.errors import unknown_name
from zimu.subtitles.breaks import break_lines
from zimu.subtitles.cue import Cue
from zimu.subtitles.measure import guess_language
from zimu.subtitles.splitwords import unwrapped
from zimu.subtitles.styles import STYLES

__all__ = ["ORDERS", "merge_languages"]

ORDERS = ("zh-en", "en-zh")
# A cue that shares less than this part of its own time with another is not its translation.
_SHARE = 0.3


def merge_languages(zh_cues: Sequence[Cue], en_cues: Sequence[Cue], order: str = "zh-en") -> list[Cue]:
    """Return bilingual cues: Chinese with the English of the same time, without overlaps.

    A cue joins the one of the other language that it shares most time with; one that shares none stays alone.
    Where one language says in one cue what the other says in two, the two are joined.

    Args:
        zh_cues: Chinese cues.
        en_cues: English cues.
        order: "zh-en" puts Chinese above English, "en-zh" English above Chinese.

    Raises:
        UnknownNameError: No such order.
    """
    if order not in ORDERS:
        raise unknown_name("order", order, ORDERS)
    zh, en = sorted(zh_cues, key=_start), sorted(en_cues, key=_start)
    group_of_zh, group_of_en = _groups(zh, en)
    groups: dict[int, tuple[list[Cue], list[Cue]]] = {}
    for side, (row, group_of) in enumerate(((zh, group_of_zh), (en, group_of_en))):
        for cue, group in zip(row, group_of, strict=True):
            groups.setdefault(group, ([], []))[side].append(cue)
    return _without_overlaps(sorted((_joined(a, b, order) for a, b in groups.values()), key=_start))


def _start(cue: Cue) -> tuple[int, int]:
    return cue.start_ms, cue.end_ms


def _groups(zh: Sequence[Cue], en: Sequence[Cue]) -> tuple[list[int], list[int]]:
    """Return the group of each Chinese and each English cue."""
    of_zh, of_en = list(range(len(zh))), []
    for k, best in enumerate(_partners(en, zh)):
        of_en.append(len(zh) + k if best is None else best)
    taken = set(of_en)
    for i, best in enumerate(_partners(zh, en)):
        if i not in taken and best is not None:  # no English of its own: it shares that of its neighbour
            of_zh[i] = of_en[best]
    return of_zh, of_en


def _partners(cues: Sequence[Cue], others: Sequence[Cue]) -> list[int | None]:
    """Return for each cue the other that it shares most time with, None where that is too little."""
    out: list[int | None] = []
    starts = [other.start_ms for other in others]
    longest = max((other.duration_ms for other in others), default=0)
    for cue in cues:
        best, most = None, _SHARE * max(1, cue.duration_ms)
        first = bisect_left(starts, cue.start_ms - longest)
        for i in range(first, bisect_left(starts, cue.end_ms)):
            shared = min(cue.end_ms, others[i].end_ms) - max(cue.start_ms, others[i].start_ms)
            if shared >= most:
                best, most = i, shared + 1
        out.append(best)
    return out


def _joined(zh: list[Cue], en: list[Cue], order: str) -> Cue:
    """Return the cues of one group as one."""
    both = sorted(zh + en, key=_start)
    if len(both) == 1:
        return both[0]
    upper, lower = (zh, en) if order == "zh-en" else (en, zh)
    return replace(
        both[0],
        end_ms=max(cue.end_ms for cue in both),
        lines=_lines(upper) + _lines(lower),
        language="mul" if zh and en else both[0].language,
        confidence=min(cue.confidence for cue in both),
        words=(),
        marks=(),
        settings=(),
        name="",
    )


def _lines(cues: Sequence[Cue]) -> tuple[str, ...]:
    """Return the text of one language on one line, on two where it is wider than a line."""
    lines = tuple(line for cue in cues for line in cue.lines)
    text, plain = unwrapped(lines), STYLES["plain"]
    if not text:
        return ()
    return break_lines(text, guess_language(text), plain.line_columns, plain.lines) or lines


def _without_overlaps(cues: Sequence[Cue]) -> list[Cue]:
    out = []
    for i, cue in enumerate(cues):
        end = cue.end_ms if i + 1 == len(cues) else min(cue.end_ms, max(cue.start_ms, cues[i + 1].start_ms))
        out.append(replace(cue, end_ms=end))
    return out
