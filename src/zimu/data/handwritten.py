"""UCI Multiple Features: 2,000 handwritten digits in six views (pix, fou, fac, zer, kar, mor)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zimu.data.arrays import holdout, load_arrays, one_step
from zimu.errors import unknown_name
from zimu.tasks import PredictData, PredictParts

__all__ = ["VIEWS", "read_handwritten"]

VIEWS = ("pix", "fou", "fac", "zer", "kar", "mor")


def read_handwritten(folder: Path, views: Sequence[str] = VIEWS, seed: int = 0) -> PredictParts:
    """Return the split of Han et al. 2021 (1,600 and 400); validation is a fifth of the training part.

    Args:
        folder: Has `handwritten.npz`.
        views: Some of `VIEWS`; `fac` alone nearly solves the task, the weak ones are fou, zer and mor.
        seed: Of the choice of the validation part.

    Raises:
        ConfigError: The file is missing or another.
        UnknownNameError: There is no such view.
    """
    for view in views:
        if view not in VIEWS:
            raise unknown_name("view", view, VIEWS)
    a = load_arrays(folder / "handwritten.npz", [*views, "label", "split"])
    streams = {view: one_step(a[view].astype(np.float32)) for view in views}
    ids = [str(i) for i in range(len(a["label"]))]
    classes = tuple("0123456789")
    data = PredictData(ids, streams, a["label"].astype(np.int64), classes=classes)
    train = a["split"] == 0
    held = np.zeros(len(ids), np.bool_)
    held[train] = holdout(np.flatnonzero(train), 0.2, seed)
    return PredictParts(data.take(train & ~held), data.take(train & held), data.take(~train))
