"""Raw values to zero mean and unit spread; the numbers travel in the model, so that it is one artifact."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zimu.model.steps import Steps

__all__ = ["Standardise"]


class Standardise(nn.Module):
    """[B, T, ...] to (x - mean) / scale, cut off at ±`limit`; padding stays zero.

    Args:
        shape: Of mean and scale; it broadcasts over the axes of a step.
        limit: Largest absolute value let through: one broken sensor reading must not drown the rest.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, shape: tuple[int, ...], limit: float = 10.0) -> None:
        super().__init__()
        self.limit = limit
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("scale", torch.ones(shape))

    def forward(self, steps: Steps) -> Steps:
        """Return standardised steps."""
        values = ((steps.values.to(torch.float32) - self.mean) / self.scale).clamp(-self.limit, self.limit)
        mask = steps.keep.view(*steps.keep.shape, *(1,) * (values.dim() - 2))
        return Steps(values * mask.to(values.dtype), steps.keep, steps.times)
