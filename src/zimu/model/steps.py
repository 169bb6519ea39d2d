"""What travels inside a model: the steps of one stream, or of several fused ones."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

__all__ = ["Steps"]


class Steps(NamedTuple):
    """Values with their mask and their clock.

    Attributes:
        values: [B, T, ...] raw arrays before an encoder, [B, T, D] after it.
        keep: bool [B, T], True where the step is real.
        times: float [B, T], seconds from the start of the clip.
    """

    values: Tensor
    keep: Tensor
    times: Tensor
