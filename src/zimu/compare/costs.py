"""What a trained model costs, measured so that a busy machine changes little."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from zimu.compare.results import Costs
from zimu.tasks import PredictData
from zimu.training.predict import Predictor

__all__ = ["measure_costs"]

_SAMPLES, _REPEATS = 64, 5


def measure_costs(predictor: Predictor, data: PredictData, training_s: float) -> Costs:
    """Return parameters, milliseconds an answer and megabytes of a training step.

    Args:
        predictor: A trained model.
        data: Samples to answer; at most 64 are.
        training_s: Processor seconds that its training took.
    """
    some = data.take(np.arange(min(_SAMPLES, len(data))))
    took = []
    for _ in range(_REPEATS):
        start = time.process_time()
        predictor.predict(some)
        took.append(time.process_time() - start)
    trained = sum(p.numel() for p in predictor.model.parameters())
    kept = _kept_bytes(predictor, some)
    # Four times the weights: themselves, their gradients and Adam's two moments.
    megabytes = (4 * 4 * trained + kept) / 1e6
    return Costs(trained, 1000 * float(np.median(took)) / len(some), megabytes, training_s)


def _kept_bytes(predictor: Predictor, data: PredictData) -> int:
    """Return the bytes that a forward pass keeps for the backward pass, each storage once."""
    kept: dict[int, int] = {}
    own = {p.untyped_storage().data_ptr() for p in predictor.model.parameters()}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    predictor.model.train()
    # Dropout must not move the generator that later seeds rest on.
    with torch.random.fork_rng(devices=[]), saved_tensors_hooks(pack, lambda tensor: tensor):
        for _, streams, sessions in predictor.batches(data).in_order(_SAMPLES):
            predictor.model(streams, sessions).sum()
            break
    predictor.model.eval()
    return sum(kept.values())
