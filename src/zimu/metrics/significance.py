"""Is one system better than another? Paired tests over items, corrected for the number of systems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from zimu.errors import ConfigError
from zimu.metrics.bootstrap import iter_weights
from zimu.metrics.card import Conditions, ScoreCard
from zimu.metrics.measures import FloatArray, Measure

__all__ = ["Comparison", "compare_cards", "holm"]

_CELLS = 1 << 20


@dataclass(frozen=True)
class Comparison:
    """One score of two systems on the same items.

    Attributes:
        metric: The score.
        system: The name of the second system.
        value: The first system's score.
        other: The second system's score.
        difference: The second minus the first.
        interval: The 95 % bootstrap interval of the difference.
        p_bootstrap: Paired bootstrap: how often centred differences reach the observed one.
        p_randomisation: Approximate randomisation: how often swapping the systems' captions at random does.
        p_bootstrap_holm: The same, corrected for the number of systems compared.
        p_randomisation_holm: The same, corrected for the number of systems compared.
    """

    metric: str
    system: str
    value: float
    other: float
    difference: float
    interval: tuple[float, float]
    p_bootstrap: float
    p_randomisation: float
    p_bootstrap_holm: float
    p_randomisation_holm: float

    def to_dict(self) -> dict[str, object]:
        """Return the fields, ready for JSON."""
        return {**asdict(self), "interval": list(self.interval)}


def compare_cards(
    card: ScoreCard,
    others: Mapping[str, ScoreCard],
    *,
    draws: int = 1000,
    trials: int = 10000,
    seed: int = 12345,
) -> list[Comparison]:
    """Test each other system against the first, score by score.

    Document frequencies stay those of the whole set. Holm's correction is made over the systems, for each
    score by itself.

    Args:
        card: The first system.
        others: {name: card} of the others.
        draws: Bootstrap samples.
        trials: Random swaps.
        seed: Seed of both.

    Raises:
        ConfigError: The systems were not scored on the same items and references in the same way.

    Source: Koehn 2004 and Riezler & Maxwell 2005, with p as sacreBLEU computes it; Holm 1979.
    """
    for name, other in others.items():
        _check(card, name, other)
    out: list[Comparison] = []
    for metric, score in card.items():
        rows = []
        for name, other in others.items():
            pair = score.measure, other[metric].measure
            drawn = np.concatenate(list(_bootstrap(*pair, draws, seed)))
            swapped = np.concatenate(list(_randomise(*pair, trials, seed)))
            rows.append(_compared(metric, name, pair, drawn, swapped))
        out += _corrected(rows)
    return out


def holm(p: list[float]) -> list[float]:
    """Return p-values corrected for their number.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    out, least = [0.0] * len(p), 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        least = max(least, min(1.0, p[index] * (len(p) - rank)))
        out[index] = least
    return out


def _compared(
    metric: str, system: str, pair: tuple[Measure, Measure], drawn: FloatArray, swapped: FloatArray
) -> Comparison:
    """Return the comparison of two measures from differences drawn and swapped, not corrected yet."""
    difference = pair[1].value - pair[0].value
    low, high = np.percentile(drawn, [2.5, 97.5])
    p = _p(np.abs(drawn - drawn.mean()), difference)
    q = _p(np.abs(swapped), difference)
    interval = float(low), float(high)
    return Comparison(metric, system, pair[0].value, pair[1].value, difference, interval, p, q, p, q)


def _corrected(rows: list[Comparison]) -> list[Comparison]:
    by_draw, by_swap = (holm([row.p_bootstrap for row in rows]), holm([row.p_randomisation for row in rows]))
    return [
        replace(row, p_bootstrap_holm=p, p_randomisation_holm=q)
        for row, p, q in zip(rows, by_draw, by_swap, strict=True)
    ]


def _check(card: ScoreCard, name: str, other: ScoreCard) -> None:
    if list(card) != list(other):
        raise ConfigError(
            f"{name} has other scores ({', '.join(other)}) than the first system ({', '.join(card)})."
        )
    for metric, score in card.items():
        ours, theirs = score.conditions, other[metric].conditions
        if ours != theirs:
            raise ConfigError(f"{metric} of {name} cannot be compared: {_difference(ours, theirs)}.")
        if score.ids != other[metric].ids:
            raise ConfigError(f"{metric} of {name} cannot be compared: the items are in another order.")


def _difference(ours: Conditions, theirs: Conditions) -> str:
    words = {
        "split": "they are of different splits",
        "items": "they were scored on different numbers of items",
        "tokenisation": "they were tokenised differently",
        "references": "the items have different numbers of references",
        "frequencies": "the document frequencies are from different corpora",
        "data": "the items or the references are not the same",
    }
    for field, reason in words.items():
        a, b = getattr(ours, field), getattr(theirs, field)
        if a != b:
            return f"{reason} ({a or 'none named'} and {b or 'none named'})"
    raise AssertionError("the conditions are equal")


def _bootstrap(first: Measure, second: Measure, draws: int, seed: int) -> Iterator[FloatArray]:
    for weights in iter_weights(len(first.counts), draws, seed):
        yield second.combine(weights @ second.counts) - first.combine(weights @ first.counts)


def _randomise(first: Measure, second: Measure, trials: int, seed: int) -> Iterator[FloatArray]:
    generator = np.random.default_rng(seed)
    items = len(first.counts)
    apart = second.counts - first.counts
    ours, theirs = first.counts.sum(axis=0), second.counts.sum(axis=0)
    size = max(1, _CELLS // max(1, items))
    for start in range(0, trials, size):
        rows = min(size, trials - start)
        bits = np.frombuffer(generator.bytes(rows * items // 8 + 1), np.uint8)
        swap = np.unpackbits(bits, count=rows * items).reshape(rows, items).astype(np.float64) @ apart
        yield second.combine(theirs - swap) - first.combine(ours + swap)


def _p(differences: FloatArray, observed: float) -> float:
    # Sums in another order differ in the last bits, and a difference must reach itself.
    reached = int((differences >= abs(observed) - 1e-12).sum())
    return (reached + 1) / (len(differences) + 1)
