"""YAMNet: the sound classifier of AudioSet's 521 classes as a frozen or trainable encoder of sound.

Source: github.com/tensorflow/models, research/audioset/yamnet (Plakal & Ellis), on MobileNetV1 (Howard et al.
2017, arXiv:1704.04861). Departs: batch normalisation is folded into the convolutions, as in the published
TFLite file, so that each layer is a weight and a bias.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["YamNet"]

# (channels out, stride) of the depthwise-separable layers 2 to 14.
_SEPARABLE = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (1024, 2),
    (1024, 1),
)


class _SameConv(nn.Conv2d):
    """A 3x3 convolution with TensorFlow's SAME padding, which puts the odd row and column last."""

    def __init__(self, inputs: int, outputs: int, stride: int, groups: int = 1) -> None:
        super().__init__(inputs, outputs, 3, stride, padding=1 if stride == 1 else 0, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        # Every map of a 96x64 patch has even sides where the stride is 2, so that one row and column suffice.
        return super().forward(x if self.stride[0] == 1 else F.pad(x, (0, 1, 0, 1)))


class _First(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = _SameConv(1, 32, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(x))


class _Separable(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.dw = _SameConv(inputs, inputs, stride, groups=inputs)
        self.pw = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.pw(F.relu(self.dw(x))))


class YamNet(nn.Module):
    """Patches of log-mel energies in, one feature vector a patch out.

    Its state dict has the names of the published weights: `layer1.conv`, `layerN.dw` and `layerN.pw` for N
    from 2 to 14, `classifier`.
    """

    width = 1024
    classes = 521

    def __init__(self) -> None:
        super().__init__()
        self.layer1 = _First()
        inputs = 32
        for number, (outputs, stride) in enumerate(_SEPARABLE, start=2):
            self.add_module(f"layer{number}", _Separable(inputs, outputs, stride))
            inputs = outputs
        self.classifier = nn.Linear(self.width, self.classes)

    def forward(self, x: Tensor, keep: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features of B sounds.

        Args:
            x: float [B, P, 96, 64], P patches of log-mel energies.
            keep: bool [B, P], True where a patch is real.

        Returns:
            Features [B, P, 1024], zero where a patch is padding; `keep` unchanged.
        """
        batch, patches = x.shape[:2]
        features = self.embed(x.flatten(0, 1)).view(batch, patches, self.width)
        return features * keep.unsqueeze(-1), keep

    def blocks(self) -> list[nn.Module]:
        """Return the layers 1 to 14 in order, from patches [P, 1, 96, 64] to maps [P, 1024, 3, 2]."""
        return [self.get_submodule(f"layer{number}") for number in range(1, 2 + len(_SEPARABLE))]

    def embed(self, patches: Tensor) -> Tensor:
        """Return the features [P, 1024] of patches [P, 96, 64]."""
        x = patches.unsqueeze(1)
        for block in self.blocks():
            x = block(x)
        return x.mean((2, 3))

    def scores(self, features: Tensor) -> Tensor:
        """Return each class's own score [..., 521], 0 to 1, from features [..., 1024]."""
        return torch.sigmoid(self.classifier(features))

    def load_published(self, state: dict[str, Tensor]) -> None:
        """Load the published weights (any float type); raises RuntimeError on a missing or strange name."""
        self.load_state_dict({name: tensor.to(torch.float32) for name, tensor in state.items()})
