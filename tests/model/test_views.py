from __future__ import annotations

import pytest
import torch

from zimu.model.encoders.views import RandomView


@pytest.fixture
def pictures() -> torch.Tensor:
    """Twelve pictures whose red is the place across and whose green is the place down, -1 to 1."""
    across = (torch.arange(32) + 0.5) / 16 - 1
    one = torch.stack((across.expand(32, 32), across.unsqueeze(1).expand(32, 32), torch.zeros(32, 32)))
    return one.expand(12, -1, -1, -1).clone()


def test_nothing_changes_in_evaluation(pictures: torch.Tensor) -> None:
    assert RandomView(0.5, True, 0.2).eval()(pictures) is pictures


def test_what_is_seen_is_a_part_of_the_picture_no_smaller_than_asked(pictures: torch.Tensor) -> None:
    torch.manual_seed(1)
    seen = RandomView(0.6).train()(pictures)
    assert seen.shape == pictures.shape
    wide = seen[:, 0, 16, -1] - seen[:, 0, 16, 0]
    high = seen[:, 1, -1, 16] - seen[:, 1, 0, 16]
    # The first and the last pixel's middle are 31/16 apart in the whole picture.
    for extent in (wide, high):
        assert bool((extent > 0.59 * 31 / 16).all())
        assert bool((extent <= 31 / 16 + 1e-5).all())
        assert float(extent.std()) > 0.1
    assert float((wide - high).abs().max()) > 0.1
    assert float(seen.abs().max()) <= 1.0


def test_about_half_of_the_pictures_are_mirrored_across_and_none_upside_down(pictures: torch.Tensor) -> None:
    torch.manual_seed(0)
    seen = RandomView(mirror=True).train()(pictures)
    turned = seen[:, 0, 16, -1] < seen[:, 0, 16, 0]
    assert 2 <= int(turned.sum()) <= 10
    torch.testing.assert_close(seen[~turned], pictures[~turned])
    torch.testing.assert_close(seen[turned], pictures[turned].flip(3))


def test_light_adds_to_all_values_of_a_picture_and_stretches_them(pictures: torch.Tensor) -> None:
    torch.manual_seed(0)
    seen = RandomView(light=0.2).train()(pictures)
    added = seen[:, 2].flatten(1)
    assert float(added.std(1).max()) < 1e-5
    assert float(added.std()) > 0.02 and float(added.abs().max()) <= 0.2
    contrast = (seen - seen[:, 2:]).flatten(1).std(1) / pictures.flatten(1).std(1)
    assert float(contrast.min()) >= 0.8 - 1e-5 and float(contrast.max()) <= 1.2 + 1e-5
    assert float(contrast.std()) > 0.02


def test_the_same_seed_gives_the_same_views(pictures: torch.Tensor) -> None:
    view = RandomView(0.5, True, 0.2).train()
    drawn = []
    for _ in range(2):
        torch.manual_seed(7)
        drawn.append(view(pictures))
    assert torch.equal(*drawn)
