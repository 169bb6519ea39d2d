"""Time stamps as features: sinusoids of seconds (Vaswani et al. 2017, arXiv:1706.03762, section 3.5)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["sinusoids"]


def sinusoids(times: Tensor, width: int, shortest_s: float = 0.1, longest_s: float = 100.0) -> Tensor:
    """Return [B, T, width] for times [B, T] in seconds.

    Periods run from `shortest_s` to `longest_s` in equal ratios, so that steps of any rate are told apart.
    """
    half = width // 2
    exponents = torch.arange(half, dtype=torch.float32, device=times.device) / max(half - 1, 1)
    periods = shortest_s * torch.exp(exponents * math.log(longest_s / shortest_s))
    angles = 2.0 * math.pi * times.unsqueeze(2).to(torch.float32) / periods
    return torch.cat((torch.sin(angles), torch.cos(angles)), 2)
