"""One suite over every fusion of the dictionary."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from zimu.errors import ConfigError, UnknownNameError
from zimu.model.fusion import FUSIONS, build_fusion
from zimu.model.fusion.aligned import read_at
from zimu.model.fusion.stepwise import longest_clock
from zimu.model.steps import Steps

WIDTH = 12
RATES = {"audio": (20, 20.0), "text": (3, 2.0), "video": (5, 5.0)}
NAMES = ["audio", "video"]


@pytest.fixture(params=sorted(FUSIONS))
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def fusion(name: str) -> nn.Module:
    return fresh(name, NAMES)


def fresh(name: str, names: list[str]) -> nn.Module:
    """Return a fusion with weights that leave none of its parts at zero."""
    torch.manual_seed(0)
    module = build_fusion(name, names, WIDTH).eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return module


def streams_of(names: list[str], clips: int = 2) -> dict[str, Steps]:
    generator = torch.Generator().manual_seed(2)

    def stream(length: int, rate_hz: float) -> Steps:
        values = torch.randn(clips, length, WIDTH, generator=generator)
        keep = torch.ones(clips, length, dtype=torch.bool)
        return Steps(values, keep, (torch.arange(length) / rate_hz).repeat(clips, 1))

    return {n: stream(*RATES[n]) for n in names}


def pad(stream: Steps, more: int) -> Steps:
    clips = len(stream.values)
    return Steps(
        torch.cat((stream.values, torch.randn(clips, more, WIDTH)), 1),
        torch.cat((stream.keep, torch.zeros(clips, more, dtype=torch.bool)), 1),
        torch.cat((stream.times, torch.zeros(clips, more)), 1),
    )


def lose(streams: Mapping[str, Steps], name: str, clip: int = 0) -> dict[str, Steps]:
    """Return the streams without one of a clip's."""
    keep = streams[name].keep.clone()
    keep[clip] = False
    return {**streams, name: streams[name]._replace(keep=keep)}


def assert_same_memory(found: Steps, wanted: Steps, name: str = "") -> None:
    # What a Fourier transform leaves of zeros is magnified by the signed root (slope 100 at 0).
    tolerance = 1e-3 if name == "mcb" else 1e-5
    for row in range(len(wanted.values)):
        for a, b in zip(found, wanted, strict=True):
            torch.testing.assert_close(
                a[row][found.keep[row]], b[row][wanted.keep[row]], atol=tolerance, rtol=1e-4
            )


@pytest.mark.parametrize("longer", NAMES)
def test_padding_changes_nothing(name: str, fusion: nn.Module, longer: str) -> None:
    streams = streams_of(NAMES)
    assert_same_memory(fusion(streams | {longer: pad(streams[longer], 27)}), fusion(streams), name)


def test_padding_in_one_clip_of_a_batch_changes_nothing(name: str, fusion: nn.Module) -> None:
    streams = streams_of(NAMES)
    shorter = {n: s._replace(keep=s.keep & (torch.arange(s.keep.shape[1]) < 4)) for n, s in streams.items()}
    mixed = {
        n: Steps(*(torch.cat((a[:1], b[1:])) for a, b in zip(streams[n], shorter[n], strict=True)))
        for n in NAMES
    }
    cut = {n: Steps(*(part[1:, :4] for part in s)) for n, s in streams.items()}
    found = fusion(mixed)
    assert_same_memory(Steps(*(part[1:] for part in found)), fusion(cut), name)


def test_the_order_in_which_streams_are_given_changes_nothing(name: str, fusion: nn.Module) -> None:
    streams = streams_of(NAMES)
    for a, b in zip(fusion(streams), fusion(dict(reversed(streams.items()))), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("name", [n for n, f in FUSIONS.items() if f.symmetric])
def test_streams_that_change_places_change_nothing_where_that_is_promised(name: str) -> None:
    fusion, streams = fresh(name, NAMES), streams_of(NAMES)
    turned = {"audio": streams["video"], "video": streams["audio"]}
    assert_same_memory(fusion(turned), fusion(streams))


def test_a_batch_of_one_equals_a_batch_of_many(name: str, fusion: nn.Module) -> None:
    streams = streams_of(NAMES, 3)
    streams = lose(streams, "audio")
    many = fusion(streams)
    for row in range(3):
        one = fusion({n: Steps(*(part[row : row + 1] for part in s)) for n, s in streams.items()})
        assert_same_memory(one, Steps(*(part[row : row + 1] for part in many)), name)


@pytest.mark.parametrize("lost", NAMES)
def test_an_absent_stream_is_survived_and_its_values_have_no_say(
    name: str, fusion: nn.Module, lost: str
) -> None:
    streams = lose(streams_of(NAMES), lost)
    before = fusion(streams)
    assert torch.isfinite(before.values[before.keep]).all() and before.keep.any(1).all()
    values = streams[lost].values.clone()
    values[0] = torch.randn_like(values[0]) * 50
    assert_same_memory(fusion(streams | {lost: streams[lost]._replace(values=values)}), before, name)


def test_a_clip_without_any_stream_gives_numbers_and_no_real_step(name: str, fusion: nn.Module) -> None:
    found = fusion(lose(lose(streams_of(NAMES), "audio"), "video"))
    assert torch.isfinite(found.values).all()
    assert not found.keep[0].any() and found.keep[1].any()


def test_gradients_reach_every_parameter_and_every_stream(name: str, fusion: nn.Module) -> None:
    streams = streams_of(NAMES)
    leaves = {n: s.values.requires_grad_() for n, s in streams.items()}
    streams = lose(streams, "video")
    out = fusion.train()(streams)
    (out.values[out.keep] * torch.randn_like(out.values[out.keep])).sum().backward()
    reached = [*fusion.named_parameters(), *leaves.items()]
    assert [n for n, p in reached if p.grad is None or not p.grad.abs().sum() > 0] == []
    assert [n for n, p in reached if p.grad is not None and not torch.isfinite(p.grad).all()] == []


def test_a_stream_of_zeros_has_finite_gradients(name: str, fusion: nn.Module) -> None:
    streams = {n: s._replace(values=torch.zeros_like(s.values)) for n, s in streams_of(NAMES).items()}
    leaves = [s.values.requires_grad_() for s in streams.values()]
    fusion(streams).values.sum().backward()
    assert all(torch.isfinite(x.grad).all() for x in [*fusion.parameters(), *leaves] if x.grad is not None)


def test_three_streams_are_fused_and_each_has_a_say(name: str) -> None:
    names = sorted(RATES)
    fusion, streams = fresh(name, names), streams_of(names)
    before = fusion(streams).values
    for changed in names:
        other = streams[changed]._replace(values=streams[changed].values + 1.0)
        assert not torch.allclose(fusion(streams | {changed: other}).values, before)


def test_a_record_without_time_has_one_step_a_vector_method(name: str) -> None:
    streams = {n: Steps(*(part[:, :1] for part in s)) for n, s in streams_of(NAMES).items()}
    steps = fresh(name, NAMES)(streams).values.shape[1]
    assert steps == (1 if FUSIONS[name].memory == "longest" else 2)


def test_streams_of_different_rates_meet_at_the_same_moment(name: str) -> None:
    if FUSIONS[name].works_on == "steps":
        pytest.skip("every step may read every other: there is no moment to check")
    fusion, streams = fresh(name, NAMES), streams_of(NAMES)
    found = fusion(streams)
    torch.testing.assert_close(found.times, streams["audio"].times)
    values = streams["video"].values.clone()
    values[:, 3] += 1.0  # at 0.6 s
    after = fusion(streams | {"video": streams["video"]._replace(values=values)})
    moved = (after.values - found.values).abs().amax((0, 2))
    # Audio's step 12 is at 0.6 s; video's next steps, at 0.4 and 0.8 s, are four widths of the kernel away.
    assert moved[12] > 1e-3
    assert max(moved[:9].max(), moved[16:].max()) < 0.01 * moved[12]


def test_onnx_equals_torch_at_other_lengths(name: str, fusion: nn.Module) -> None:
    session = exported(fusion, NAMES)
    for lengths in ({"audio": 20, "video": 5}, {"audio": 3, "video": 7}):
        streams = streams_of(NAMES, 3)
        streams = {n: pad(Steps(*(p[:, : min(lengths[n], 5)] for p in s)), 2) for n, s in streams.items()}
        streams = lose(streams, "audio", clip=1)
        wanted = fusion(streams)
        inputs = [part for n in NAMES for part in streams[n]]
        arrays = {i.name: x.numpy() for i, x in zip(session.get_inputs(), inputs, strict=True)}
        found = Steps(*(torch.from_numpy(np.asarray(x)) for x in session.run(None, arrays)))
        assert found.values.shape == wanted.values.shape
        assert_same_memory(found, wanted, name)


def test_onnx_equals_torch_where_many_features_share_a_bucket_of_the_sketch() -> None:
    torch.manual_seed(0)
    fusion, streams = build_fusion("mcb", NAMES, WIDTH, sketch=5).eval(), streams_of(NAMES)
    session, inputs = exported(fusion, NAMES), [part for n in NAMES for part in streams[n]]
    arrays = {i.name: x.numpy() for i, x in zip(session.get_inputs(), inputs, strict=True)}
    found = session.run(["values"], arrays)[0]
    np.testing.assert_allclose(found, fusion(streams).values.detach().numpy(), atol=1e-4)


class _Positional(nn.Module):
    def __init__(self, fusion: nn.Module, names: list[str]) -> None:
        super().__init__()
        self.fusion, self.names = fusion, names

    def forward(self, *arrays: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.fusion({n: Steps(*arrays[3 * i : 3 * i + 3]) for i, n in enumerate(self.names)}))


def exported(fusion: nn.Module, names: list[str]):  # type: ignore[no-untyped-def]
    """Return an ONNX Runtime session of a fusion, made as `zimu.training.export` makes its graphs."""
    ort = pytest.importorskip("onnxruntime")
    streams = streams_of(names)
    inputs = [f"{n}_{part}" for n in names for part in Steps._fields]
    target = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Positional(fusion, names).eval(),
            tuple(part for n in names for part in streams[n]),
            target,
            input_names=inputs,
            output_names=list(Steps._fields),
            dynamic_axes={i: {0: "clips", 1: f"{i.partition('_')[0]}_steps"} for i in inputs},
            opset_version=18,
            dynamo=False,
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
        )
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(target.getvalue(), options, providers=["CPUExecutionProvider"])


def test_a_stream_is_read_at_the_moment_of_another() -> None:
    source = streams_of(NAMES)["audio"]
    found = read_at(torch.tensor([[0.5], [0.25]]), source, sigma_s=0.001)
    torch.testing.assert_close(found[0, 0], source.values[0, 10])
    torch.testing.assert_close(found[1, 0], source.values[1, 5])


def test_the_clock_of_a_clip_is_that_of_its_stream_with_the_most_real_steps() -> None:
    streams = lose(streams_of(NAMES), "audio", clip=1)
    times, keep = longest_clock([streams[n] for n in NAMES])
    assert keep.sum(1).tolist() == [20, 5]
    torch.testing.assert_close(times[0], streams["audio"].times[0])
    torch.testing.assert_close(times[1, :5], streams["video"].times[1])


def test_wrong_names_options_and_streams_are_told() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'concat_time'"):
        build_fusion("concat_tim", NAMES, WIDTH)
    with pytest.raises(ConfigError, match=r"'low_rank' has no option layers\. It has: rank, sigma_s"):
        build_fusion("low_rank", NAMES, WIDTH, layers=3)
    with pytest.raises(ConfigError, match="'film' needs 2 streams, found: audio"):
        build_fusion("film", ["audio"], WIDTH)
    with pytest.raises(ConfigError, match="heads=5 do not divide the width 12"):
        build_fusion("transformer", NAMES, WIDTH, heads=5)
