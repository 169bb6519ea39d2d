"""A table with three modalities that each tell something, and a model fitted on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest


def make_rows(count: int = 200, seed: int = 0) -> list[dict[str, Any]]:
    """Return rows whose class is told by a number, a word and a rhythm, each with noise of its own."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(count):
        ill = bool(rng.random() < 0.5)
        word = "fever" if ill == (rng.random() < 0.8) else "healthy"
        hz = 6 if ill == (rng.random() < 0.8) else 3
        wave = np.sin(2 * np.pi * hz * np.arange(40) / 40 + rng.uniform(0, 6)) + rng.normal(0, 0.3, 40)
        rows.append(
            {
                "patient_id": f"p{i // 2}",
                "crp": None if rng.random() < 0.1 else round(float(rng.normal(1.5 * ill, 1)), 3),
                "sex": "mf"[i % 2],
                "notes": f"patient {word} seen on ward {i % 5} in bed {i}",
                "signal": wave.round(3).tolist(),
                "days": round(float(3 + 4 * ill + rng.normal()), 2),
                "outcome": "ill" if ill else "well",
            }
        )
    return rows


@pytest.fixture(scope="session")
def rows() -> list[dict[str, Any]]:
    """The table."""
    return make_rows()


@pytest.fixture(scope="session")
def fitted(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> tuple[Path, str]:
    """The folder of a model of `outcome`, and what was printed; needs the training half."""
    pytest.importorskip("torch")
    from zimu.training.fit import fit

    told: list[str] = []
    path = tmp_path_factory.mktemp("fit") / "model"
    fit(rows, "outcome", output=path, kinds={"days": "ignore"}, epochs=4, tell=told.append)
    return path, "\n".join(told)
