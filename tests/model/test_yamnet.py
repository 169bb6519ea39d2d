"""YAMNet against its own definition: names, TensorFlow's padding, and what the published weights hear."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from zimu.model.encoders.yamnet import YamNet  # noqa: E402


@pytest.fixture(scope="module")
def model() -> YamNet:
    torch.manual_seed(0)
    return YamNet().eval()


def test_the_state_dict_has_the_published_names_and_shapes(model: YamNet) -> None:
    state = model.state_dict()
    names = {"layer1.conv", "classifier"} | {f"layer{n}.{p}" for n in range(2, 15) for p in ("dw", "pw")}
    assert set(state) == {f"{name}.{kind}" for name in names for kind in ("weight", "bias")}
    assert state["layer1.conv.weight"].shape == (32, 1, 3, 3)
    assert state["layer13.pw.weight"].shape == (1024, 512, 1, 1)
    # The README of its authors' code says 3.7 million weights.
    assert round(sum(v.numel() for v in state.values()) / 1e6, 1) == 3.7


def test_a_stride_of_two_pads_right_and_below_only(model: YamNet) -> None:
    conv = model.layer1.conv
    x = torch.zeros(1, 1, 96, 64)
    x[0, 0, 0, 0] = 1.0
    with torch.no_grad():
        y = conv(x) - conv(torch.zeros_like(x))
    # SAME for an even side pads one after and none before: the first pixel meets the kernel's first weight,
    # once.
    assert torch.allclose(y[0, :, 0, 0], conv.weight[:, 0, 0, 0], atol=1e-6)
    assert y.abs().sum() == pytest.approx(conv.weight[:, 0, 0, 0].abs().sum().item(), rel=1e-4)
    assert y.shape == (1, 32, 48, 32)


def test_padding_changes_nothing_and_gives_zero_features(model: YamNet) -> None:
    x = torch.randn(2, 3, 96, 64)
    keep = torch.tensor([[True, True, True], [True, False, False]])
    with torch.no_grad():
        features, kept = model(x, keep)
        alone, _ = model(x[1:, :1], keep[1:, :1])
    assert features.shape == (2, 3, 1024)
    assert torch.equal(kept, keep)
    assert torch.allclose(features[1:, :1], alone, atol=1e-5)
    assert not features[1, 1:].any()


def test_scores_are_probabilities_of_521_classes(model: YamNet) -> None:
    with torch.no_grad():
        scores = model.scores(torch.randn(2, 5, 1024))
    assert scores.shape == (2, 5, 521)
    assert scores.min() >= 0 and scores.max() <= 1


def test_gradients_reach_every_parameter() -> None:
    torch.manual_seed(1)
    model = YamNet()
    features, _ = model(torch.randn(1, 2, 96, 64) + 2, torch.ones(1, 2, dtype=torch.bool))
    model.scores(features).sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


def test_a_strange_name_is_refused(model: YamNet) -> None:
    state = dict(model.state_dict()) | {"layer15.dw.weight": torch.zeros(1)}
    with pytest.raises(RuntimeError, match=r"layer15\.dw\.weight"):
        YamNet().load_published(state)


def test_the_published_weights_hear_a_beep(shared: Path) -> None:
    from safetensors.torch import load_file

    from zimu.features.sound import log_mel
    from zimu.features.spec import AudioSpec

    model = YamNet().eval()
    model.load_published(load_file(shared / "weights" / "yamnet_folded_fp16.safetensors"))
    names = (shared / "weights" / "yamnet_classes.txt").read_text("utf-8").splitlines()
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000).astype(np.float32)
    patch = torch.from_numpy(log_mel(tone, AudioSpec(kind="patches")))[:96]
    with torch.no_grad():
        scores = model.scores(model.embed(patch[None]))[0]
    # Its README: a made sine of 1 kHz is Beep 0.93, Sine wave 0.15.
    assert names[int(scores.argmax())] == "Beep, bleep"
    assert scores.max().item() == pytest.approx(0.93, abs=0.03)
