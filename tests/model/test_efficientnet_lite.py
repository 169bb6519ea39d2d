from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from zimu.model.encoders.efficientnet_lite import EfficientNetLite0


def test_it_has_the_published_size() -> None:
    with torch.device("meta"):
        model = EfficientNetLite0()
    # 4.65 M parameters: the paper's authors' code, efficientnet/lite/README.
    assert sum(p.numel() for p in model.parameters()) == 4652008
    assert len(model.state_dict()) == 296


def test_regions_are_one_for_each_32_by_32_pixels() -> None:
    model = EfficientNetLite0().eval()
    with torch.no_grad():
        assert model.regions(torch.zeros(1, 3, 96, 64)).shape == (1, 6, 1280)


def test_published_weights_name_what_is_in_a_photograph(shared: Path) -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    from safetensors.torch import load_file

    model = EfficientNetLite0().eval()
    model.load_published(load_file(shared / "weights" / "efficientnet_lite0_imagenet_fp16.safetensors"))
    names = (shared / "weights" / "imagenet_classes.txt").read_text("utf-8").splitlines()
    flower = datasets.load_sample_image("flower.jpg")
    height, width = flower.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = torch.from_numpy(np.ascontiguousarray(flower[top : top + side, left : left + side]))
    frame = torch.nn.functional.interpolate(
        square.permute(2, 0, 1)[None].float(), (224, 224), mode="bicubic", antialias=True
    )
    with torch.no_grad():
        logits = model.classify((frame - 127) / 128)
    assert "daisy" in names[int(logits.argmax())]
