"""The last stage: captions are sampled, and those better than their fellows are made likelier.

Source: Rennie et al. 2017 (arXiv:1612.00563). Departs: the baseline of a sample is the mean reward of the
other samples of its clip instead of the greedy caption's (Luo 2020, arXiv:2003.09971), which needs no extra
search; `<end>` counts as a token of the reward's n-grams, else captions learn to stop in the middle of a
phrase; and what a caption scores against the references of other clips can be taken off its reward, so that
one sentence that half fits everything does not pay (the CIDErBtw of Wang et al. 2020, "Compare and Reweight",
who weigh by it).

What is sampled from must be what is searched. Dropout is therefore off (pictures still change), and the
distribution is sharpened by a temperature: after label smoothing, a tenth of the probability lies on tokens
that no search would ever take, and captions drawn at temperature 1 score a third of what the search writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from zimu.metrics.reward import CiderReward
from zimu.model.captioner import CaptionModel
from zimu.model.decoder import DecoderMemory, DecoderState
from zimu.model.encoders.views import RandomView
from zimu.model.steps import Steps
from zimu.text.vocabulary import END, PAD, UNKNOWN, Vocabulary
from zimu.training.batches import Batch
from zimu.training.losses import policy_loss
from zimu.training.recipes import SelfCriticalRecipe

__all__ = ["SelfCritical"]

# Other clips of the batch that a caption is held against.
_OTHERS = 4


class SelfCritical:
    """Rewards of a training set and the loss of a batch.

    Args:
        references: {language: a clip's references as token ids with language token and `<end>`}, by clip.
        vocabulary: The model's.
        recipe: Samples, temperature, weight of the other clips.
        max_length: Most tokens of a sampled caption.
    """

    def __init__(
        self,
        references: Sequence[dict[str, list[list[int]]]],
        vocabulary: Vocabulary,
        recipe: SelfCriticalRecipe,
        max_length: int,
    ) -> None:
        self.vocabulary, self.recipe, self.max_length = vocabulary, recipe, max_length
        self.rewards = {
            k: CiderReward([[r[1:] for r in clip[k]] or [[END]] for clip in references])
            for k in vocabulary.languages
        }
        self.forbidden = [PAD, UNKNOWN, *(vocabulary.start(k) for k in vocabulary.languages)]

    def loss(self, model: CaptionModel, batch: Batch) -> tuple[Tensor, float]:
        """Return a batch's policy loss and its samples' mean reward.

        `model` is left in evaluation mode, but for the views of its pictures.
        """
        model.eval()
        for module in model.modules():
            if isinstance(module, RandomView):
                module.train()
        memory = model.encode(batch.streams)
        losses, means = [], []
        for language in self.vocabulary.languages:
            tokens, log_probs, row = self._sample(model, memory, self.vocabulary.start(language))
            captions = [_until_end(r) for r in tokens.tolist()]
            reward = self.reward(language, batch.indices, captions)
            others = (reward.sum(1, keepdims=True) - reward) / (self.recipe.samples - 1)
            advantage = torch.from_numpy((reward - others).astype(np.float32)).reshape(-1)
            losses.append(policy_loss(log_probs, advantage.to(log_probs.device)[row]))
            means.append(float(reward.mean()))
        return torch.stack(losses).mean(), float(np.mean(means))

    def reward(
        self, language: str, clips: Sequence[int], captions: Sequence[list[int]]
    ) -> npt.NDArray[np.float64]:
        """Return float64 [B, samples].

        Args:
            language: Of the captions.
            clips: Indices of B clips.
            captions: Token ids with `<end>`, those of a clip together.
        """
        score, samples = self.rewards[language].score, self.recipe.samples
        values = score(np.repeat(clips, samples).tolist(), captions)
        shifts = range(1, min(_OTHERS + 1, len(clips))) if self.recipe.others else ()
        for shift in shifts:
            elsewhere = score(np.repeat(np.roll(clips, shift), samples).tolist(), captions)
            values -= self.recipe.others / len(shifts) * elsewhere
        return values.reshape(-1, samples)

    def _sample(self, model: CaptionModel, memory: Steps, start: int) -> tuple[Tensor, Tensor, Tensor]:
        """Draw captions and keep the graph of their log-probabilities.

        Returns:
            Tokens int64 [N, L] to `<end>`, then `PAD`, N = B * samples; log-probabilities [M] of the drawn
            tokens, and the caption int64 [M] that each belongs to.
        """
        decoder, device = model.decoder, memory.values.device
        forbidden = torch.tensor(self.forbidden, device=device)
        rows = _Rows.begin(*decoder.start(memory.values, memory.keep), self.recipe.samples)
        tokens = torch.full((len(rows.caption), self.max_length), PAD, device=device)
        current = torch.full_like(rows.caption, start)
        log_probs, captions = [], []
        for position in range(self.max_length):
            features, state, _ = decoder.advance(current, rows.state, rows.memory)
            logits = decoder.logits(features[rows.alive]) / self.recipe.temperature
            likely = F.log_softmax(logits.index_fill(1, forbidden, -1e9), 1)
            drawn = torch.multinomial(likely.detach().exp(), 1)
            log_probs.append(likely.gather(1, drawn).squeeze(1))
            captions.append(rows.caption[rows.alive])
            tokens[captions[-1], position] = drawn.squeeze(1)
            rows = rows.next(state, drawn.squeeze(1) != END)
            if not len(rows.alive):
                break
            current = tokens[rows.caption, position]
        return tokens, torch.cat(log_probs), torch.cat(captions)


@dataclass(frozen=True)
class _Rows:
    """Captions under way; those that have ended are left out of the work when there are enough of them.

    Attributes:
        caption: int64 [R], which caption each row is.
        alive: int64 [A], the rows that have not ended.
        state: Of the rows.
        memory: Of the clips, whose rows stand together, or of the rows.
        share: Rows a row of the memory.
    """

    caption: Tensor
    alive: Tensor
    state: DecoderState
    memory: DecoderMemory
    share: int

    @classmethod
    def begin(cls, memory: DecoderMemory, state: DecoderState, samples: int) -> _Rows:
        state = DecoderState(*(s.repeat_interleave(samples, 0) for s in (state.hidden, state.cell)))
        every = torch.arange(len(state.hidden), device=state.hidden.device)
        return cls(every, every, state, memory, samples)

    def next(self, state: DecoderState, goes_on: Tensor) -> _Rows:
        """Return the rows after a step; `goes_on` is bool [A]."""
        alive = self.alive[goes_on]
        if 3 * len(alive) > 2 * len(self.caption) or not len(alive):
            return replace(self, alive=alive, state=state)
        at = alive // self.share
        memory = DecoderMemory(self.memory.values[at], self.memory.keys[at], self.memory.keep[at])
        state = DecoderState(state.hidden[alive], state.cell[alive])
        return _Rows(self.caption[alive], torch.arange(len(alive), device=at.device), state, memory, 1)


def _until_end(row: list[int]) -> list[int]:
    """Return a caption's tokens with `<end>`, where it came."""
    return row[: row.index(END) + 1] if END in row else [t for t in row if t != PAD]
