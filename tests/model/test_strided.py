from __future__ import annotations

import torch

from zimu.model.encoders.strided import StridedEncoder
from zimu.model.steps import Steps


def _encoder() -> StridedEncoder:
    torch.manual_seed(0)
    return StridedEncoder(3, 16, (16, 16), planes=(8, 8), strides=(2, 2), context=1, dropout=0.0)


def _steps(values: torch.Tensor, real: int) -> Steps:
    keep = torch.arange(values.shape[1]).expand(values.shape[0], -1) < real
    return Steps(values, keep, torch.arange(values.shape[1]).float().expand(values.shape[0], -1) / 5)


def test_padding_frames_change_nothing_in_training_and_after_it() -> None:
    encoder = _encoder()
    values = torch.randn(2, 6, 3, 16, 16)
    other = torch.cat((values[:, :4], 9 * torch.randn(2, 2, 3, 16, 16)), 1)
    for mode in (True, False):
        encoder.train(mode)
        first, second = encoder(_steps(values, 4)).values, encoder(_steps(other, 4)).values
        torch.testing.assert_close(first[:, :4], second[:, :4])


def test_the_place_of_a_thing_reaches_the_features() -> None:
    encoder = _encoder().eval()
    pictures = torch.zeros(2, 1, 3, 16, 16)
    pictures[0, :, :, :5, :5] = pictures[1, :, :, 11:, 11:] = 1.0
    left, right = encoder(_steps(pictures, 1)).values
    assert (left - right).abs().max() > 0.1


def test_a_batch_without_any_frame_has_features_of_zero_and_a_gradient() -> None:
    encoder = _encoder()
    assert encoder(_steps(torch.randn(2, 3, 3, 16, 16), 0)).values.abs().max() == 0
