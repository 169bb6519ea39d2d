from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from zimu.model.steps import Steps
from zimu.training.balance import FUSED, BlendedHeads, blend_weights, modulation, ogm_ge


def encoders() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    found = {"audio": nn.Linear(40, 50), "video": nn.Linear(40, 50)}
    for encoder in found.values():
        encoder(torch.randn(8, 40)).square().sum().backward()
    return found


def test_the_stream_that_is_ahead_is_slowed_by_how_far_it_is_ahead() -> None:
    scores = {"audio": torch.tensor([0.9, 0.7]), "video": torch.tensor([0.5, 0.3])}
    found = modulation(scores, 0.3)
    assert found == {"audio": pytest.approx(1 - math.tanh(0.3 * 2)), "video": 1.0}
    assert modulation({"audio": torch.ones(2), "video": torch.ones(2)}, 0.3) == {"audio": 1.0, "video": 1.0}


def test_a_third_stream_is_held_against_the_mean_of_the_others() -> None:
    scores = {"a": torch.tensor([0.8]), "b": torch.tensor([0.6]), "c": torch.tensor([0.2])}
    found = modulation(scores, 0.1)
    assert found["a"] == pytest.approx(1 - math.tanh(0.1 * 2))
    assert found["b"] == pytest.approx(1 - math.tanh(0.1 * 1.2))
    assert found["c"] == 1.0


def test_gradients_of_the_one_ahead_shrink_and_get_noise_of_their_own_spread() -> None:
    found = encoders()
    before = {n: e.weight.grad.clone() for n, e in found.items()}
    scores = {"audio": torch.full((4,), 0.8), "video": torch.full((4,), 0.4)}
    factors = ogm_ge(found, scores, 0.5, torch.Generator().manual_seed(1))
    assert torch.equal(found["video"].weight.grad, before["video"])
    noise = found["audio"].weight.grad - factors["audio"] * before["audio"]
    assert noise.std() == pytest.approx(before["audio"].std().item(), rel=0.05)
    assert abs(noise.mean()) < 4 * before["audio"].std() / math.sqrt(noise.numel())


def test_parameters_without_a_gradient_are_left_alone() -> None:
    found = encoders()
    found["audio"].bias.grad = None
    ogm_ge(found, {"audio": torch.ones(1), "video": torch.zeros(1)}, 0.5)
    assert found["audio"].bias.grad is None


def test_blending_prefers_what_generalises() -> None:
    # The validation losses fall by 0.4, 0.4 and 0; the gaps grow by 0.2, 0.4 and 1: 10 to 2.5 to 0.
    found = blend_weights(
        {
            "joint": [(1.0, 1.1), (0.9, 0.9), (0.4, 0.7)],
            "audio": [(1.0, 1.1), (0.2, 0.7)],
            "video": [(1.0, 1.0), (0.0, 1.0)],
        }
    )
    assert found == {"joint": pytest.approx(0.8), "audio": pytest.approx(0.2), "video": 0.0}


def test_blending_without_any_gain_weighs_all_the_same() -> None:
    assert blend_weights({"a": [(1.0, 1.0), (0.5, 1.5)], "b": [(1.0, 1.0), (1.0, 1.0)]}) == {
        "a": 0.5,
        "b": 0.5,
    }


def test_heads_are_weighed_anew_at_each_later_look() -> None:
    heads = BlendedHeads(["audio", "video"], 8, 3, every=2)
    assert set(heads.weights.values()) == {1 / 3}
    heads.observe({"audio": 1.0, "video": 1.0, FUSED: 1.0}, {"audio": 1.1, "video": 1.1, FUSED: 1.1})
    assert set(heads.weights.values()) == {1 / 3}
    # All gained 0.4 on validation; audio's gap grew by 0.4, the others' by 0.2.
    heads.observe({"audio": 0.2, "video": 0.4, FUSED: 0.4}, {"audio": 0.7, "video": 0.7, FUSED: 0.7})
    assert heads.weights["audio"] == pytest.approx(heads.weights["video"] / 4)
    assert sum(heads.weights.values()) == pytest.approx(1)


def test_padding_changes_no_head_and_the_blend_is_the_weighted_sum() -> None:
    torch.manual_seed(0)
    heads = BlendedHeads(["audio"], 4, 3, every=1)
    values, keep = torch.randn(2, 5, 4), torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    fused, right = torch.randn(2, 3), torch.tensor([0, 2])

    def losses(x: torch.Tensor) -> dict[str, torch.Tensor]:
        steps = Steps(x, keep, torch.zeros(2, 5))
        return heads.losses({"audio": steps}, fused, lambda y: nn.functional.cross_entropy(y, right))

    found = losses(values)
    assert torch.equal(found["audio"], losses(values.masked_fill(~keep.unsqueeze(2), 9.0))["audio"])
    assert heads.blend(found).item() == pytest.approx((found["audio"] + found[FUSED]).item() / 2)
