"""A torch model as a `Stepper`: the same search runs in training, evaluation and captioning."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from zimu.model.captioner import CaptionModel
from zimu.model.decoder import DecoderMemory, DecoderState
from zimu.model.steps import Steps
from zimu.search.stepper import State
from zimu.streams import StreamBatch

__all__ = ["TorchStepper", "to_steps"]


def to_steps(batch: StreamBatch, device: torch.device | str = "cpu") -> Steps:
    """Return a padded batch as torch tensors; uint8 and float16 values become float32."""
    values = torch.from_numpy(np.ascontiguousarray(batch.values)).to(device).to(torch.float32)
    keep = torch.from_numpy(batch.keep).to(device)
    return Steps(values, keep, torch.from_numpy(batch.times).to(device))


class TorchStepper:
    """Drives a `CaptionModel` in evaluation mode.

    Args:
        model: The model; the caller sees to `model.eval()`.
        best: How many next tokens a step offers.
    """

    def __init__(self, model: CaptionModel, best: int = 16) -> None:
        self.model, self.best = model, best
        self.device = next(model.parameters()).device

    @torch.no_grad()
    def start(self, streams: Mapping[str, StreamBatch]) -> State:
        """Encode B clips."""
        memory = self.model.encode({n: to_steps(b, self.device) for n, b in streams.items()})
        shared, state = self.model.decoder.start(memory.values, memory.keep)
        return State(
            {"hidden": state.hidden.cpu().numpy(), "cell": state.cell.cpu().numpy()},
            {
                "values": shared.values.cpu().numpy(),
                "keys": shared.keys.cpu().numpy(),
                "keep": shared.keep.cpu().numpy(),
                "times": memory.times.cpu().numpy(),
            },
        )

    @torch.no_grad()
    def step(
        self, tokens: npt.NDArray[np.int64], state: State
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], State]:
        """Read one token a hypothesis."""
        memory = DecoderMemory(*(self._tensor(state.memory[n]) for n in ("values", "keys", "keep")))
        before = DecoderState(self._tensor(state.arrays["hidden"]), self._tensor(state.arrays["cell"]))
        log_probs, after, weights = self.model.decoder.step(self._tensor(tokens), before, memory)
        top, ids = log_probs.topk(min(self.best, log_probs.shape[1]), dim=1)
        arrays = {"hidden": after.hidden.cpu().numpy(), "cell": after.cell.cpu().numpy()}
        found = State(arrays, state.memory, weights.cpu().numpy())
        return ids.cpu().numpy(), top.cpu().numpy(), found

    def _tensor(self, array: npt.NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)
