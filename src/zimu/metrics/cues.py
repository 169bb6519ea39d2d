"""The least of SRT and WebVTT that scoring needs: times and text of cues, and which belong together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from zimu.errors import ConfigError

__all__ = ["Cue", "pair_cues", "read_cues"]

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}")
_TAG = re.compile(r"<[^>\n]*>|\{\\[^}\n]*\}")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&lrm;": "", "&rlm;": "", "&amp;": "&"}


@dataclass(frozen=True)
class Cue:
    """Lines with their time.

    Attributes:
        start_ms: Start, milliseconds.
        end_ms: End, exclusive.
        lines: What is shown, tags removed; empty lines are left out.
    """

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines with blanks between them."""
        return " ".join(self.lines)


def read_cues(text: str, name: str) -> list[Cue]:
    """Return the cues of an SRT or WebVTT file without tags.

    Args:
        text: The file's contents.
        name: The file's name, for messages.

    Raises:
        ConfigError: There is no cue.
    """
    cues = []
    for block in re.split(r"\n[ \t]*\n+", text.replace("\r\n", "\n").replace("\r", "\n")):
        lines = block.strip("\n").split("\n")
        for n, line in enumerate(lines[:2]):  # a number or a name may stand above the times
            times = _TIMES.match(line)
            if times:
                start, end = _ms(times.groups()[:4]), _ms(times.groups()[4:])
                shown = tuple(plain for row in lines[n + 1 :] if (plain := _plain(row)))
                cues.append(Cue(start, end, shown))
                break
    if not cues:
        raise ConfigError(f"{name} has no cue with a line like 00:00:01,000 --> 00:00:02,500.")
    return cues


def pair_cues(
    references: Sequence[Cue], candidates: Sequence[Cue]
) -> tuple[dict[Hashable, list[str]], dict[Hashable, str]]:
    """Match cues by time.

    Args:
        references: Each is an item; its id is its number, from 1.
        candidates: Each goes to the reference that it overlaps most, the earlier of two. Several that go to
            one are joined in their order. A candidate that overlaps none keeps an id of its own, so that it
            is reported as surplus; a reference that gets none has an empty candidate.
    """
    texts: defaultdict[int, list[str]] = defaultdict(list)
    surplus: dict[Hashable, str] = {}
    first = 0
    ordered = sorted(enumerate(references, 1), key=lambda pair: pair[1].start_ms)
    longest = max(cue.end_ms - cue.start_ms for cue in references)
    for number, cue in enumerate(sorted(candidates, key=lambda c: c.start_ms), 1):
        while first < len(ordered) and ordered[first][1].start_ms < cue.start_ms - longest:
            first += 1
        best, most = 0, 0
        for i, reference in ordered[first:]:
            if reference.start_ms >= cue.end_ms:
                break
            shared = min(reference.end_ms, cue.end_ms) - max(reference.start_ms, cue.start_ms)
            if shared > most:
                best, most = i, shared
        if best:
            texts[best].append(cue.text)
        else:
            surplus[f"candidate cue {number}"] = cue.text
    items: dict[Hashable, list[str]] = {i: [cue.text] for i, cue in enumerate(references, 1)}
    return items, {i: " ".join(texts[i]) for i in range(1, len(references) + 1)} | surplus


def _ms(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, fraction = parts
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole * 1000 + int((fraction or "").ljust(3, "0"))


def _plain(text: str) -> str:
    text = _TAG.sub("", text)
    for entity, character in _ENTITIES.items():
        text = text.replace(entity, character)
    return " ".join(text.split())
