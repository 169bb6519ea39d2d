"""What one run leaves: a file that is there whole or not at all, so that a kill loses one run."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Costs", "RunResult", "load_result", "save_result"]

FloatArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Costs:
    """What a method costs.

    Attributes:
        parameters: Trained numbers.
        milliseconds: Processor time of one answer, when 64 samples are answered at once.
        megabytes: Weights, gradients, the optimiser's moments and what a training step of 64 samples keeps
            for its backward pass.
        training_s: Processor seconds of the training.
    """

    parameters: int
    milliseconds: float
    megabytes: float
    training_s: float


@dataclass(frozen=True)
class RunResult:
    """One method with one seed on one case of the data.

    Attributes:
        method: Its name.
        seed: Of weights, order and dropout.
        fingerprint: Of recipe, method and data: a run is taken up only where it agrees.
        epochs: Trained.
        costs: See there.
        val_score: By which everything is chosen.
        calibration: Expected calibration error on test; NaN where there are no probabilities.
        contributions: {stream: what it gave to the test score}, Shapley values.
        val: Answers on validation.
        test: Answers on test.
        items: Score of each test sample [N].
        under: {condition: score of each test sample [N]}.
        answers_under: {condition: answers on test}, of single modalities only, for decisions to rest on.
    """

    method: str
    seed: int
    fingerprint: str
    epochs: int
    costs: Costs
    val_score: float
    calibration: float
    contributions: dict[str, float]
    val: FloatArray = field(repr=False)
    test: FloatArray = field(repr=False)
    items: FloatArray = field(repr=False)
    under: dict[str, FloatArray] = field(default_factory=dict, repr=False)
    answers_under: dict[str, FloatArray] = field(default_factory=dict, repr=False)


def save_result(result: RunResult, path: Path) -> None:
    """Write a result, whole or not at all."""
    about = {
        k: getattr(result, k)
        for k in ("method", "seed", "fingerprint", "epochs", "val_score", "calibration", "contributions")
    }
    about["costs"] = vars(result.costs)
    arrays = {k: np.asarray(getattr(result, k), np.float32) for k in ("val", "test", "items")}
    arrays |= {f"under/{k}": np.asarray(v, np.float32) for k, v in result.under.items()}
    arrays |= {f"answers/{k}": np.asarray(v, np.float32) for k, v in result.answers_under.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays)  # type: ignore[arg-type]
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)


def load_result(path: Path, fingerprint: str | None = None) -> RunResult | None:
    """Return a result, or None where there is none or one of another recipe or data."""
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        if fingerprint is not None and about["fingerprint"] != fingerprint:
            return None
        named: dict[str, dict[str, FloatArray]] = {"under": {}, "answers": {}}
        for key in file.files:
            group, _, name = key.partition("/")
            if name:
                named[group][name] = file[key]
        return RunResult(
            **{k: v for k, v in about.items() if k != "costs"},
            costs=Costs(**about["costs"]),
            val=file["val"],
            test=file["test"],
            items=file["items"],
            under=named["under"],
            answers_under=named["answers"],
        )
