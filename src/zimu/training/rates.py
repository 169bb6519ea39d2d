"""Learning rates over a stage of a run."""

from __future__ import annotations

import math

__all__ = ["cosine_rate", "falling_rate"]


def cosine_rate(rate: float, warmup: int, floor: float, position: int, total: int) -> float:
    """Return the learning rate: linear warm-up, then cosine decay (Loshchilov & Hutter, arXiv:1608.03983).

    Args:
        rate: The highest.
        warmup: Steps of warm-up.
        floor: Share of the rate that is left at the end.
        position: Steps done since the start of the stage.
        total: Steps of the stage.
    """
    if position < warmup:
        return rate * (position + 1) / warmup
    share = min(1.0, (position - warmup) / max(1, total - warmup))
    return rate * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * share)))


def falling_rate(rate: float, warmup: int, position: int, total: int) -> float:
    """Return the learning rate: linear warm-up, then an even fall to nothing; see `cosine_rate`."""
    left = (total - position) / max(1, total - warmup)
    return rate * min(1.0, (position + 1) / max(1, warmup), left)
