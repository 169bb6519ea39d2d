"""What training makes small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from zimu.model.steps import Steps

__all__ = ["WordTimes", "alignment_loss", "caption_loss", "looking_loss", "policy_loss", "presence_loss"]


@dataclass(frozen=True)
class WordTimes:
    """When each word of a clip is said: `ids` int64 [B, W], `starts` and `ends` float [B, W] in seconds.

    Rows are filled up with words of id `PAD` that end where they start.
    """

    ids: Tensor
    starts: Tensor
    ends: Tensor

    def to(self, device: torch.device | str) -> WordTimes:
        """Return the same on a device."""
        return WordTimes(self.ids.to(device), self.starts.to(device), self.ends.to(device))

    def at(self, times: Tensor) -> Tensor:
        """Return the id of the word said at each of the times [B, T]; `PAD` where none is."""
        moment = times.unsqueeze(2)
        inside = (moment >= self.starts.unsqueeze(1)) & (moment < self.ends.unsqueeze(1))
        return (inside * self.ids.unsqueeze(1)).amax(2)

    def all_at(self, times: Tensor, tokens: int) -> Tensor:
        """Return float [B, T, tokens]: 1 for each word that is true at each of the times [B, T]."""
        moment = times.unsqueeze(2)
        inside = (moment >= self.starts.unsqueeze(1)) & (moment < self.ends.unsqueeze(1))
        found = torch.zeros(*times.shape, tokens, device=times.device)
        found.scatter_add_(2, self.ids.unsqueeze(1).expand_as(inside), inside.to(found.dtype))
        return found.clamp_(max=1.0)


def caption_loss(logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Return the mean cross-entropy of the right tokens, label-smoothed (Szegedy et al. 2016, section 7).

    Args:
        logits: [M, V].
        targets: int64 [M].
        smoothing: Share of the probability that is spread over all tokens.
    """
    return F.cross_entropy(logits, targets, label_smoothing=smoothing)


def alignment_loss(
    heads: dict[str, tuple[Tensor, Steps]], present: dict[str, Tensor], words: WordTimes
) -> Tensor:
    """Return the mean cross-entropy of the word said at each step of each stream and of the fused memory.

    Word times teach the encoders long before the decoder's attention has found where to look (the frame-wise
    training of hybrid speech recognisers: Bourlard & Morgan 1994).

    Args:
        heads: {stream or "memory": (logits [B, T, V], steps)}.
        present: {stream: bool [B], False where a clip lacks the stream}: a stand-in cannot tell words.
        words: Their times.
    """
    losses = []
    for name, (logits, steps) in heads.items():
        keep = steps.keep
        if name in present:
            keep = keep & present[name].unsqueeze(1)
        total = F.cross_entropy(logits[keep], words.at(steps.times)[keep], reduction="sum")
        losses.append(total / keep.sum().clamp(min=1))
    return torch.stack(losses).mean()


def looking_loss(weights: Tensor, memory: Steps, following: Tensor, words: WordTimes) -> Tensor:
    """Return the mean of -log of how much of its attention a decoder spends on the word that it writes.

    Tokens that are no word of the clip, or whose word falls between all steps, do not count.

    Source: Liu et al. 2016 (arXiv:1609.04186), supervised attention, with the loss on the sum over all steps
    of the word rather than on each.

    Args:
        weights: [B * R, L, S] that stand on the steps of the memory while each token is chosen; sum 1.
        memory: [B, S, D].
        following: int64 [B * R, L], the right tokens.
        words: Their times, B clips.
    """
    moment = memory.times.unsqueeze(1)
    inside = (moment >= words.starts.unsqueeze(2)) & (moment < words.ends.unsqueeze(2))  # [B, W, S]
    inside = inside & memory.keep.unsqueeze(1)
    wanted = following.view(len(memory.times), -1, 1) == words.ids.unsqueeze(1)  # [B, R * L, W]
    place = torch.bmm(wanted.to(weights.dtype), inside.to(weights.dtype)) > 0
    place = place.view(weights.shape)
    spent = (weights * place).sum(2)[place.any(2)]
    return -spent.clamp(min=1e-6).log().sum() / max(1, len(spent))


def presence_loss(
    heads: dict[str, tuple[Tensor, Steps]], present: dict[str, Tensor], words: Mapping[str, WordTimes]
) -> Tensor:
    """Return the cross-entropy of which words are true at each step: sum over words, mean over heads.

    Args:
        heads: {stream or "memory": (logits [B, T, V], steps)}.
        present: {stream: bool [B], False where a clip lacks the stream}. The memory is judged only where no
            stream is lacking: it cannot know what it is not shown.
        words: {stream or "memory": which words are true when}; several at once.
    """
    complete = torch.stack(list(present.values())).all(0)
    losses = []
    for name, (logits, steps) in heads.items():
        keep = steps.keep & present.get(name, complete).unsqueeze(1)
        truth = words[name].all_at(steps.times, logits.shape[2])
        total = F.binary_cross_entropy_with_logits(logits[keep], truth[keep], reduction="sum")
        losses.append(total / keep.sum().clamp(min=1))
    return torch.stack(losses).mean()


def policy_loss(log_probs: Tensor, advantage: Tensor) -> Tensor:
    """Return the self-critical loss, the mean over tokens of -(r - b) log p (Rennie et al. 2017, equation 9).

    Args:
        log_probs: [M] of the sampled tokens, `<end>` included.
        advantage: [M], reward less baseline of the caption that each token belongs to.
    """
    return -(log_probs * advantage).mean()
