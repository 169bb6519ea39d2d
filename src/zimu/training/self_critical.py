"""The second stage: captions are sampled, and those better than their fellows are made likelier.

Source: Rennie et al. 2017 (arXiv:1612.00563). Departs: the baseline of a sample is the mean reward of the
other samples of its clip instead of the greedy caption's (Luo 2020, arXiv:2003.09971), which needs no extra
search; and `<end>` counts as a token of the reward's n-grams, else captions learn to stop in the middle of a
phrase.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from zimu.metrics.reward import CiderReward
from zimu.model.captioner import CaptionModel
from zimu.model.decoder import DecoderState
from zimu.model.steps import Steps
from zimu.text.vocabulary import END, PAD, Vocabulary
from zimu.training.batches import Batch
from zimu.training.losses import policy_loss

__all__ = ["SelfCritical"]


class SelfCritical:
    """Rewards of a training set and the loss of a batch.

    Args:
        references: {language: a clip's references as token ids with language token and `<end>`}, by language.
        vocabulary: The model's.
        samples: Captions sampled a clip and language; at least 2.
        max_length: Most tokens of a sampled caption.
    """

    def __init__(
        self,
        references: Sequence[dict[str, list[list[int]]]],
        vocabulary: Vocabulary,
        samples: int,
        max_length: int,
    ) -> None:
        self.vocabulary, self.samples, self.max_length = vocabulary, samples, max_length
        self.rewards = {
            k: CiderReward([[r[1:] for r in clip[k]] or [[END]] for clip in references])
            for k in vocabulary.languages
        }

    def loss(self, model: CaptionModel, batch: Batch) -> tuple[Tensor, float]:
        """Return the policy loss of a batch and the mean reward of its samples."""
        memory = model.encode(batch.streams)
        losses, means = [], []
        for language in self.vocabulary.languages:
            start = self.vocabulary.start(language)
            tokens = _sample(model, memory, start, self.samples, self.max_length)
            captions = [_until_end(row) for row in tokens[:, 1:].tolist()]
            clips = np.repeat(batch.indices, self.samples)
            reward = self.rewards[language].score(clips.tolist(), captions).reshape(-1, self.samples)
            others = (reward.sum(1, keepdims=True) - reward) / (self.samples - 1)
            advantage = torch.from_numpy((reward - others).astype(np.float32)).reshape(-1)
            logits, at = model.decoder(tokens, memory.values, memory.keep)
            log_probs = -F.cross_entropy(logits, tokens[:, 1:].flatten()[at], reduction="none")
            row = at // (tokens.shape[1] - 1)
            losses.append(policy_loss(log_probs, advantage.to(log_probs.device)[row]))
            means.append(float(reward.mean()))
        return torch.stack(losses).mean(), float(np.mean(means))


@torch.no_grad()
def _sample(model: CaptionModel, memory: Steps, start: int, samples: int, max_length: int) -> Tensor:
    """Return sampled tokens int64 [B * samples, L], from the language token to `<end>`, then `PAD`."""
    decoder = model.decoder
    shared, state = decoder.start(memory.values, memory.keep)
    state = DecoderState(state.hidden.repeat_interleave(samples, 0), state.cell.repeat_interleave(samples, 0))
    current = torch.full((len(memory.values) * samples,), start, device=memory.values.device)
    ended = torch.zeros_like(current, dtype=torch.bool)
    columns = [current]
    for _ in range(max_length):
        log_probs, state, _ = decoder.step(current, state, shared)
        log_probs[:, PAD] = -1e9
        current = torch.multinomial(log_probs.exp(), 1).squeeze(1).masked_fill(ended, PAD)
        columns.append(current)
        ended = ended | (current == END)
        if bool(ended.all()):
            break
    return torch.stack(columns, 1)


def _until_end(row: list[int]) -> list[int]:
    """Return a caption's tokens with `<end>`, where it came."""
    return row[: row.index(END) + 1] if END in row else [t for t in row if t != PAD]
