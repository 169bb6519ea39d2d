"""What each modality gave: Shapley values, exact for up to five modalities, from sampled orders beyond.

φ_m = Σ_{S without m} |S|! (M - |S| - 1)! / M! · (v(S + m) - v(S)). They add up to v(all) - v(none).

Source: Shapley 1953; sampled orders: Castro, Gómez, Tejada 2009, each with its reverse (Mitchell 2022).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from math import factorial

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError

__all__ = ["EXACT_UP_TO", "shapley_values"]

Array = npt.NDArray[np.float64]
Value = Callable[[frozenset[str]], npt.ArrayLike]

# 32 answers; ten modalities would need 1,024.
EXACT_UP_TO = 5


def shapley_values(
    names: Sequence[str], value: Value, *, exact_up_to: int = EXACT_UP_TO, orders: int = 64, seed: int = 0
) -> dict[str, Array]:
    """Return what each modality gave, {name: float64 [...]}.

    Args:
        names: The modalities.
        value: Gives an array [...] for a set of modalities, for instance the score of each sample [N]; it is
            asked once a set.
        exact_up_to: Up to so many modalities every set is asked.
        orders: Orders drawn beyond that, each walked forwards and backwards.
        seed: Of the orders.

    Raises:
        ConfigError: There is no modality.
    """
    if not names:
        raise ConfigError("Contributions need at least one modality.")
    known: dict[frozenset[str], Array] = {}

    def ask(subset: frozenset[str]) -> Array:
        if subset not in known:
            known[subset] = np.asarray(value(subset), np.float64)
        return known[subset]

    steps = _all_steps(names) if len(names) <= exact_up_to else _drawn_steps(names, orders, seed)
    out = {n: np.zeros_like(ask(frozenset())) for n in names}
    for name, before, weight in steps:
        out[name] = out[name] + weight * (ask(before | {name}) - ask(before))
    return out


def _all_steps(names: Sequence[str]) -> Iterator[tuple[str, frozenset[str], float]]:
    """Yield (name, those before it, weight) for every set without the name."""
    count = len(names)
    for name in names:
        others = [n for n in names if n != name]
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for before in combinations(others, size):
                yield name, frozenset(before), weight


def _drawn_steps(names: Sequence[str], orders: int, seed: int) -> Iterator[tuple[str, frozenset[str], float]]:
    generator = np.random.default_rng(seed)
    for _ in range(orders):
        order = [names[i] for i in generator.permutation(len(names))]
        # An order and its reverse together cancel much of the variance.
        for walk in (order, order[::-1]):
            for place, name in enumerate(walk):
                yield name, frozenset(walk[:place]), 1 / (2 * orders)
