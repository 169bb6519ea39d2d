from __future__ import annotations

import pytest
import torch

from zimu.errors import ConfigError
from zimu.model.fusion.late import LateHeads

NAMES = ["audio", "text", "video"]


def vectors() -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    return {n: torch.randn(5, 4, generator=draw) for n in NAMES}


@pytest.mark.parametrize("rule", ["average", "weighted", "log_linear"])
def test_answers_are_log_probabilities_by_the_rule(rule: str) -> None:
    torch.manual_seed(0)
    heads = LateHeads(NAMES, 4, 3, rule)  # type: ignore[arg-type]
    apart, found = heads.apart(vectors()).exp(), heads(vectors()).exp()
    torch.testing.assert_close(found.sum(1), torch.ones(5))
    if rule == "log_linear":
        product = apart.prod(0)
        torch.testing.assert_close(found, product / product.sum(1, keepdim=True))
    else:  # learned weights start even
        torch.testing.assert_close(found, apart.mean(0))


@pytest.mark.parametrize("rule", ["average", "weighted", "log_linear"])
def test_every_head_and_weight_learns(rule: str) -> None:
    heads = LateHeads(NAMES, 4, 3, rule)  # type: ignore[arg-type]
    heads(vectors())[:, 0].sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in heads.parameters())


def test_numbers_are_averaged_by_learned_weights() -> None:
    heads = LateHeads(NAMES, 4, 1, "weighted", classes=False)
    assert heads.weights is not None
    with torch.no_grad():
        heads.weights.copy_(torch.tensor([0.5, 0.25, 0.25]).log())
    apart = heads.apart(vectors())
    torch.testing.assert_close(heads(vectors()), 0.5 * apart[0] + 0.25 * apart[1] + 0.25 * apart[2])
    with pytest.raises(ConfigError, match="not numbers"):
        LateHeads(NAMES, 4, 1, "log_linear", classes=False)
