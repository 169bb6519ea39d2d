"""Decision level, trained jointly: one head a modality, their answers combined by a rule, one loss.

average:     p = Σᵢ pᵢ / N
weighted:    p = Σᵢ wᵢ pᵢ,  w = softmax(v) learned
log_linear:  p ∝ Πᵢ pᵢ^wᵢ,  w learned, starting at 1

For numbers the first two combine values. For models trained apart see `zimu.tasks.decision`.

Source: Kittler et al. 1998 (IEEE PAMI 20) for the rules; Morvant et al. 2014 (S+SSPR), "Majority vote of
diverse classifiers for late fusion", for learned weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zimu.errors import ConfigError

__all__ = ["LateHeads"]


class LateHeads(nn.Module):
    """`heads({name: vector [B, D]}) -> answers [B, K]`: log-probabilities of classes, or values.

    Args:
        names: The streams.
        width: D.
        outputs: K, classes, or numbers.
        rule: How the answers are combined.
        classes: Whether the K outputs are classes of which one is right.

    Raises:
        ConfigError: "log_linear" of numbers.
    """

    def __init__(
        self,
        names: Sequence[str],
        width: int,
        outputs: int,
        rule: Literal["average", "weighted", "log_linear"] = "average",
        classes: bool = True,
    ) -> None:
        super().__init__()
        if rule == "log_linear" and not classes:
            raise ConfigError("log_linear combines probabilities, not numbers. Use average or weighted.")
        self.names, self.rule, self.classes = sorted(names), rule, classes
        self.heads = nn.ModuleDict({n: nn.Linear(width, outputs) for n in self.names})
        start = torch.zeros(len(names)) if rule == "weighted" else torch.ones(len(names))
        self.weights = nn.Parameter(start) if rule != "average" else None

    def apart(self, vectors: Mapping[str, Tensor]) -> Tensor:
        """Return what each stream says by itself, [N, B, K]: log-probabilities, or values."""
        said = torch.stack([self.heads[n](vectors[n]) for n in self.names])
        return F.log_softmax(said, -1) if self.classes else said

    def forward(self, vectors: Mapping[str, Tensor]) -> Tensor:
        """Combine the streams in the order of their names, whatever order they come in."""
        said = self.apart(vectors)
        if self.rule == "log_linear" and self.weights is not None:
            return F.log_softmax(torch.einsum("nbk,n->bk", said, self.weights), -1)
        raw = torch.zeros(len(self.names)).to(said) if self.weights is None else self.weights
        logs = F.log_softmax(raw, 0)[:, None, None]
        if self.classes:
            return torch.logsumexp(said + logs, 0)
        return (said * logs.exp()).sum(0)
