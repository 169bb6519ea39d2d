"""What a trained model costs, measured so that a busy machine changes little."""

from __future__ import annotations

import time
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from zimu.compare.results import Costs
from zimu.tasks import PredictData

__all__ = ["Trained", "measure_costs"]

_SAMPLES, _REPEATS = 64, 5


class Trained(Protocol):
    """What costs are asked of."""

    @property
    def model(self) -> nn.Module:
        """Its weights."""

    def predict(self, data: PredictData) -> object:
        """Answer."""

    def forward(self, data: PredictData) -> object:
        """Make the pass of one training step, whose result is not used."""


def measure_costs(trained: Trained, data: PredictData, training_s: float, repeats: int = _REPEATS) -> Costs:
    """Return parameters, milliseconds an answer and megabytes of a training step.

    Args:
        trained: A trained model.
        data: Samples to answer; at most 64 are.
        training_s: Processor seconds that its training took.
        repeats: Times that the answers are timed; the median counts.
    """
    some = data.take(np.arange(min(_SAMPLES, len(data))))
    took = []
    for _ in range(repeats):
        start = time.process_time()
        trained.predict(some)
        took.append(time.process_time() - start)
    numbers = sum(p.numel() for p in trained.model.parameters())
    kept = _kept_bytes(trained, some)
    # Four times the weights: themselves, their gradients and Adam's two moments.
    megabytes = (4 * 4 * numbers + kept) / 1e6
    return Costs(numbers, 1000 * float(np.median(took)) / len(some), megabytes, training_s)


def _kept_bytes(trained: Trained, data: PredictData) -> int:
    """Return the bytes that a forward pass keeps for the backward pass, each storage once."""
    kept: dict[int, int] = {}
    own = {p.untyped_storage().data_ptr() for p in trained.model.parameters()}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    trained.model.train()
    # Dropout must not move the generator that later seeds rest on.
    with torch.random.fork_rng(devices=[]), saved_tensors_hooks(pack, lambda tensor: tensor):
        # What it returns is held until all is counted: freed storages would be counted as one.
        result = trained.forward(data)
        total = sum(kept.values())
    del result
    trained.model.eval()
    return total
