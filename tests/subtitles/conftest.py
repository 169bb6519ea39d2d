"""Random captions in both languages, and what no layout could have avoided."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from zimu.streams import Caption
from zimu.subtitles.check import Violation, violations
from zimu.subtitles.cue import Cue
from zimu.subtitles.measure import guess_language, need_ms
from zimu.subtitles.schedule import merge_pair
from zimu.subtitles.styles import Style

_EN = """the a dog man woman who is are running jumps over wall with in of red and but because Mr. Smith New
    York 1984 three hundred people don't very quickly extraordinarily well, then. really? (maybe) 3.5%
    don't—never yes! I you"""
_ZH = """一只 狗 的 了 男人 女人 在 公园 里 跑步 吗？ 吧 和 但是 因为 2023年 三百 个 人 非常 OpenAI 37.5%
    人工智能 ， ， 。 《红楼梦》 慢慢 地 走 着 、 “你好” 没有 我们 ！"""


def make_captions(rng: random.Random, count: int) -> list[Caption]:
    """Return captions, some crowded, some overlapping, some far too long."""
    out, at = [], 0
    language = rng.choice(["en", "zh"])
    for _ in range(count):
        if rng.random() < 0.15:
            language = rng.choice(["en", "zh"])
        known = (_EN if language == "en" else _ZH).split()
        words = rng.choices(known, k=rng.choice([1, 2, 4, 8, 16, 40]))
        text = (" " if language == "en" else "").join(words)
        length = rng.choice([50, 300, 800, 1500, 3000, 6000, 15000])
        at += rng.choice([0, 0, 10, 100, 500, 3000])
        out.append(Caption(at, at + length, text, language, rng.choice(["speech", "speech", "scene"])))
        at += rng.choice([0, length // 2, length, length])
    return out


def avoidable(found: Violation, cues: Sequence[Cue], spans: dict[str, Caption], style: Style) -> bool:
    """Return whether one cue or two neighbours could have been placed, broken or merged without it.

    Args:
        found: A violation of `cues`.
        cues: What was laid out.
        spans: {name of a cue: its caption}; cues of one caption share a name.
        style: The limits.
    """
    i, cue = found.index, cues[found.index]
    if found.rule == "line-width":
        widest = max(cue.lines, key=len)
        return " " in widest or guess_language(widest) == "zh"
    if found.rule not in ("too-short", "reading-speed"):
        return True
    need = need_ms(cue, style)
    before = cues[i - 1] if i else None
    after = cues[i + 1] if i + 1 < len(cues) else None
    if after is None or cue.start_ms + need + style.gap_ms <= after.start_ms:
        return True  # it could have lingered
    if (
        before is not None
        and before.name == cue.name
        and (before.duration_ms - need_ms(before, style) >= need - cue.duration_ms)
    ):
        return True  # the part before it, of the same caption, has time to spare
    if after.name == cue.name:
        rest = [c for c in cues[i:] if c.name == cue.name]
        following = next((c for c in cues[i:] if c.name != cue.name), None)
        needed = sum(need_ms(c, style) + style.gap_ms for c in rest)
        if following is None or cue.start_ms + needed <= following.start_ms:
            return True  # the parts that follow, of the same caption, could have waited
    start = cue.start_ms + need + style.gap_ms
    if after.name != cue.name and start <= spans[after.name].start_ms + style.slack_ms:
        until = cues[i + 2].start_ms - style.gap_ms if i + 2 < len(cues) else start + style.max_ms
        if start + need_ms(after, style) <= until:
            return True  # the next could have waited
    return any(_could_merge(cues, a, spans, style) for a in (i - 1, i) if a >= 0)


def _could_merge(cues: Sequence[Cue], a: int, spans: dict[str, Caption], style: Style) -> bool:
    """Return whether cues `a` and `a + 1`, said within a second, could be one that can be read."""
    first, second = cues[a], cues[a + 1]
    said = spans[first.name], spans[second.name]
    if said[1].start_ms - said[0].end_ms > 1000 or said[1].start_ms - first.start_ms > 2500:
        return False
    merged = merge_pair(first, second, style)
    if merged is None or merged.duration_ms > style.max_ms:
        return False
    until = cues[a + 2].start_ms - style.gap_ms if a + 2 < len(cues) else float("inf")
    return first.start_ms + need_ms(merged, style) <= until


def name_captions(captions: Sequence[Caption]) -> list[Cue]:
    """Return captions as cues that are named, so that their parts can be told after the layout."""
    return [
        Cue(c.start_ms, c.end_ms, (c.text,), c.kind, c.language, name=str(i)) for i, c in enumerate(captions)
    ]


def find_avoidable(captions: Sequence[Caption], cues: Sequence[Cue], style: Style) -> list[Violation]:
    """Return the violations that were avoidable."""
    spans = {str(i): caption for i, caption in enumerate(captions)}
    return [v for v in violations(cues, style) if avoidable(v, cues, spans, style)]


@pytest.fixture
def random_captions() -> Callable[[random.Random, int], list[Caption]]:
    """Makes captions, some crowded, some overlapping, some far too long."""
    return make_captions


@pytest.fixture
def named() -> Callable[[Sequence[Caption]], list[Cue]]:
    """Makes cues of captions, named so that their parts can be told after the layout."""
    return name_captions


@pytest.fixture
def avoidable_violations() -> Callable[[Sequence[Caption], Sequence[Cue], Style], list[Violation]]:
    """Finds the violations of a layout that were avoidable."""
    return find_avoidable
