"""EfficientNet-Lite0: a light frame encoder with published ImageNet weights.

Source: Tan & Le 2019 (arXiv:1905.11946), the "lite" variant of its authors' code: no squeeze-and-excitation,
ReLU6 instead of swish, stem and head of fixed width. Parameter names are those of the published PyTorch
conversion, so its state dict loads as it is.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zimu.model.encoders.tail import regions_of

__all__ = ["EfficientNetLite0"]

# repeats, kernel, stride of the first, expansion, width (paper, table 1, without squeeze-and-excitation)
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class _SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME does: the odd pixel goes to the right and bottom."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        down = max((-(-x.shape[2] // stride) - 1) * stride + kernel - x.shape[2], 0)
        across = max((-(-x.shape[3] // stride) - 1) * stride + kernel - x.shape[3], 0)
        if down or across:
            x = F.pad(x, (across // 2, across - across // 2, down // 2, down - down // 2))
        return super().forward(x)


def _norm(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=1e-3, momentum=0.01)


class _Block(nn.Module):
    """An inverted residual block: expand, depthwise convolution, project."""

    def __init__(self, width: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        middle = width * expansion
        self._expands = expansion != 1
        if self._expands:
            self._expand_conv = _SameConv(width, middle, 1, bias=False)
            self._bn0 = _norm(middle)
        self._depthwise_conv = _SameConv(middle, middle, kernel, stride, groups=middle, bias=False)
        self._bn1 = _norm(middle)
        self._project_conv = _SameConv(middle, out, 1, bias=False)
        self._bn2 = _norm(out)
        self._skips = stride == 1 and width == out

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self._bn0(self._expand_conv(x))) if self._expands else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        out: Tensor = x + y if self._skips else y
        return out


class _ConvNorm(nn.Module):
    """A convolution, its batch norm and ReLU6, of an encoder that has them under names of its own."""

    def __init__(self, conv: nn.Module, norm: nn.Module) -> None:
        super().__init__()
        self.conv, self.norm = conv, norm

    def forward(self, x: Tensor) -> Tensor:
        return F.relu6(self.norm(self.conv(x)))


class EfficientNetLite0(nn.Module):
    """Frames to regions of 1,280 features.

    Args:
        classes: Width of the classifier `_fc`, which the published state dict carries.
    """

    width = 1280

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self._conv_stem = _SameConv(3, 32, 3, 2, bias=False)
        self._bn0 = _norm(32)
        blocks: list[nn.Module] = []
        width = 32
        for repeats, kernel, stride, expansion, out in _STAGES:
            for i in range(repeats):
                blocks.append(_Block(width, out, kernel, stride if i == 0 else 1, expansion))
                width = out
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = _SameConv(width, self.width, 1, bias=False)
        self._bn1 = _norm(self.width)
        self._fc = nn.Linear(self.width, classes)

    def blocks(self) -> list[nn.Module]:
        """Return the encoder in order, from frames [N, 3, H, W] to maps [N, 1280, H/32, W/32]."""
        stem, head = _ConvNorm(self._conv_stem, self._bn0), _ConvNorm(self._conv_head, self._bn1)
        return [stem, *self._blocks, head]

    def regions(self, frames: Tensor) -> Tensor:
        """Return the regions of each frame.

        Args:
            frames: float [N, 3, H, W], RGB, (value - 127) / 128. H and W are multiples of 32.

        Returns:
            [N, H/32 * W/32, 1280], row by row from the top left.
        """
        x = frames
        for block in self.blocks():
            x = block(x)
        return regions_of(x)

    def classify(self, frames: Tensor) -> Tensor:
        """Return the logits [N, classes] of frames [N, 3, H, W]."""
        logits: Tensor = self._fc(self.regions(frames).mean(1))
        return logits

    def forward(self, frames: Tensor) -> Tensor:
        """Return `regions(frames)`."""
        return self.regions(frames)

    def load_published(self, state: dict[str, Tensor]) -> None:
        """Load the published state dict, of any float type; RuntimeError on a missing or strange name."""
        self.load_state_dict(
            {k: v.to(torch.float32) if v.is_floating_point() else v for k, v in state.items()}
        )
