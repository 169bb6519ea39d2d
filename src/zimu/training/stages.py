"""The stages of a run: teacher forcing, the same with the frame encoder's tail, their own reward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zimu.training.rates import cosine_rate, falling_rate
from zimu.training.recipes import Recipe

__all__ = ["Stage", "epochs_of", "stage_at"]


@dataclass(frozen=True)
class Stage:
    """Some epochs with a loss and a learning rate of their own.

    Attributes:
        name: "teacher", "tuning" or "critical".
        first: Its first epoch, counted from 0 over the whole run.
        epochs: How many it has.
    """

    name: Literal["teacher", "tuning", "critical"]
    first: int
    epochs: int

    def rate(self, recipe: Recipe, epoch: int, step: int, steps: int) -> float:
        """Return the learning rate at a step of an epoch that has `steps` of them."""
        position, total = (epoch - self.first) * steps + step, self.epochs * steps
        if self.name == "critical":
            critical = recipe.self_critical
            return falling_rate(critical.learning_rate, critical.warmup_steps, position, total)
        own = recipe.training if self.name == "teacher" else recipe.tuning
        return cosine_rate(own.learning_rate, own.warmup_steps, recipe.training.final_rate, position, total)


def stage_at(recipe: Recipe, epoch: int) -> Stage:
    """Return the stage that an epoch belongs to; the last one for those after the end."""
    tuning = Stage("tuning", recipe.training.epochs, recipe.tuning.epochs)
    critical = Stage("critical", tuning.first + tuning.epochs, recipe.self_critical.epochs)
    found = Stage("teacher", 0, recipe.training.epochs)
    for stage in (tuning, critical):
        if stage.epochs and epoch >= stage.first:
            found = stage
    return found


def epochs_of(recipe: Recipe) -> int:
    """Return the epochs of all stages."""
    return recipe.training.epochs + recipe.tuning.epochs + recipe.self_critical.epochs
