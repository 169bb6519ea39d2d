"""What a human reaches: each reference in turn is scored against the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from zimu.errors import ConfigError
from zimu.metrics.bootstrap import Resampling
from zimu.metrics.card import Score, ScoreCard, ScoreSettings, score_items
from zimu.metrics.compute import metric_names
from zimu.metrics.intake import Items, pair
from zimu.metrics.measures import Measure

__all__ = ["human_ceiling"]


def human_ceiling(
    references: Mapping[Any, Any] | Sequence[Any],
    *,
    metrics: Sequence[str] = ("bleu", "rouge_l", "cider_d"),
    language: str = "en",
    tokens: bool = False,
    split: str = "",
    settings: ScoreSettings | None = None,
) -> ScoreCard:
    """Score people against people: leave one reference out, score it against the rest, and pool all rounds.

    A system scored against m references has it easier than a person scored against m - 1; compare it with
    the same card for the system on m - 1 references, or see the difference as small as it is.

    Args:
        references: {id: [reference, ...]}, or a list of lists. Items with one reference are left out.
        metrics: As for `zimu.score`.
        language: As for `zimu.score`.
        tokens: As for `zimu.score`.
        split: As for `zimu.score`.
        settings: As for `zimu.score`.

    Raises:
        ConfigError: No item has two references.
    """
    names = metric_names(metrics)
    settings = settings or ScoreSettings()
    everything = _with_several(references, tokens)
    rounds = []
    for held in range(max(len(refs) for refs in everything.references)):
        items = _without(everything, held)
        card = score_items(items, names, settings, language=language, tokens=tokens, split=split)
        rounds.append((items, card))
    measures = _pooled_measures(everything, rounds)
    resampling = Resampling(measures, settings.draws, settings.seed)
    scores = {
        name: Score(name, m.value, rounds[0][1][name].conditions, everything.ids, m, resampling)
        for name, m in measures.items()
    }
    return ScoreCard(scores, everything.warnings, everything)


def _with_several(references: Mapping[Any, Any] | Sequence[Any], tokens: bool) -> Items:
    if not isinstance(references, Mapping):
        references = dict(enumerate(references))
    found = pair(references, dict.fromkeys(references, ""), tokens=tokens)
    kept = [(i, refs) for i, refs in zip(found.ids, found.references, strict=True) if len(refs) > 1]
    if not kept:
        raise ConfigError("A human ceiling needs items with two references or more, and there is none.")
    left = len(found.ids) - len(kept)
    warnings = (f"{left} items with a single reference were left out.",) if left else ()
    return Items(tuple(i for i, _ in kept), tuple(refs for _, refs in kept), ("",) * len(kept), warnings)


def _without(items: Items, held: int) -> Items:
    """Return the items that have a reference of this number, with it as the candidate."""
    rows = [(i, refs) for i, refs in zip(items.ids, items.references, strict=True) if len(refs) > held]
    return Items(
        tuple(i for i, _ in rows),
        tuple((*refs[:held], *refs[held + 1 :]) for _, refs in rows),
        tuple(refs[held] for _, refs in rows),
    )


def _pooled_measures(everything: Items, rounds: Sequence[tuple[Items, ScoreCard]]) -> dict[str, Measure]:
    where = {i: row for row, i in enumerate(everything.ids)}
    out = {}
    for name in rounds[0][1]:
        parts = [(np.array([where[i] for i in items.ids]), card[name].measure) for items, card in rounds]
        out[name] = _pooled(parts, len(everything.ids))
    return out


def _pooled(parts: Sequence[tuple[np.ndarray[Any, Any], Measure]], items: int) -> Measure:
    """Return the measure whose statistics are the sums over the rounds."""
    first = parts[0][1]
    counts = np.zeros((items, first.counts.shape[1]))
    for rows, measure in parts:
        counts[rows] += measure.counts
    value = float(first.combine(counts.sum(axis=0, keepdims=True))[0])
    return Measure(value, counts, first.combine, partial(first.combine, counts), first.higher_is_better)
