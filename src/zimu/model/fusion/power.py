"""Power normalisation: the signed square root, then the length of the vector taken away.

z ← z / √|z|,  z ← √D · z / ‖z‖₂.

A product of features has heavy tails; the root tames them (Perronnin et al. 2010, ECCV, "Improving the Fisher
kernel"; Lin et al. 2015, arXiv:1504.07889). Departs: the result has a root mean square
of 1, not a length of 1, so that a linear layer after it starts at the usual scale.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["power_normalise"]

# Keeps the slope of the root finite at 0, and what a Fourier transform leaves of zeros (1e-7) small.
_SMALL = 1e-4


def power_normalise(values: Tensor) -> Tensor:
    """Return [..., D] for [..., D]."""
    rooted = values * torch.rsqrt(values.abs() + _SMALL)
    scale: float = rooted.shape[-1] ** 0.5
    return F.normalize(rooted, dim=-1) * scale
