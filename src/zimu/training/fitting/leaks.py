"""Columns that say the target by themselves: often they were written down after it and are missing in use."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from zimu.prediction.preparing import Prepared
from zimu.prediction.specs import StreamSpec
from zimu.training.fitting.targets import Target

__all__ = ["find_leaks"]

# A column that is right so often by itself is looked at; one class may not be that frequent already.
_TOO_GOOD = 0.98
_TOO_COMMON = 0.9
_FOLDS = 3


def find_leaks(spec: StreamSpec, rows: Prepared, target: Target, truth: npt.NDArray[np.int64]) -> list[str]:
    """Return a sentence for each column of a table that tells the class almost always.

    Args:
        spec: The table's stream.
        rows: Its training rows.
        target: What is predicted.
        truth: The classes of the rows.
    """
    from sklearn.model_selection import cross_val_score
    from sklearn.tree import DecisionTreeClassifier

    if spec.table is None or rows.summary is None or target.task != "classify":
        return []
    counts = np.bincount(truth)
    if counts[counts > 0].min() < _FOLDS or counts.max() > _TOO_COMMON * len(truth):
        return []
    found, first = [], 0
    for column in spec.table.columns:
        width = len(column.features)
        values = rows.summary[:, first : first + width]
        first += width
        tree = DecisionTreeClassifier(max_depth=3, random_state=0)
        right = float(np.mean(cross_val_score(tree, values, truth, cv=_FOLDS)))
        if right >= _TOO_GOOD:
            found.append(
                f"the column {column.name!r} alone tells {target.name!r} in {right:.0%} of the "
                "training rows. "
                f'If it is known only afterwards, leave it out: kinds={{"{column.name}": "ignore"}}.'
            )
    return found
