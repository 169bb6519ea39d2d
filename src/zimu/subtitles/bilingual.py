"""Two languages in one cue, put together by time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zimu.errors import unknown_name
from zimu.subtitles.cue import Cue
from zimu.subtitles.measure import join_lines

__all__ = ["ORDERS", "merge_languages"]

ORDERS = ("zh-en", "en-zh")


def merge_languages(zh_cues: Sequence[Cue], en_cues: Sequence[Cue], order: str = "zh-en") -> list[Cue]:
    """Return bilingual cues: each Chinese cue with the English of the same time, one line each.

    A cue belongs to the one of the other language that it shares most time with; one that shares no time
    stays alone.

    Args:
        zh_cues: Chinese cues.
        en_cues: English cues.
        order: "zh-en" puts Chinese above English, "en-zh" English above Chinese.

    Raises:
        UnknownNameError: No such order.
    """
    if order not in ORDERS:
        raise unknown_name("order", order, ORDERS)
    first, second = sorted(zh_cues, key=_start), sorted(en_cues, key=_start)
    groups: dict[int, list[Cue]] = {i: [] for i in range(len(first))}
    alone = []
    for cue in second:
        shared = [min(c.end_ms, cue.end_ms) - max(c.start_ms, cue.start_ms) for c in first]
        best = max(range(len(first)), key=lambda i: shared[i], default=None)
        if best is None or shared[best] <= 0:
            alone.append(cue)
        else:
            groups[best].append(cue)
    cues = [_merged(cue, groups[i], order) for i, cue in enumerate(first)] + alone
    return sorted(cues, key=_start)


def _start(cue: Cue) -> tuple[int, int]:
    return cue.start_ms, cue.end_ms


def _merged(cue: Cue, others: list[Cue], order: str) -> Cue:
    if not others:
        return cue
    upper = (join_lines(cue.lines),) if cue.lines else ()
    lower = tuple(filter(None, (join_lines(tuple(line for o in others for line in o.lines)),)))
    return replace(
        cue,
        start_ms=min(cue.start_ms, others[0].start_ms),
        end_ms=max(cue.end_ms, *(o.end_ms for o in others)),
        lines=upper + lower if order == "zh-en" else lower + upper,
        language="mul",
        words=(),
        marks=(),
    )
