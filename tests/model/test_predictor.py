"""One suite over every stream encoder, and the model around them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from zimu.errors import UnknownNameError
from zimu.model.encoders.recurrent import TwoWayGru
from zimu.model.encoders.registry import STREAM_ENCODERS, build_encoder
from zimu.model.fusion import build_fusion
from zimu.model.predictor import Head, PredictModel
from zimu.model.sessions import SessionContext
from zimu.model.steps import Steps

WIDTH = 8
# name: (encoder, shape of a step, options)
KINDS = {
    "features": ("features", (5,), {"layers": 2}),
    "features conv": ("features", (5,), {"context": "conv"}),
    "features gru": ("features", (5,), {"context": "gru"}),
    "features transformer": ("features", (5,), {"context": "transformer"}),
    "image": ("image", (1, 9, 11), {"planes": (4, 8)}),
    "points": ("points", (4, 3), {"strides": (2,)}),
    "cloud": ("points", (4, 3), {"kind": "cloud", "strides": (1,)}),
    "series": ("series", (5,), {"strides": (2, 2), "context": 1}),
    "table": ("table", (5,), {}),
    "text": ("text", (), {"vocabulary": 20}),
    "text gru": ("text", (), {"vocabulary": 20, "context": "gru"}),
}


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    torch.manual_seed(0)
    return str(request.param)


def make(kind: str) -> tuple[nn.Module, Steps]:
    name, shape, options = KINDS[kind]
    values = torch.randn(3, 8, *shape) if shape else torch.randint(1, 20, (3, 8)).float()
    keep = torch.arange(8) < torch.tensor([[8], [4], [8]])
    times = torch.arange(8.0).expand(3, -1) / 10
    values = values * keep.view(3, 8, *(1,) * len(shape))
    return build_encoder(name, shape, WIDTH, **options).eval(), Steps(values, keep, times)


def test_every_encoder_is_in_the_suite() -> None:
    assert {name for name, _, _ in KINDS.values()} == set(STREAM_ENCODERS)


def test_padding_changes_nothing(kind: str) -> None:
    encoder, steps = make(kind)
    plain = encoder(steps)
    more = Steps(
        torch.cat((steps.values, torch.full_like(steps.values, 3.0)), 1),
        torch.cat((steps.keep, torch.zeros_like(steps.keep)), 1),
        torch.cat((steps.times, torch.zeros_like(steps.times)), 1),
    )
    found = encoder(more)
    for row in range(3):
        torch.testing.assert_close(
            found.values[row][found.keep[row]], plain.values[row][plain.keep[row]], atol=1e-5, rtol=1e-4
        )
        torch.testing.assert_close(found.times[row][found.keep[row]], plain.times[row][plain.keep[row]])


def test_a_batch_of_one_equals_a_batch_of_many(kind: str) -> None:
    encoder, steps = make(kind)
    many = encoder(steps)
    for row in range(3):
        one = encoder(Steps(*(t[row : row + 1] for t in steps)))
        torch.testing.assert_close(one.values[0], many.values[row], atol=1e-5, rtol=1e-4)


def test_an_absent_stream_is_survived_and_gradients_reach_every_parameter(kind: str) -> None:
    encoder, steps = make(kind)
    keep = steps.keep.clone()
    keep[1] = False
    out = encoder.train()(steps._replace(keep=keep))
    assert not out.keep[1].any() and torch.isfinite(out.values).all()
    (out.values * torch.randn_like(out.values)).sum().backward()
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name


def test_the_order_of_a_cloud_changes_nothing() -> None:
    torch.manual_seed(0)
    encoder, steps = make("cloud")
    turned = steps._replace(values=steps.values[:, :, torch.randperm(4)])
    torch.testing.assert_close(encoder(turned).values, encoder(steps).values)


def test_the_backward_half_of_a_gru_starts_at_the_last_real_step() -> None:
    torch.manual_seed(0)
    gru = TwoWayGru(3, 4)
    values = torch.randn(1, 5, 3)
    keep = torch.tensor([[True, True, True, False, False]])
    torch.testing.assert_close(gru(values, keep)[:, :3], gru(values[:, :3], keep[:, :3]))


def two_streams(fusion: str = "concat_width", **head: object) -> tuple[PredictModel, dict[str, Steps]]:
    torch.manual_seed(0)
    encoders = {n: build_encoder("features", (5,), WIDTH) for n in ("a", "b")}
    model = PredictModel(encoders, build_fusion(fusion, ["a", "b"], WIDTH), WIDTH, Head(3, **head)).eval()
    keep = torch.ones(4, 2, dtype=torch.bool)
    return model, {n: Steps(torch.randn(4, 2, 5), keep, torch.zeros(4, 2)) for n in ("a", "b")}


@pytest.mark.parametrize("pooling", ["mean", "max", "attention"])
def test_the_model_answers_without_a_stream_whatever_it_held(pooling: str) -> None:
    model, streams = two_streams("concat_time", pooling=pooling)
    nothing = torch.zeros(4, 2, dtype=torch.bool)
    one = model(streams | {"b": Steps(torch.zeros(4, 2, 5), nothing, torch.zeros(4, 2))})
    two = model(streams | {"b": Steps(torch.randn(4, 2, 5), nothing, torch.zeros(4, 2))})
    torch.testing.assert_close(one, two)
    assert one.shape == (4, 3) and not torch.allclose(one, model(streams))


@pytest.mark.parametrize("kind", ["gru", "attention"])
def test_context_knows_its_own_group_only(kind: str) -> None:
    torch.manual_seed(0)
    context = SessionContext(WIDTH, kind, 0.0).eval()  # type: ignore[arg-type]  # parametrised
    vectors, sessions = torch.randn(5, WIDTH), torch.tensor([[0, 1, 2], [3, 4, -1]])
    before = context(vectors, sessions)
    changed = vectors.clone()
    changed[4, 0] += 1.0
    after = context(changed, sessions)
    torch.testing.assert_close(after[:3], before[:3])
    assert not torch.allclose(after[3], before[3])


def test_unknown_names_are_told_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'series'"):
        build_encoder("serie", (3,), WIDTH)
    with pytest.raises(UnknownNameError, match="Unknown pooling 'meen'"):
        two_streams(pooling="meen")
