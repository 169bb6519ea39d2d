"""What in a row of cues a style does not allow. It knows nothing of how cues are laid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zimu.subtitles.chinese import CLOSERS, OPENERS, is_lone_particle
from zimu.subtitles.cue import Cue
from zimu.subtitles.english import ARTICLES
from zimu.subtitles.measure import columns, guess_language, reading_columns
from zimu.subtitles.styles import Style

__all__ = ["RULES", "Violation", "violations"]

# rule: (what `found` is measured in, what it says)
RULES: dict[str, tuple[str, str]] = {
    "line-width": ("characters", "a line is too long"),
    "line-count": ("lines", "too many lines"),
    "reading-speed": ("characters a second", "too much to read in its time"),
    "too-short": ("s", "shown too briefly"),
    "too-long": ("s", "shown too long"),
    "gap": ("s", "too close to the next cue"),
    "overlap": ("s", "overlaps the next cue"),
    "order": ("s", "starts after the next cue"),
    "reversed": ("s", "ends before it starts"),
    "negative": ("s", "starts before the file does"),
    "empty": ("characters", "shows nothing"),
    "final-stop": ("", "a line ends with a full stop or comma"),
    "line-break": ("", "a line is broken where it must not be"),
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One cue against one rule.

    Attributes:
        index: The cue, from 0.
        rule: A key of `RULES`.
        found: What was found, in the rule's unit; 0 where the rule has none.
        limit: What is allowed.
    """

    index: int
    rule: str
    found: float
    limit: float

    def __str__(self) -> str:
        unit, what = RULES[self.rule]
        return f"{what} ({self.found:g} {unit}, allowed {self.limit:g})" if unit else what


def violations(cues: Sequence[Cue], style: Style) -> list[Violation]:
    """Return each rule of a style that each cue breaks, in order of the cues.

    Args:
        cues: In the file's order.
        style: The limits.
    """
    found: list[Violation] = []
    for i, cue in enumerate(cues):
        found += _of_text(i, cue, style)
        found += _of_time(i, cue, style)
        if i + 1 < len(cues):
            found += _of_pair(i, cue, cues[i + 1], style)
    return found


def _of_text(i: int, cue: Cue, style: Style) -> list[Violation]:
    out = []
    if not cue.lines:
        return [Violation(i, "empty", 0, 1)]
    widest, unit = max(map(columns, cue.lines)), style.unit_columns
    if widest > style.line_columns:
        out.append(Violation(i, "line-width", widest / unit, style.line_columns / unit))
    allowed = style.lines * (2 if cue.language == "mul" else 1)
    if len(cue.lines) > allowed:
        out.append(Violation(i, "line-count", len(cue.lines), allowed))
    if not style.has_final_stop and any(_ends_with_stop(line) for line in cue.lines):
        out.append(Violation(i, "final-stop", 0, 0))
    if cue.language != "mul" and any(map(_is_bad_break, cue.lines, cue.lines[1:])):
        out.append(Violation(i, "line-break", 0, 0))
    return out


def _ends_with_stop(line: str) -> bool:
    if guess_language(line) != "zh":
        return False
    return line[-1] in "。，、," or (line[-1] == "." and line[-2:] != "..")


def _is_bad_break(upper: str, lower: str) -> bool:
    """Say whether a closing mark or lone particle begins a line, or an article or opening mark ends one."""
    if guess_language(upper + lower) == "zh":
        return lower[0] in CLOSERS or upper[-1] in OPENERS or is_lone_particle(lower)
    return upper.split()[-1].lower() in ARTICLES


def _of_time(i: int, cue: Cue, style: Style) -> list[Violation]:
    out, length = [], cue.duration_ms
    if cue.start_ms < 0:
        out.append(Violation(i, "negative", cue.start_ms / 1000, 0))
    if length < 0:
        return [*out, Violation(i, "reversed", length / 1000, 0)]
    if length < style.min_ms:
        out.append(Violation(i, "too-short", length / 1000, style.min_ms / 1000))
    if length > style.max_ms:
        out.append(Violation(i, "too-long", length / 1000, style.max_ms / 1000))
    width, unit = reading_columns(cue), style.unit_columns
    if width * 1000 > style.columns_a_second * length:
        # A cue of no length is infinitely fast; what is reported has to be a number.
        speed = width * 1000 / max(1, length)
        out.append(Violation(i, "reading-speed", round(speed / unit, 2), style.columns_a_second / unit))
    return out


def _of_pair(i: int, cue: Cue, after: Cue, style: Style) -> list[Violation]:
    gap = after.start_ms - cue.end_ms
    if after.start_ms < cue.start_ms:
        return [Violation(i, "order", (cue.start_ms - after.start_ms) / 1000, 0)]
    if gap < 0:
        return [Violation(i, "overlap", -gap / 1000, 0)]
    if gap < style.gap_ms:
        return [Violation(i, "gap", gap / 1000, style.gap_ms / 1000)]
    return []
