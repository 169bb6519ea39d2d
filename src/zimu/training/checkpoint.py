"""What a run keeps on disk: enough to go on exactly, and the best weights so far."""

from __future__ import annotations

import csv
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import zimu
from zimu.errors import ConfigError
from zimu.text.vocabulary import Vocabulary
from zimu.training.recipes import Recipe

__all__ = ["Progress", "RunFolder", "WeightAverage", "load_scores", "load_weights"]


@dataclass
class Progress:
    """Where a run stands.

    Attributes:
        epoch: Of the epoch under way, from 0.
        step: Steps done in it.
        best: Best objective so far.
        best_epoch: Its epoch.
        stale: Validations since then.
        history: One row of numbers an epoch.
    """

    epoch: int = 0
    step: int = 0
    best: float = float("-inf")
    best_epoch: int = -1
    stale: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


class WeightAverage:
    """The running mean of a model's weights (Polyak & Juditsky 1992), which is what is validated and kept.

    Args:
        model: Its weights now are the start.
        decay: Share of the mean kept at a step; 0 follows the model.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights: dict[str, Tensor] = {k: v.detach().clone() for k, v in model.state_dict().items()}
        self.steps = 0

    def load(self, weights: Mapping[str, Tensor], steps: int) -> None:
        """Go on from a mean kept earlier; it moves to where the model is."""
        for name, value in weights.items():
            self.weights[name].copy_(value)
        self.steps = steps

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take one step's weights in; early steps count more, so that the start is soon forgotten."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, value in model.state_dict().items():
            if self.decay and value.is_floating_point():
                self.weights[name].lerp_(value, 1 - decay)
            else:
                self.weights[name].copy_(value)


class RunFolder:
    """The files of one run.

    Args:
        path: The folder; made if it is not there.
        recipe: The run's recipe.
        digest: Hash of the data.

    Raises:
        ConfigError: The folder holds a run of another recipe or other data.
    """

    def __init__(self, path: Path, recipe: Recipe, digest: str) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        resolved = json.dumps({"recipe": recipe.model_dump(mode="json"), "data": digest}, indent=2)
        kept = path / "recipe.json"
        if kept.exists() and kept.read_text("utf-8") != resolved:
            raise ConfigError(
                f"{path} holds a run of another recipe or other data. "
                "Name another folder with --output, or delete it."
            )
        _write_text(kept, resolved)
        self.environment = {n: version(n) for n in ("torch", "accelerate", "numpy", "onnxruntime")}
        self.environment |= {"zimu": zimu.__version__, "python": platform.python_version()}

    def save(self, name: str, **parts: Any) -> None:
        """Write a checkpoint, whole or not at all."""
        temporary = self.path / f".{name}.tmp"
        torch.save(parts | {"environment": self.environment}, temporary)
        temporary.replace(self.path / name)

    def load(self, name: str) -> dict[str, Any] | None:
        """Return a checkpoint, or None where there is none yet."""
        path = self.path / name
        return torch.load(path, map_location="cpu", weights_only=True) if path.exists() else None

    def write_history(self, progress: Progress) -> None:
        """Write the epochs as CSV and as curves."""
        rows = progress.history
        columns = list(dict.fromkeys(k for row in rows for k in row))
        temporary = self.path / ".history.tmp"
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        temporary.replace(self.path / "history.csv")

    def write_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Keep the tokens beside the weights."""
        content = {"tokens": vocabulary.tokens, "splitters": dict(vocabulary.splitters)}
        _write_text(self.path / "vocabulary.json", json.dumps(content, ensure_ascii=False))

    @staticmethod
    def read_vocabulary(path: Path) -> Vocabulary:
        """Return the vocabulary of a run's folder."""
        content = json.loads((path / "vocabulary.json").read_text("utf-8"))
        return Vocabulary(tuple(content["tokens"]), content["splitters"])

    def read_recipe(self) -> Recipe:
        """Return the resolved recipe."""
        return load_recipe_of(self.path)


def load_recipe_of(path: Path) -> Recipe:
    """Return the resolved recipe of a run's folder."""
    return Recipe.model_validate(json.loads((path / "recipe.json").read_text("utf-8"))["recipe"])


def load_weights(path: Path) -> dict[str, Tensor]:
    """Return the weights of a checkpoint.

    Raises:
        ConfigError: There is no such checkpoint.
    """
    if not path.is_file():
        raise ConfigError(
            f"There is no checkpoint {path}. `zimu train` writes best.pt into its output folder."
        )
    weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)["weights"]
    return weights


def load_scores(path: Path) -> dict[str, float]:
    """Return the validation scores that a checkpoint was kept for; none where it was kept to go on."""
    scores: dict[str, float] = torch.load(path, map_location="cpu", weights_only=True).get("scores", {})
    return scores


def as_dict(progress: Progress) -> dict[str, Any]:
    """Return progress as plain values, which a checkpoint can hold."""
    return asdict(progress)


def _write_text(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, "utf-8")
    temporary.replace(path)
