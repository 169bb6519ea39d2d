"""ResNet-18 to ResNet-152, with the parameter names of torchvision, so that its published weights load.

Source: He et al. 2016 (arXiv:1512.03385), table 1; stride on the 3×3 convolution of a bottleneck as
torchvision has it. Departs: `width` narrows all stages for small pictures, `channels` takes grey frames, and
`STEMS` has two that begin with a 3×3 convolution without pooling (their section 4.2), for pictures of a few
dozen pixels.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zimu.model.encoders.tail import regions_of

__all__ = ["RESNETS", "STEMS", "ResNet"]

# name: (kernel, stride, whether 3×3 pooling of stride 2 follows). The whole network divides height and width
# by 32, 16 and 8.
STEMS: dict[str, tuple[int, int, bool]] = {
    "large": (7, 2, True),
    "medium": (3, 2, False),
    "small": (3, 1, False),
}

# depth: (blocks a stage, whether they are bottlenecks)
RESNETS: dict[int, tuple[tuple[int, int, int, int], bool]] = {
    18: ((2, 2, 2, 2), False),
    34: ((3, 4, 6, 3), False),
    50: ((3, 4, 6, 3), True),
    101: ((3, 4, 23, 3), True),
    152: ((3, 8, 36, 3), True),
}


def _shortcut(width: int, out: int, stride: int) -> nn.Sequential | None:
    if stride == 1 and width == out:
        return None
    return nn.Sequential(nn.Conv2d(width, out, 1, stride, bias=False), nn.BatchNorm2d(out))


class _Basic(nn.Module):
    expansion = 1

    def __init__(self, width: int, planes: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = _shortcut(width, planes, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class _Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, width: int, planes: int, stride: int) -> None:
        super().__init__()
        out = planes * self.expansion
        self.conv1 = nn.Conv2d(width, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.downsample = _shortcut(width, out, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """Frames to regions.

    Args:
        depth: A key of `RESNETS`.
        width: Planes of the first stage; 64 in the paper.
        channels: 3 for RGB, 1 for grey, more for stacked frames.
        stem: A key of `STEMS`; "large" is the paper's.
        classes: Width of the classifier `fc`; 0 leaves it out.
    """

    def __init__(
        self,
        depth: int = 18,
        width: int = 64,
        channels: int = 3,
        stem: Literal["large", "medium", "small"] = "large",
        classes: int = 0,
    ) -> None:
        super().__init__()
        counts, bottleneck = RESNETS[depth]
        block = _Bottleneck if bottleneck else _Basic
        kernel, stride, self._pools = STEMS[stem]
        self.stride = 8 * stride * (2 if self._pools else 1)
        self.conv1 = nn.Conv2d(channels, width, kernel, stride, kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        current = width
        for i, count in enumerate(counts):
            blocks: list[nn.Module] = []
            for j in range(count):
                planes = width * 2**i
                blocks.append(block(current, planes, 2 if i and j == 0 else 1))
                current = planes * block.expansion
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
        self.width = current
        if classes:
            self.fc = nn.Linear(current, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def blocks(self) -> list[nn.Module]:
        """Return the encoder in order, from frames [N, channels, H, W] to maps [N, width, h, w]."""
        pool = [nn.MaxPool2d(3, 2, 1)] if self._pools else []
        stem = nn.Sequential(self.conv1, self.bn1, nn.ReLU(), *pool)
        return [stem, *(block for i in range(4) for block in getattr(self, f"layer{i + 1}"))]

    def maps(self, frames: Tensor) -> Tensor:
        """Return feature maps [N, width, h, w] of frames float [N, channels, H, W]."""
        x = frames
        for block in self.blocks():
            x = block(x)
        return x

    def regions(self, frames: Tensor) -> Tensor:
        """Return [N, h * w, width], row by row from the top left."""
        return regions_of(self.maps(frames))

    def classify(self, frames: Tensor) -> Tensor:
        """Return logits [N, classes]."""
        logits: Tensor = self.fc(self.regions(frames).mean(1))
        return logits

    def forward(self, frames: Tensor) -> Tensor:
        """Return `regions(frames)`."""
        return self.regions(frames)

    def load_published(self, state: dict[str, Tensor]) -> None:
        """Load torchvision's state dict; its classifier is left out where this network has none.

        Raises RuntimeError on a missing or strange name.
        """
        own = self.state_dict()
        wanted = {k: v for k, v in state.items() if "fc.weight" in own or not k.startswith("fc.")}
        self.load_state_dict({k: torch.as_tensor(v) for k, v in wanted.items()})
