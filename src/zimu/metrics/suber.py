"""SubER, the subtitle edit rate, and how the breaks of lines and cues fared in its alignment.

Words and breaks are edited together; a word may match or replace another only where their cues overlap in
time, and runs of words may be shifted. Found by the greedy search of Tercom with its limits, as in the
program of the authors (subtitle-edit-rate 0.4.0), whose numbers these are.

Source: Wilken, Georgakopoulou & Matusov 2022, "SubER: A Metric for Automatic Evaluation of Subtitle Quality"
(IWSLT); Snover et al. 2006 for the shifts.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor

import numpy as np
import numpy.typing as npt

from zimu.metrics.cues import Cue

__all__ = ["CuePart", "SubtitleEdits", "Token", "edits", "parts_of", "tokens_of"]

# Tercom's limits: the longest run shifted, how far, the width of the band, shifts tried in one part.
_LONGEST_SHIFT = 10
_FARTHEST_SHIFT = 50
_BAND = 100
_MOST_SHIFTS = 1000

_NEVER = 1 << 40
_SUBSTITUTE, _DELETE, _INSERT = 0, 1, 2
LINE, BLOCK = "<eol>", "<eob>"

_PUNCTUATION = str.maketrans("", "", string.punctuation + "…")
# What sacreBLEU's tokeniser "zh" takes for Chinese, its two slips (from U+2001, from U+2F81) included.
_WIDE = re.compile(
    "([\u2001-\u2a6d\u2e80-\u2fdf\u2ff0-\u303f\u3100-\u312f\u31a0-\u31ef\u3200-\u4db5\u4e00-\u9fbb"
    "\uf900-\ufa2d\ufa30-\ufa6a\ufe10-\ufe1f\ufe30-\ufe4f\uff00-\uffef])"
)
_ASCII = re.compile(r"([{-~\[-` -&(-+:-@/])")

_Matrix = npt.NDArray[np.bool_]
_Row = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a break with the times of its cue, milliseconds."""

    text: str
    start_ms: int
    end_ms: int

    @property
    def is_break(self) -> bool:
        """Whether it ends a line or a cue."""
        return self.text in (LINE, BLOCK)


@dataclass(frozen=True, slots=True)
class CuePart:
    """A stretch of time at whose ends nothing is on the screen.

    Attributes:
        references: Cues of the reference in it.
        candidates: Cues of the candidate in it.
    """

    references: tuple[Cue, ...]
    candidates: tuple[Cue, ...]


@dataclass(frozen=True, slots=True)
class SubtitleEdits:
    """What it takes to turn a candidate into its reference.

    Attributes:
        shifts: Runs that are moved.
        words: Words that are inserted, deleted or replaced.
        breaks: Breaks that are inserted, deleted or replaced.
        length: Words and breaks of the reference.
        kept_breaks: Breaks that are right.
        reference_breaks: Breaks of the reference.
        candidate_breaks: Breaks of the candidate.
    """

    shifts: int
    words: int
    breaks: int
    length: int
    kept_breaks: int
    reference_breaks: int
    candidate_breaks: int

    @property
    def total(self) -> int:
        """All edits."""
        return self.shifts + self.words + self.breaks


def parts_of(references: Sequence[Cue], candidates: Sequence[Cue]) -> list[CuePart]:
    """Cut two files where neither shows anything; edits never reach over such a place.

    Args:
        references: Cues of the reference, in any order.
        candidates: Cues of the candidate, in any order.
    """
    marked = [(cue.start_ms, 0, cue) for cue in references] + [(cue.start_ms, 1, cue) for cue in candidates]
    parts: list[tuple[list[Cue], list[Cue]]] = []
    latest = 0
    for start, side, cue in sorted(marked, key=lambda row: row[:2]):
        if not parts or start >= latest:
            parts.append(([], []))
        parts[-1][side].append(cue)
        latest = max(latest, cue.end_ms)
    return [CuePart(tuple(first), tuple(second)) for first, second in parts]


def tokens_of(cues: Sequence[Cue], language: str) -> list[Token]:
    """Return the words of cues, lower case and without punctuation, and a break after each line and cue.

    Args:
        cues: In order of time.
        language: "zh" splits Chinese into characters.
    """
    found = []
    for cue in cues:
        lines = [words for line in cue.lines if (words := _words(line, language))]
        for number, words in enumerate(lines, 1):
            marked = [*words, BLOCK if number == len(lines) else LINE]
            found += [Token(word, cue.start_ms, cue.end_ms) for word in marked]
    return found


def _words(line: str, language: str) -> list[str]:
    words = (_plain(word, language) for word in line.split())
    return [part for word in words for part in (_split(word) if language == "zh" else [word])]


@lru_cache(1 << 14)
def _plain(word: str, language: str) -> str:
    """Return a word in lower case without punctuation; a word of nothing else is kept."""
    lower = word.lower()
    if language == "zh":
        return "".join(c for c in lower if not unicodedata.category(c).startswith("P")) or lower
    return lower.translate(_PUNCTUATION) or lower


@lru_cache(1 << 14)
def _split(word: str) -> list[str]:
    """Split as sacreBLEU's "zh" does: Chinese by character, the rest as mteval's 13a."""
    line = _ASCII.sub(r" \1 ", _WIDE.sub(r" \1 ", word))
    line = re.sub(r"([^0-9])([.,])", r"\1 \2 ", line)
    line = re.sub(r"([.,])([^0-9])", r" \1 \2", line)
    return re.sub(r"([0-9])(-)", r"\1 \2 ", line).split()


def edits(part: CuePart, language: str) -> SubtitleEdits:
    """Count the edits of a part.

    Args:
        part: From `parts_of`.
        language: "en" or "zh".
    """
    reference, candidate = tokens_of(part.references, language), tokens_of(part.candidates, language)
    table = _Table(reference, candidate)
    order = list(range(len(candidate)))
    shifts = tried = 0
    while reference:
        gain, shifted, tried = _best_shift(table, order, tried)
        if tried >= _MOST_SHIFTS or gain <= 0:
            break
        shifts, order = shifts + 1, shifted
    return _count(table, order, shifts)


def _count(table: _Table, order: list[int], shifts: int) -> SubtitleEdits:
    reference, candidate = table.reference, table.candidate
    words = breaks = kept = i = j = 0
    for step in table.trace(order):
        i, j = i + (step != _INSERT), j + (step != _DELETE)
        is_break = candidate[order[i - 1]].is_break if step == _DELETE else reference[j - 1].is_break
        if step == _SUBSTITUTE and table.match[order[i - 1], j - 1]:
            kept += is_break
        else:
            breaks, words = breaks + is_break, words + (not is_break)
    counts = [sum(token.is_break for token in side) for side in (reference, candidate)]
    return SubtitleEdits(shifts, words, breaks, len(reference), kept, counts[0], counts[1])


class _Table:
    """Edit distances between a reference and orders of a candidate; rows of shared beginnings are kept.

    A step of a trace takes a candidate token and a reference token (equal or replaced), deletes a candidate
    token or inserts a reference token.
    """

    def __init__(self, reference: list[Token], candidate: list[Token]) -> None:
        self.reference, self.candidate = reference, candidate
        numbers = {text: n for n, text in enumerate({token.text for token in (*reference, *candidate)})}
        sides = []
        for side in (candidate, reference):
            rows = [(numbers[t.text], t.is_break, t.start_ms, t.end_ms) for t in side]
            sides.append(np.array(rows, np.int64).reshape(-1, 4))
        one, two = sides[0][:, None], sides[1][None]
        together = (one[..., 2] < two[..., 3]) == (two[..., 2] < one[..., 3])
        self.match: _Matrix = (one[..., 0] == two[..., 0]) & together
        self._cost: _Row = np.where(
            self.match, 0, np.where(together & (one[..., 1] == two[..., 1]), 1, _NEVER)
        )
        self._last: list[int] = []
        self._rows: list[_Row] = [np.arange(len(reference) + 1)]
        self._steps: list[npt.NDArray[np.int8]] = [np.full(len(reference) + 1, _INSERT, np.int8)]

    def distance(self, order: list[int]) -> int:
        """Return the edit distance of the candidate in an order."""
        alike = next((i for i, (a, b) in enumerate(zip(order, self._last, strict=False)) if a != b), None)
        alike = min(len(order), len(self._last)) if alike is None else alike
        del self._rows[alike + 1 :], self._steps[alike + 1 :]
        for i in range(alike, len(order)):
            self._add_row(i + 1, order)
        self._last = list(order)
        return int(self._rows[-1][-1])

    def _add_row(self, i: int, order: list[int]) -> None:
        columns, rows = len(self.reference), len(order)
        ratio = columns / rows
        band = ceil(ratio / 2 + _BAND) if ratio / 2 > _BAND else _BAND
        centre = floor(i * ratio)
        low, high = max(0, centre - band), min(columns + 1, centre + band)
        high = columns + 1 if i == rows else high
        above = self._rows[-1]
        cost, step = np.full(columns + 1, _NEVER), np.full(columns + 1, _DELETE, np.int8)
        cost[low:high] = above[low:high] + 1
        first = max(1, low)
        paired = above[first - 1 : high - 1] + self._cost[order[i - 1], first - 1 : high - 1]
        better = paired <= cost[first:high]
        cost[first:high] = np.where(better, paired, cost[first:high])
        step[first:high][better] = _SUBSTITUTE
        # An insertion costs the same everywhere, so a running minimum along the row does them all.
        slope = np.arange(low, high)
        reached = np.minimum.accumulate(cost[low:high] - slope) + slope
        step[low:high][reached < cost[low:high]] = _INSERT
        cost[low:high] = np.minimum(reached, _NEVER)
        self._rows.append(cost)
        self._steps.append(step)

    def trace(self, order: list[int]) -> list[int]:
        """Return the steps of the best alignment, from left to right."""
        self.distance(order)
        i, j, steps = len(order), len(self.reference), []
        while i or j:
            step = int(self._steps[i][j])
            steps.append(step)
            i, j = i - (step != _INSERT), j - (step != _DELETE)
        return steps[::-1]


def _best_shift(table: _Table, order: list[int], tried: int) -> tuple[int, list[int], int]:
    """Return the gain of the shift that saves most, the order after it, and how many were tried by now."""
    before = table.distance(order)
    places, wrong_reference, wrong_candidate = _alignment(table, order)
    best: tuple[tuple[int, int, int, int], list[int]] | None = None
    for i, j, length in _equal_runs(table, order):
        if not any(wrong_candidate[i : i + length]) or not any(wrong_reference[j : j + length]):
            continue
        if i <= places[j] < i + length:
            continue
        for target in _targets(places, j, length):
            shifted = _moved(order, i, length, target)
            rank = (before - table.distance(shifted), length, -i, -target)
            tried += 1
            if best is None or rank > best[0]:
                best = rank, shifted
        if tried >= _MOST_SHIFTS:
            break
    return (0, order, tried) if best is None else (best[0][0], best[1], tried)


def _alignment(table: _Table, order: list[int]) -> tuple[list[int], list[bool], list[bool]]:
    """Return where each reference token lies in the candidate, and which tokens of either are wrong."""
    places: list[int] = []
    wrong_reference: list[bool] = []
    wrong_candidate: list[bool] = []
    for step in table.trace(order):
        wrong = step != _SUBSTITUTE or not table.match[order[len(wrong_candidate)], len(places)]
        if step != _INSERT:
            wrong_candidate.append(wrong)
        if step != _DELETE:
            places.append(len(wrong_candidate) - 1)
            wrong_reference.append(wrong)
    return places, wrong_reference, wrong_candidate


def _equal_runs(table: _Table, order: list[int]) -> Iterator[tuple[int, int, int]]:
    """Yield (place in the candidate, place in the reference, length) of equal runs and their beginnings."""
    match = table.match[order]
    for i, j in np.argwhere(match).tolist():
        if abs(i - j) > _FARTHEST_SHIFT:
            continue
        most = min(_LONGEST_SHIFT, len(order) - i, match.shape[1] - j)
        for length in range(1, most + 1):
            if not match[i + length - 1, j + length - 1]:
                break
            yield i, j, length


def _targets(places: list[int], j: int, length: int) -> list[int]:
    """Return before which candidate tokens a run that equals the reference from `j` may be put."""
    found = []
    for at in range(j - 1, j + length):
        if at >= len(places):
            break
        found.append(0 if at < 0 else places[at] + 1)
    return [target for n, target in enumerate(found) if n == 0 or target != found[n - 1]]


def _moved(order: list[int], start: int, length: int, target: int) -> list[int]:
    run = order[start : start + length]
    if target < start:
        return [*order[:target], *run, *order[target:start], *order[start + length :]]
    if target > start + length:
        return [*order[:start], *order[start + length : target], *run, *order[target:]]
    after = length + target
    return [*order[:start], *order[start + length : after], *run, *order[after:]]
