from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from zimu.errors import ConfigError
from zimu.model.encoders.resnet import ResNet
from zimu.training.batches import Batcher
from zimu.training.devices import Devices
from zimu.training.loop import train
from zimu.training.recipes import TrainingRecipe, load_recipe

SETTINGS = """
backbone = "resnet18"
tuned = 2
dropout = 0.0
[training]
epochs = 1
batch_size = 4
warmup_steps = 0
learning_rate = 0.01
[tuning]
epochs = 1
learning_rate = 0.003
warmup_steps = 0
[self_critical]
epochs = 1
"""


@pytest.fixture(scope="module")
def folder(regions_folder: Callable[..., Path]) -> Path:
    """Pictures of noise whose captions are equally long, a recipe without dropout."""
    torch.manual_seed(0)
    return regions_folder(ResNet(18, classes=5), SETTINGS)


def in_two_processes(folder: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2"]
    command += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    command += ["--main_process_port", "0", "-m", "zimu.cli", "train", str(folder / "recipe.toml")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [*command, "--output", str(out), *more], capture_output=True, text=True, env=environment, timeout=300
    )


def test_two_processes_make_the_steps_of_one(folder: Path, tmp_path: Path) -> None:
    recipe = load_recipe(folder / "recipe.toml")
    train(recipe, tmp_path / "one", max_steps=2)
    done = in_two_processes(folder, tmp_path / "two", "--max-steps", "2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("best weights") == 1
    one, two = (torch.load(tmp_path / n / "last.pt", weights_only=True) for n in ("one", "two"))
    assert (one["progress"]["epoch"], one["progress"]["step"]) == (1, 1)
    assert (two["progress"]["epoch"], two["progress"]["step"]) == (1, 1)
    for name, value in one["weights"].items():
        torch.testing.assert_close(two["weights"][name], value, atol=2e-4, rtol=1e-3)
    done = in_two_processes(folder, tmp_path / "two")
    assert done.returncode == 0, done.stderr
    rows = (tmp_path / "two" / "history.csv").read_text("utf-8").splitlines()
    assert len(rows) == 4 and "reward" in rows[0]


def test_a_batch_too_small_to_share_is_refused() -> None:
    devices = Devices()
    devices.count = 3
    with pytest.raises(ConfigError, match="A batch of 2 cannot be shared by 3 processes"):
        Batcher([], lambda index, rng: {}, None, TrainingRecipe(batch_size=2), devices)  # type: ignore[arg-type]
