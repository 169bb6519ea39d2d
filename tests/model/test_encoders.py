"""One suite over all encoders that are trained with the model."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from torch import nn

from zimu.model.encoders.frames import FrameEncoder
from zimu.model.encoders.regions import RegionEncoder
from zimu.model.encoders.resnet import RESNETS, ResNet
from zimu.model.encoders.wavenet import WaveNetEncoder
from zimu.model.steps import Steps

WIDTH = 16

# name: (encoder, shape of one step of its input, shortest length)
ENCODERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], int]] = {
    "frames": (
        lambda: FrameEncoder(1, WIDTH, (16, 24), planes=4, stem="medium", neighbours=1, context=2),
        (1, 16, 24),
        4,
    ),
    "regions": (lambda: RegionEncoder(12, 9, WIDTH), (9, 12), 2),
    "wavenet on log-mel": (lambda: WaveNetEncoder(8, WIDTH, 12, (2, 2), 3, 2, context=2), (8,), 32),
    "wavenet on a waveform": (lambda: WaveNetEncoder(1, WIDTH, 12, (5, 4), 3, 1), (1,), 400),
}


@pytest.fixture(params=sorted(ENCODERS))
def case(request: pytest.FixtureRequest) -> tuple[nn.Module, tuple[int, ...], int]:
    torch.manual_seed(0)
    build, step, length = ENCODERS[request.param]
    return build().eval(), step, length


def steps(clips: int, length: int, shape: tuple[int, ...]) -> Steps:
    generator = torch.Generator().manual_seed(1)
    times = (torch.arange(length) / 25.0).expand(clips, -1)
    return Steps(
        torch.randn(clips, length, *shape, generator=generator),
        torch.ones(clips, length, dtype=torch.bool),
        times,
    )


def pad(stream: Steps, more: int) -> Steps:
    clips = len(stream.values)
    return Steps(
        torch.cat((stream.values, torch.zeros(clips, more, *stream.values.shape[2:])), 1),
        torch.cat((stream.keep, torch.zeros(clips, more, dtype=torch.bool)), 1),
        torch.cat((stream.times, torch.zeros(clips, more)), 1),
    )


def test_padding_changes_no_real_step(case: tuple[nn.Module, tuple[int, ...], int]) -> None:
    encoder, shape, length = case
    stream = steps(2, length, shape)
    plain, padded = encoder(stream), encoder(pad(stream, length))
    count = plain.values.shape[1]
    torch.testing.assert_close(padded.values[:, :count], plain.values, atol=1e-4, rtol=1e-4)
    assert padded.keep.sum() == plain.keep.sum()


def test_a_batch_of_one_equals_a_batch_of_many(case: tuple[nn.Module, tuple[int, ...], int]) -> None:
    encoder, shape, length = case
    stream = steps(3, length, shape)
    many = encoder(stream).values
    for row in range(3):
        one = encoder(Steps(*(part[row : row + 1] for part in stream))).values
        torch.testing.assert_close(one[0], many[row], atol=1e-4, rtol=1e-4)


def test_gradients_reach_every_parameter(case: tuple[nn.Module, tuple[int, ...], int]) -> None:
    encoder, shape, length = case
    out = encoder.train()(steps(2, length, shape))
    (out.values * torch.randn_like(out.values)).sum().backward()
    missing = [n for n, p in encoder.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    # The residual half of the last layer is read by nobody: WaveNet takes the skips only.
    assert [n for n in missing if "residual_skip" not in n] == []


def test_times_follow_the_stride() -> None:
    encoder = WaveNetEncoder(8, WIDTH, 12, (2, 2), 2, 1).eval()
    out = encoder(steps(1, 10, (8,)))
    assert out.values.shape[1] == 3
    torch.testing.assert_close(out.times[0], torch.tensor([0.0, 4.0, 8.0]) / 25)


def test_wavenet_without_context_never_sees_the_future() -> None:
    encoder = WaveNetEncoder(8, WIDTH, 12, (2,), 3, 2).eval()
    stream = steps(1, 40, (8,))
    changed = stream.values.clone()
    changed[:, 20:] += 1.0
    before, after = encoder(stream).values, encoder(stream._replace(values=changed)).values
    torch.testing.assert_close(before[:, :10], after[:, :10])
    assert not torch.allclose(before[:, 11:], after[:, 11:])


@pytest.mark.parametrize("depth", sorted(RESNETS))
def test_resnets_have_the_parameter_counts_of_the_published_ones(depth: int) -> None:
    # Counts of torchvision's models with 1,000 classes, from its documentation.
    published = {18: 11689512, 34: 21797672, 50: 25557032, 101: 44549160, 152: 60192808}
    with torch.device("meta"):
        assert sum(p.numel() for p in ResNet(depth, classes=1000).parameters()) == published[depth]


def test_resnet_names_are_those_of_torchvision() -> None:
    with torch.device("meta"):
        names = set(ResNet(50, classes=1000).state_dict())
    for name in (
        "conv1.weight",
        "bn1.running_mean",
        "layer1.0.conv3.weight",
        "layer1.0.downsample.0.weight",
        "layer1.0.downsample.1.num_batches_tracked",
        "layer4.2.bn3.bias",
        "fc.bias",
    ):
        assert name in names
    assert len(names) == 320


def test_a_resnet_without_classifier_loads_published_weights() -> None:
    published = ResNet(18, width=8, classes=10)
    plain = ResNet(18, width=8)
    plain.load_published(published.state_dict())
    frames = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(plain.eval().regions(frames), published.eval().regions(frames))
    with pytest.raises(RuntimeError, match="conv1"):
        plain.load_published({k: v for k, v in published.state_dict().items() if k != "conv1.weight"})


def test_padding_frames_stay_out_of_the_training_statistics() -> None:
    torch.manual_seed(0)
    encoder = FrameEncoder(1, 8, (16, 16), planes=8, dropout=0.0).train()
    padded = deepcopy(encoder)
    frames = torch.rand(1, 5, 1, 16, 16)
    blank = torch.cat((frames, torch.zeros(1, 7, 1, 16, 16)), 1)
    keep = torch.arange(12)[None] < 5
    times = torch.arange(12.0)[None]
    alone = encoder(Steps(frames, keep[:, :5], times[:, :5])).values
    beside = padded(Steps(blank, keep, times)).values
    torch.testing.assert_close(beside[:, :5], alone)
    torch.testing.assert_close(padded.resnet.bn1.running_mean, encoder.resnet.bn1.running_mean)
