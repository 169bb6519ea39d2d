"""What training makes small."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from zimu.model.steps import Steps

__all__ = ["WordTimes", "alignment_loss", "caption_loss", "policy_loss"]


@dataclass(frozen=True)
class WordTimes:
    """When each word of a clip is said: `ids` int64 [B, W], `starts` and `ends` float [B, W] in seconds.

    Rows are filled up with words of id `PAD` that end where they start.
    """

    ids: Tensor
    starts: Tensor
    ends: Tensor

    def at(self, times: Tensor) -> Tensor:
        """Return the id of the word said at each of the times [B, T]; `PAD` where none is."""
        moment = times.unsqueeze(2)
        inside = (moment >= self.starts.unsqueeze(1)) & (moment < self.ends.unsqueeze(1))
        return (inside * self.ids.unsqueeze(1)).amax(2)


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


def policy_loss(log_probs: Tensor, advantage: Tensor) -> Tensor:
    """Return the self-critical loss, the mean over tokens of -(r - b) log p (Rennie et al. 2017, equation 9).

    Args:
        log_probs: [M] of the sampled tokens, `<end>` included.
        advantage: [M], reward less baseline of the caption that each token belongs to.
    """
    return -(log_probs * advantage).mean()
