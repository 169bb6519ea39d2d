"""Learning rates over a run."""

from __future__ import annotations

import math

from zimu.training.recipes import SelfCriticalRecipe, TrainingRecipe

__all__ = ["critical_rate", "teacher_rate"]


def teacher_rate(training: TrainingRecipe, position: int, steps: int) -> float:
    """Return the learning rate: linear warm-up, then cosine decay (Loshchilov & Hutter, arXiv:1608.03983).

    Args:
        training: Rate, warm-up, share that is left at the end.
        position: Steps done since the start of the run.
        steps: Steps an epoch.
    """
    if position < training.warmup_steps:
        return training.learning_rate * (position + 1) / training.warmup_steps
    total = training.epochs * steps
    share = min(1.0, (position - training.warmup_steps) / max(1, total - training.warmup_steps))
    floor = training.final_rate
    return training.learning_rate * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * share)))


def critical_rate(critical: SelfCriticalRecipe, position: int, steps: int) -> float:
    """Return the learning rate of the second stage: linear warm-up, then an even fall to nothing.

    Args:
        critical: Rate and warm-up.
        position: Steps done since the start of the stage.
        steps: Steps an epoch.
    """
    total = critical.epochs * steps
    left = (total - position) / max(1, total - critical.warmup_steps)
    return critical.learning_rate * min(1.0, (position + 1) / max(1, critical.warmup_steps), left)
