"""A GRU over the steps of a stream, forwards and backwards, that padding does not touch.

The backward half reads each row from its own last real step, so a row padded further gives the same numbers.
Source: Cho et al. 2014 (arXiv:1406.1078); Schuster & Paliwal 1997.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["TwoWayGru"]


class TwoWayGru(nn.Module):
    """[B, T, D] to [B, T, width], half of the units from each direction.

    Args:
        channels: D.
        width: Even.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.forwards = nn.GRU(channels, width // 2, batch_first=True)
        self.backwards = nn.GRU(channels, width - width // 2, batch_first=True)

    def forward(self, values: Tensor, keep: Tensor) -> Tensor:
        """Return values in context; steps that are not kept are zero, `keep` is bool [B, T]."""
        mask = keep.unsqueeze(2).to(values.dtype)
        values = values * mask
        steps = torch.arange(keep.shape[1], device=keep.device)
        length = torch.where(keep, steps + 1, torch.zeros_like(steps)).amax(1, keepdim=True)
        # Row of length n: step t reads step n - 1 - t, and padding reads itself.
        turned = torch.where(steps < length, length - 1 - steps, steps.expand_as(keep))
        past, _ = self.forwards(values)
        future, _ = self.backwards(_read(values, turned))
        return torch.cat((past, _read(future, turned)), 2) * mask


def _read(values: Tensor, places: Tensor) -> Tensor:
    return values.gather(1, places.unsqueeze(2).expand(-1, -1, values.shape[2]))
