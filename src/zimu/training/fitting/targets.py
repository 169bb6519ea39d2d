"""The target: what kind of answer it asks for, and its values as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError, unknown_name
from zimu.features.cells import parse_number

__all__ = ["TASKS", "Target", "read_target"]

TASKS = ("classify", "regress", "label")

# More whole numbers than this are a quantity, not names of classes.
_MOST_CLASSES = 20
_FEWEST_OF_A_CLASS = 5


@dataclass(frozen=True)
class Target:
    """The column to predict.

    Attributes:
        name: Of the column.
        task: "classify", "regress" or "label" (several labels a row).
        reason: Why.
        values: int64 [N] classes, float64 [N] numbers, or int64 [N, K] of 0 and 1.
        classes: Their names, K.
    """

    name: str
    task: str
    reason: str
    values: npt.NDArray[Any]
    classes: tuple[str, ...] = ()


def read_target(name: str, values: Sequence[Any], task: str | None = None) -> Target:
    """Return the target; every value must be there.

    Args:
        name: Of the column.
        values: Its cells.
        task: What the user asks for; None tells it from the values.

    Raises:
        UnknownNameError: There is no such task.
        ConfigError: The values do not fit the task, or are all the same.
    """
    if task is not None and task not in TASKS:
        raise unknown_name("task", task, TASKS)
    kind, reason = _tell(values) if task is None else (task, "you said so")
    if kind == "regress":
        numbers = [parse_number(v) for v in values]
        if None in numbers:
            raise ConfigError(
                f"The target {name!r} holds {values[numbers.index(None)]!r}, which is no number."
            )
        array = np.array(numbers, np.float64)
        if np.ptp(array) == 0:
            raise ConfigError(f"The target {name!r} is {array[0]:g} in every row. There is nothing to learn.")
        return Target(name, kind, reason, array)
    if kind == "label":
        sets = [{str(x) for x in v} if isinstance(v, list | tuple | set) else {str(v)} for v in values]
        classes = tuple(sorted(set().union(*sets)))
        return Target(
            name, kind, reason, np.array([[c in s for c in classes] for s in sets], np.int64), classes
        )
    words = [_class(v) for v in values]
    classes = tuple(sorted(set(words), key=_order))
    if len(classes) < 2:
        raise ConfigError(f"The target {name!r} is {words[0]!r} in every row. There is nothing to learn.")
    place = {c: i for i, c in enumerate(classes)}
    return Target(name, kind, reason, np.array([place[w] for w in words], np.int64), classes)


def _class(value: Any) -> str:
    # 1 and 1.0 are one class: a column of whole numbers with a gap in it is read as floats.
    number = parse_number(value)
    return str(int(number)) if number is not None and number == int(number) else str(value)


def _order(word: str) -> tuple[int, float, str]:
    number = parse_number(word)
    return (0, number, word) if number is not None else (1, 0.0, word)


def _tell(values: Sequence[Any]) -> tuple[str, str]:
    if any(isinstance(v, list | tuple | set) for v in values):
        return "label", "lists of labels"
    numbers = [parse_number(v) for v in values]
    different = len({str(v) for v in values})
    if None in numbers:
        return "classify", f"{different} different words"
    whole = all(n == int(n) for n in numbers if n is not None)
    if whole and different <= _MOST_CLASSES and len(values) >= _FEWEST_OF_A_CLASS * different:
        return "classify", f"{different} different whole numbers"
    return "regress", f"{different} different numbers"
