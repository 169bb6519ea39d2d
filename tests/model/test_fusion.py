"""One suite over every fusion that gives a memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from zimu.model.fusion.aligned import Aligned, read_at
from zimu.model.fusion.concat_time import ConcatTime
from zimu.model.steps import Steps

WIDTH = 12
NAMES = ["audio", "video"]
FUSIONS: dict[str, Callable[[], nn.Module]] = {
    "aligned": lambda: Aligned(NAMES, WIDTH, sigma_s=0.1, context=2),
    "concat_time": lambda: ConcatTime(NAMES, WIDTH),
}


@pytest.fixture(params=sorted(FUSIONS))
def fusion(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    return FUSIONS[request.param]().eval()


def two_streams(clips: int = 2) -> dict[str, Steps]:
    generator = torch.Generator().manual_seed(2)

    def stream(length: int, rate: float) -> Steps:
        values = torch.randn(clips, length, WIDTH, generator=generator)
        keep = torch.ones(clips, length, dtype=torch.bool)
        return Steps(values, keep, (torch.arange(length) / rate).expand(clips, -1))

    return {"video": stream(5, 5.0), "audio": stream(20, 20.0)}


def test_padding_changes_nothing(fusion: nn.Module) -> None:
    streams = two_streams()
    plain = fusion(streams)
    audio = streams["audio"]
    padded = Steps(
        torch.cat((audio.values, torch.randn(2, 7, WIDTH)), 1),
        torch.cat((audio.keep, torch.zeros(2, 7, dtype=torch.bool)), 1),
        torch.cat((audio.times, torch.zeros(2, 7)), 1),
    )
    found = fusion(streams | {"audio": padded})
    for row in range(2):
        torch.testing.assert_close(
            found.values[row][found.keep[row]], plain.values[row][plain.keep[row]], atol=1e-5, rtol=1e-4
        )


def test_the_order_of_the_streams_changes_nothing(fusion: nn.Module) -> None:
    streams = two_streams()
    backwards = dict(reversed(list(streams.items())))
    for a, b in zip(fusion(streams), fusion(backwards), strict=True):
        torch.testing.assert_close(a, b)


def test_one_equals_many(fusion: nn.Module) -> None:
    streams = two_streams(3)
    many = fusion(streams)
    one = fusion({n: Steps(*(part[1:2] for part in s)) for n, s in streams.items()})
    torch.testing.assert_close(one.values[0], many.values[1], atol=1e-5, rtol=1e-4)


def test_gradients_reach_every_parameter(fusion: nn.Module) -> None:
    out = fusion.train()(two_streams())
    (out.values * torch.randn_like(out.values)).sum().backward()
    assert [n for n, p in fusion.named_parameters() if p.grad is None] == []


def test_a_stream_is_read_at_the_moment_of_another() -> None:
    source = two_streams()["audio"]
    found = read_at(torch.tensor([[0.5], [0.25]]), source, sigma_s=0.001)
    torch.testing.assert_close(found[0, 0], source.values[0, 10])
    torch.testing.assert_close(found[1, 0], source.values[1, 5])
