"""What `zimu check` reports of a track: the cues to look at, the surest first, each with its reasons."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from zimu.clips.speech import Speech
from zimu.subtitles.audit import WEIGHTS, findings
from zimu.subtitles.check import violations
from zimu.subtitles.cue import Cue, Track
from zimu.subtitles.listening import Unsaid, as_a_whole, heard_findings, unsubtitled
from zimu.subtitles.recognise import place_of, tell_languages
from zimu.subtitles.styles import Style

__all__ = ["Report", "Row", "report_on"]

# The weight of a broken rule of a house: it is sure, but rarely what a person must see first.
_RULE_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Row:
    """One cue to look at.

    Attributes:
        index: The cue, from 0.
        score: 0 to 1, how surely a person should look.
        reasons: (kind, reason) of each, the weightiest first.
    """

    index: int
    score: float
    reasons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a track.

    Attributes:
        track: The track.
        style: The style that it was checked against.
        rows: The cues to look at, the surest first.
        counts: {kind: how many}, the most frequent first.
        unsaid: Speech that no cue covers, the surest first; empty where no video was heard.
        whole: How the file stands wrongly as a whole, in words.
    """

    track: Track
    style: Style
    rows: tuple[Row, ...]
    counts: dict[str, int]
    unsaid: tuple[Unsaid, ...] = ()
    whole: str | None = None


def report_on(
    track: Track, style: Style, language: str | None = None, speech: Speech | None = None
) -> Report:
    """Check a track against a style, for what is wrong in any style, and against what is heard.

    Args:
        track: The track.
        style: The limits.
        language: The language that it should be in; None where it does not matter.
        speech: Where somebody speaks in its video; None where no video was heard.
    """
    cues = tell_languages(track.cues)
    reasons: dict[int, dict[str, tuple[float, str]]] = {}
    found, unsaid = findings(cues, language), list[Unsaid]()
    whole = as_a_whole(cues, speech) if speech else None
    if speech is not None:
        # Where the whole file stands wrongly, a line is judged where it should stand.
        placed = whole.cues if whole else cues
        found += heard_findings(placed, speech)
        unsaid = unsubtitled(placed, speech)
    for finding in found:
        own = reasons.setdefault(finding.index, {})
        own.setdefault(finding.kind, (finding.weight, finding.reason))
    for index, rule, text in _by_place(cues, style):
        # The findings tell order, overlaps and reversed times already, naming the other cue.
        if rule not in WEIGHTS:
            reasons.setdefault(index, {}).setdefault(rule, (_RULE_WEIGHT, text))
    rows = [_row(index, own) for index, own in reasons.items()]
    counts = Counter(kind for own in reasons.values() for kind in own)
    ranked = sorted(rows, key=lambda row: (-row.score, row.index))
    unsaid.sort(key=lambda u: (-u.score, u.start_ms))
    told = whole.text if whole else None
    return Report(track, style, tuple(ranked), dict(counts.most_common()), tuple(unsaid), told)


def _row(index: int, own: dict[str, tuple[float, str]]) -> Row:
    innocent = 1.0
    for weight, _ in own.values():
        innocent *= 1 - weight
    ranked = sorted(own.items(), key=lambda item: -item[1][0])
    return Row(index, round(1 - innocent, 3), tuple((kind, text) for kind, (_, text) in ranked))


def _by_place(cues: list[Cue], style: Style) -> list[tuple[int, str, str]]:
    """Return the violations within each place on the screen as (cue, rule, text)."""
    places: dict[tuple[str, ...], list[int]] = {}
    for i, cue in enumerate(cues):
        places.setdefault(place_of(cue), []).append(i)
    return [
        (indices[found.index], found.rule, str(found))
        for indices in places.values()
        for found in violations([cues[i] for i in indices], style)
    ]
