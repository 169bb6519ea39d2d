"""Training switches against one modality that learns first and leaves the others behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from zimu.model.steps import Steps

__all__ = ["FUSED", "BlendedHeads", "blend_weights", "modulation", "ogm_ge"]

FUSED = "fused"


def ogm_ge(
    encoders: Mapping[str, nn.Module],
    scores: Mapping[str, Tensor],
    alpha: float,
    generator: torch.Generator | None = None,
) -> dict[str, float]:
    """Slow the encoders that are ahead, and give their gradients noise, between `backward` and the step.

    grad ← k · grad + ε, ε ~ N(0, std(grad)²), k as `modulation` says; encoders with k = 1 are left as they
    are.

    Source: Peng et al. 2022 (arXiv:2203.15332), OGM-GE. Departs: the noise is given to every
    parameter of a slowed encoder, where the authors' code gives it to convolutions only.

    Args:
        encoders: {stream: encoder}; their `.grad` is changed in place.
        scores: {stream: [B]}, the probability of the right answer as that stream alone sees it.
        alpha: How hard; 0.1 to 1 in the paper.
        generator: Of the noise.

    Returns:
        {stream: k}.
    """
    factors = modulation(scores, alpha)
    with torch.no_grad():
        for name, factor in factors.items():
            if factor < 1.0:
                for parameter in encoders[name].parameters():
                    if parameter.grad is not None:
                        _slow(parameter.grad, factor, generator)
    return factors


def _slow(gradient: Tensor, factor: float, generator: torch.Generator | None) -> None:
    spread = gradient.std() if gradient.numel() > 1 else gradient.abs().sum()
    noise = torch.randn(gradient.shape, generator=generator).to(gradient)
    gradient.mul_(factor).add_(noise * spread)


def modulation(scores: Mapping[str, Tensor], alpha: float) -> dict[str, float]:
    """Return {stream: k}: 1 for those behind, 1 - tanh(α ρ) for those ahead.

    ρ of a stream is its score over the mean score of the others (of the other, for two as in the paper); it
    is ahead where ρ > 1.
    """
    means = {n: float(s.detach().mean()) for n, s in scores.items()}
    factors = dict.fromkeys(means, 1.0)
    for name, own in means.items():
        others = [m for n, m in means.items() if n != name]
        if others:
            ratio = own / max(sum(others) / len(others), 1e-6)
            if ratio > 1.0:
                factors[name] = 1.0 - float(torch.tanh(torch.tensor(alpha * ratio)))
    return factors


def blend_weights(history: Mapping[str, Sequence[tuple[float, float]]]) -> dict[str, float]:
    """Return the weight of each head's loss in gradient blending; their sum is 1.

    w ∝ G / O²: G is what the validation loss gained between the first and the last entry, O what the gap
    between validation and training loss grew: a head that learns what holds is trained harder than one that
    learns by heart. A head that gained nothing gets 0; if none did, all get the same.

    Source: Wang et al. 2020 (arXiv:1905.12681).

    Args:
        history: {head: [(training loss, validation loss), ...]} of the epochs since the weights were last
            estimated, at least two. Heads are the streams, and the fused one.
    """
    raw = {}
    for name, losses in history.items():
        (train_before, val_before), (train_after, val_after) = losses[0], losses[-1]
        gained = max(val_before - val_after, 0.0)
        overfitted = (val_after - train_after) - (val_before - train_before)
        raw[name] = gained / max(overfitted * overfitted, 1e-6)
    total = sum(raw.values())
    return {n: w / total if total else 1.0 / len(raw) for n, w in raw.items()}


class BlendedHeads(nn.Module):
    """A linear head on each encoder while training; the losses of all heads, the fused one's among them, are
    blended by `blend_weights`.

    Source: Wang et al. 2020 (arXiv:1905.12681), the online form. Departs: what each head gained and
    learnt by heart is read off the joint run itself; the authors train each head apart to estimate it.

    Args:
        names: The streams.
        width: D of the encoders.
        outputs: K.
        every: Epochs between two estimates of the weights.
    """

    def __init__(self, names: Sequence[str], width: int, outputs: int, every: int) -> None:
        super().__init__()
        self.heads = nn.ModuleDict({n: nn.Linear(width, outputs) for n in names})
        self.every = every
        self.weights = dict.fromkeys((*names, FUSED), 1.0 / (len(names) + 1))
        self._history: dict[str, list[tuple[float, float]]] = {n: [] for n in self.weights}

    def losses(
        self, encoded: Mapping[str, Steps], fused: Tensor, loss: Callable[[Tensor], Tensor]
    ) -> dict[str, Tensor]:
        """Return the loss of every head.

        Args:
            encoded: {stream: Steps [B, T, D]}.
            fused: Logits [B, K].
            loss: Of logits.
        """
        found = {}
        for name, head in self.heads.items():
            steps = encoded[name]
            mask = steps.keep.unsqueeze(2).to(steps.values.dtype)
            found[name] = loss(head((steps.values * mask).sum(1) / mask.sum(1).clamp(min=1.0)))
        return found | {FUSED: loss(fused)}

    def blend(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Return the sum of the losses by the weights as they are now."""
        return torch.stack([self.weights[n] * x for n, x in losses.items()]).sum()

    def observe(self, train: Mapping[str, float], val: Mapping[str, float]) -> None:
        """Take in the losses on both parts; the second call and each later one weighs the heads anew."""
        for name, past in self._history.items():
            past.append((train[name], val[name]))
        if len(self._history[FUSED]) > 1:
            self.weights = blend_weights({n: past[-2:] for n, past in self._history.items()})
