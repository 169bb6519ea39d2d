"""Where a run computes: on one device, or on several that each take a part of every batch.

Every process holds the whole model. After each backward pass the gradients are averaged, so that all make
the same step (synchronous data parallelism: Goyal et al. 2017, arXiv:1706.02677, section 3). accelerate says
which devices there are and lets the processes talk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TypeVar

import torch
from accelerate import Accelerator
from accelerate.utils import InitProcessGroupKwargs, broadcast_object_list
from torch import Tensor, nn

__all__ = ["Devices", "is_first_process"]

_T = TypeVar("_T")

# Others wait while the first process extracts features or validates, which may take longer than the usual ten
# minutes.
_PATIENCE = timedelta(days=1)


def is_first_process() -> bool:
    """Whether this is the process that writes and tells; also before there are any devices."""
    return os.environ.get("RANK", "0") == "0"


class Devices:
    """The device of this process and its part among all processes of a run."""

    def __init__(self) -> None:
        self._accelerator = Accelerator(kwargs_handlers=[InitProcessGroupKwargs(timeout=_PATIENCE)])
        self.device = self._accelerator.device
        self.count, self.number = self._accelerator.num_processes, self._accelerator.process_index
        self.is_first = self._accelerator.is_main_process
        if self.device.type == "cuda":
            # Products of matrices in TF32, as cuDNN convolves anyhow: several times faster.
            torch.set_float32_matmul_precision("high")

    def first_alone(self) -> AbstractContextManager[None]:
        """Let the first process go through a block before the others, who then find its files."""
        block: AbstractContextManager[None] = self._accelerator.main_process_first()
        return block

    def wait(self) -> None:
        """Wait until all processes are here."""
        self._accelerator.wait_for_everyone()

    def ask_first(self, make: Callable[[], _T]) -> _T:
        """Return what the first process makes; the others wait for it."""
        told = [make() if self.is_first else None]
        if self.count > 1:
            broadcast_object_list(told, from_process=0)
        return told[0]  # type: ignore[return-value]  # all have it now

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Give all processes the mean of their gradients; nothing happens where there is but one."""
        if self.count == 1:
            return
        learned = [p for p in parameters if p.requires_grad]
        flat = torch.cat([_gradient(p).flatten() for p in learned])
        mean: Tensor = self._accelerator.reduce(flat, "mean")
        for parameter, part in zip(learned, torch.split(mean, [p.numel() for p in learned]), strict=True):
            parameter.grad = part.view_as(parameter).clone()


def _gradient(parameter: nn.Parameter) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
