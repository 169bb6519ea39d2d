"""Scores of whole subtitle files: the edit rate, the times, the breaks.

Items are stretches of the files at whose ends nothing is on the screen; intervals are drawn over them. Files
that are compared share their items: stretches at whose ends none of them shows anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError, unknown_name
from zimu.metrics.bootstrap import Resampling
from zimu.metrics.card import Conditions, Score, ScoreCard, ScoreSettings
from zimu.metrics.cues import Cue
from zimu.metrics.intake import Items
from zimu.metrics.measures import Measure, rate_measure
from zimu.metrics.suber import CuePart, SubtitleEdits, edits, parts_of

__all__ = ["CUE_METRICS", "score_cues"]

_Counts = npt.NDArray[np.int64]

# What can be asked for, and the scores that each gives.
CUE_METRICS: dict[str, tuple[str, ...]] = {
    "suber": ("suber",),
    "timing": ("timing_precision", "timing_recall", "timing_f1"),
    "breaks": ("breaks_precision", "breaks_recall", "breaks_f1"),
}
_LANGUAGES = ("en", "zh")


def score_cues(
    references: Sequence[Cue],
    candidates: Sequence[Cue],
    *,
    metrics: Sequence[str] = tuple(CUE_METRICS),
    language: str = "en",
    split: str = "",
    settings: ScoreSettings | None = None,
    beside: Sequence[Sequence[Cue]] = (),
) -> ScoreCard:
    """Score the cues of a subtitle file against those of its reference.

    Args:
        references: The cues as they should be.
        candidates: The cues that are scored.
        metrics: Keys of `CUE_METRICS`. "suber" is the subtitle edit rate, a share of the words and breaks of
            the reference. "timing" compares when something is on the screen: precision is the part of the
            candidate's time that the reference also fills, recall the reverse. "breaks" counts the line and
            cue breaks that SubER's alignment finds right, of those of the candidate and of the reference.
        language: "en", or "zh", which is split into characters.
        split: The name of the part of the data, for the signature.
        settings: Draws and seed of the intervals.
        beside: The cues of other files that it will be compared with, which have to be scored with the same.
            Values stay as they are; items reach as far as any of the files shows something.

    Raises:
        UnknownNameError: A metric or language that these scores do not know.
        ConfigError: The reference has no cue.
    """
    settings = settings or ScoreSettings()
    _check(references, metrics, language)
    parts = parts_of(references, candidates)
    wanted = {score for name in metrics for score in CUE_METRICS[name]}
    shared = parts_of(references, [cue for cues in (candidates, *beside) for cue in cues])
    begins = [_begin(part) for part in shared]
    places = np.searchsorted(begins, [_begin(part) for part in parts], side="right") - 1
    found = _measures(parts, metrics, language, places, len(shared))
    measures = {name: m for name, m in found.items() if name in wanted}
    items = _items(parts, begins, places)
    data = hashlib.sha256("\x1e".join(f"{c.start_ms}\x1f{c.end_ms}\x1f{c.text}" for c in references).encode())
    conditions = Conditions(len(begins), "1", f"suber-{language}", split, data.hexdigest()[:12])
    resampling = Resampling(measures, settings.draws, settings.seed)
    scores = {
        name: Score(name, m.value, conditions, items.ids, m, resampling) for name, m in measures.items()
    }
    return ScoreCard(scores, _warnings(parts, len(candidates)), items)


def _check(references: Sequence[Cue], metrics: Sequence[str], language: str) -> None:
    for name in metrics:
        if name not in CUE_METRICS:
            raise unknown_name("metric of subtitle files", name, CUE_METRICS)
    if language not in _LANGUAGES:
        raise unknown_name("language", language, _LANGUAGES)
    if not references:
        raise ConfigError("The reference has no cue, so there is nothing to score against.")


def _items(parts: Sequence[CuePart], begins: Sequence[int], places: _Counts) -> Items:
    """Return the texts of the items, each named by its number and time; part m lies in item places[m]."""
    references: list[list[str]] = [[] for _ in begins]
    candidates: list[list[str]] = [[] for _ in begins]
    for part, place in zip(parts, places.tolist(), strict=True):
        references[place] += [cue.text for cue in part.references]
        candidates[place] += [cue.text for cue in part.candidates]
    return Items(
        tuple(f"{number} from {_clock(begin)}" for number, begin in enumerate(begins, 1)),
        tuple([" ".join(texts)] for texts in references),
        tuple(" ".join(texts) for texts in candidates),
    )


def _measures(
    parts: Sequence[CuePart], metrics: Sequence[str], language: str, places: _Counts, items: int
) -> dict[str, Measure]:
    """Return the measures; what is counted in part m belongs to item places[m]."""

    def gather(rows: Sequence[tuple[int, ...]]) -> _Counts:
        out = np.zeros((items, len(rows[0])), np.int64)
        np.add.at(out, places, np.array(rows, np.int64))
        return out

    found: dict[str, Measure] = {}
    if "suber" in metrics or "breaks" in metrics:
        counted = [edits(part, language) for part in parts]
        found["suber"] = rate_measure(*gather([(e.total, e.length) for e in counted]).T)
        found |= _agreement("breaks", gather([_breaks(e) for e in counted]))
    if "timing" in metrics:
        found |= _agreement("timing", gather([_times(part) for part in parts]))
    return found


def _breaks(found: SubtitleEdits) -> tuple[int, int, int]:
    return found.kept_breaks, found.candidate_breaks, found.reference_breaks


def _agreement(name: str, counts: _Counts) -> dict[str, Measure]:
    """Return precision, recall and F1 of int64 [M, 3]: what agrees, of the candidate, of the reference."""
    both, given, wanted = counts.T
    rates = {"precision": (both, given), "recall": (both, wanted), "f1": (2 * both, given + wanted)}
    return {
        f"{name}_{key}": replace(rate_measure(hits, totals), higher_is_better=True)
        for key, (hits, totals) in rates.items()
    }


def _times(part: CuePart) -> tuple[int, int, int]:
    """Return milliseconds in which both, the candidate, the reference have something on the screen."""
    reference, candidate = _filled(part.references), _filled(part.candidates)
    both = sum(
        max(0, min(a_end, b_end) - max(a, b)) for a, a_end in reference for b, b_end in candidate
    )  # a part has few cues
    return both, sum(end - start for start, end in candidate), sum(end - start for start, end in reference)


def _filled(cues: Sequence[Cue]) -> list[tuple[int, int]]:
    """Return the spans that cues fill together, apart from each other."""
    spans: list[tuple[int, int]] = []
    for cue in cues:
        if spans and cue.start_ms <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], cue.end_ms)
        else:
            spans.append((cue.start_ms, cue.end_ms))
    return spans


def _begin(part: CuePart) -> int:
    return min(cue.start_ms for cue in (*part.references, *part.candidates))


def _clock(time_ms: int) -> str:
    seconds = time_ms // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _warnings(parts: Sequence[CuePart], candidates: int) -> tuple[str, ...]:
    alone = sum(not part.candidates or not part.references for part in parts)
    if not candidates:
        return ("The candidate has no cue.",)
    if alone * 2 > len(parts):
        return (
            f"{alone} of {len(parts)} stretches have cues of one file only. If the times are off by a "
            "constant, move them first with zimu shift or zimu align.",
        )
    return ()
