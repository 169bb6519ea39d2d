"""Sound through a pretrained YAMNet, patch by patch, made ready for attention."""

from __future__ import annotations

from typing import Self

import torch
from torch import nn

from zimu.model.encoders.context import ConvContext
from zimu.model.encoders.tail import cut
from zimu.model.encoders.yamnet import YamNet
from zimu.model.steps import Steps

__all__ = ["PatchEncoder"]


class PatchEncoder(nn.Module):
    """Patches of log-mel energies [B, P, 96, 64] to features [B, P, D], a step a patch.

    The network lies within the model, unlike a frozen frame encoder: sound changes from epoch to epoch
    (noise, speed), so its features cannot be stored, and a patch costs a sixth of a picture.

    Args:
        width: D.
        tuned: How many of the last of YAMNet's 14 layers make a tail, which the stage `[tuning]` trains; the
            rest never learns.
        context: Layers of context over the patches; 0 leaves each patch by itself.
        dropout: Share of features dropped.

    Raises:
        ConfigError: YAMNet has fewer layers than `tuned`.
    """

    def __init__(self, width: int, tuned: int = 0, context: int = 0, dropout: float = 0.1) -> None:
        super().__init__()
        self.front, self.tail = cut(YamNet().blocks(), tuned)
        self.front.requires_grad_(False)
        self.dropout = nn.Dropout(dropout)
        self.project = nn.Linear(YamNet.width, width)
        self.norm = nn.LayerNorm(width)
        self.context = ConvContext(width, context, dropout=dropout)
        self.width = width

    def load(self, published: YamNet) -> Self:
        """Take over the weights of a whole YAMNet."""
        for own, theirs in zip((*self.front, *self.tail), published.blocks(), strict=True):
            own.load_state_dict(theirs.state_dict())
        return self

    def forward(self, sound: Steps) -> Steps:
        """Return the patches as steps with their times."""
        with torch.no_grad():
            maps = self.front(sound.values.flatten(0, 1).unsqueeze(1))
        features = self.tail(maps).mean((2, 3)).view(*sound.values.shape[:2], YamNet.width)
        values = self.norm(self.project(self.dropout(features)))
        return Steps(self.context(values, sound.keep), sound.keep, sound.times)
