"""A table with sensor series, numbers and words in it, to a model that is calibrated and can abstain.

Run: python examples/fit_a_table.py [FOLDER]      (extra `train`; answering needs the base install only)
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

import zimu

folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
rng = np.random.default_rng(0)

# Pumps: one that is worn shakes at another rhythm and runs warm; a third of the sensors are out of order.
rows = []
for device in range(300):
    worn = device % 3 == 0
    time = np.arange(200) / 100
    shaking = np.sin(2 * np.pi * (9 if worn else 7) * time + rng.uniform(0, 6)) + rng.normal(0, 1.0, 200)
    rows.append(
        {
            "pump": f"P{device:03}",
            "shaking": None if rng.random() < 0.3 else shaking.round(3).tolist(),
            "degrees": None if rng.random() < 0.3 else round(rng.normal(66 if worn else 60, 5), 1),
            "hall": rng.choice(["north", "south"]),
            "state": "worn" if worn else "fine",
        }
    )

model = zimu.fit(rows, target="state", output=folder / "pumps", epochs=10)

# The bundle is all that has to be carried to where it answers; there it needs no PyTorch.
new = [{**row, "state": None} for row in rows[:3]]
for answer in zimu.load(folder / "pumps").predict(new, explain=True):
    said = "withheld" if answer.value is None else answer.value
    given = ", ".join(f"{name} {points:+.0%}" for name, points in answer.explanation.given.items())
    print(f"{said} ({answer.confidence:.0%} sure), from {given}")
