"""A pretrained frame encoder cut in two: a front that stays as it is, a tail that is trained with the rest.

What the front makes of a picture never changes, so it is computed once and stored; only the tail costs
anything in training. Fine-tuning the last blocks alone keeps general filters general (Yosinski et al. 2014,
arXiv:1411.1792).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from torch import Tensor, nn

from zimu.errors import ConfigError

__all__ = ["Tail", "cut", "regions_of"]


class Tail(nn.Sequential):
    """The last blocks of a frame encoder; their batch norms keep the statistics that they came with."""

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode: the pictures of a caption set are too few to count anew."""
        return super().train(False)


def cut(blocks: Sequence[nn.Module], tuned: int) -> tuple[nn.Sequential, Tail]:
    """Return the front and the tail of a frame encoder; they share its weights.

    Args:
        blocks: The encoder in order, from frames to feature maps.
        tuned: How many of the last blocks make the tail. With all of them the front leaves frames as they
            are.

    Raises:
        ConfigError: The encoder has too few blocks.
    """
    if tuned > len(blocks):
        raise ConfigError(
            f"The pretrained encoder has {len(blocks)} blocks, of which {tuned} cannot be tuned. "
            "Lower its `tuned`."
        )
    first = len(blocks) - tuned
    return nn.Sequential(*blocks[:first]), Tail(*blocks[first:])


def regions_of(maps: Tensor) -> Tensor:
    """Return feature maps [N, F, h, w] as regions [N, h * w, F], row by row from the top left."""
    return maps.flatten(2).transpose(1, 2)
