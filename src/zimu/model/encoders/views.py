"""Pictures as training shows them: a part of each, mirrored or not, a little lighter or darker.

Source: random parts and mirroring as Krizhevsky et al. 2012, section 4.1, the part of any size and shape as
Szegedy et al. 2015 (arXiv:1409.4842), section 6. A caption survives both as long as most of the picture is
left and nobody speaks of left and right; brightness and contrast change too little to rename a colour.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["RandomView"]


class RandomView(nn.Module):
    """Pictures [N, C, H, W] to others of the same size; in evaluation mode they stay as they are.

    All numbers are drawn from torch's generator of the CPU, so that a run draws alike on any device.

    Args:
        part: The smallest part of each side that is left, 0 to 1; height and width are drawn apart.
        mirror: Whether half of the pictures are mirrored.
        light: Most that is added to or taken off the values, and the largest change of their scale.
    """

    def __init__(self, part: float = 1.0, mirror: bool = False, light: float = 0.0) -> None:
        super().__init__()
        self.part, self.mirror, self.light = part, mirror, light

    def forward(self, pictures: Tensor) -> Tensor:
        """Return one view of each picture."""
        if not self.training:
            return pictures
        count = len(pictures)
        scale = torch.empty(count, 2).uniform_(self.part, 1.0)
        middle = (1.0 - scale) * torch.empty(count, 2).uniform_(-1.0, 1.0)
        flip = torch.ones(count)
        if self.mirror:
            flip = torch.randint(2, (count,)).float() * 2.0 - 1.0
        light, contrast = torch.empty(2, count, 1, 1, 1).uniform_(-self.light, self.light)
        rows = torch.zeros(count, 2, 3)
        rows[:, 0, 0], rows[:, 1, 1], rows[:, :, 2] = scale[:, 0] * flip, scale[:, 1], middle
        grid = F.affine_grid(rows.to(pictures.device), list(pictures.shape), align_corners=False)
        seen = F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
        changed: Tensor = seen * (1.0 + contrast).to(seen.device) + light.to(seen.device)
        return changed
