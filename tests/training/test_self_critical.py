from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from zimu.model.captioner import CaptionModel
from zimu.model.decoder import AttentionDecoder
from zimu.model.encoders.regions import RegionEncoder
from zimu.model.fusion.concat_time import ConcatTime
from zimu.model.steps import Steps
from zimu.text.vocabulary import END, PAD, UNKNOWN, Vocabulary
from zimu.training.batches import Batch
from zimu.training.rates import falling_rate
from zimu.training.recipes import SelfCriticalRecipe
from zimu.training.self_critical import SelfCritical

WORDS = ["red", "blue", "green", "dog", "cat", "runs", "sleeps", "here"]
CLIPS = 8


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary.build({"en": [" ".join(WORDS)]}, {"en": "words"})


@pytest.fixture
def references(vocabulary: Vocabulary) -> list[dict[str, list[list[int]]]]:
    texts = [f"{c} {a} {v}" for c in ("red", "blue") for a in ("dog", "cat") for v in ("runs", "sleeps")]
    return [
        {"en": [vocabulary.encode(text, "en"), vocabulary.encode(f"{text} here", "en")]} for text in texts
    ]


@pytest.fixture
def model(vocabulary: Vocabulary) -> CaptionModel:
    torch.manual_seed(0)
    decoder = AttentionDecoder(len(vocabulary), 8, hidden=12, embedding=10, attention=6, dropout=0.5)
    return CaptionModel({"video": RegionEncoder(CLIPS, 2, 8, 0.5)}, ConcatTime(["video"], 8), decoder, 8)


@pytest.fixture
def batch() -> Batch:
    values = torch.eye(CLIPS).view(CLIPS, 1, 1, CLIPS).expand(-1, -1, 2, -1) * 3
    steps = Steps(values, torch.ones(CLIPS, 1, dtype=torch.bool), torch.zeros(CLIPS, 1))
    return Batch(tuple(range(CLIPS)), {"video": steps}, torch.zeros(CLIPS, 2, dtype=torch.int64), None)


def critic(references: list, vocabulary: Vocabulary, **settings: float) -> SelfCritical:
    return SelfCritical(references, vocabulary, SelfCriticalRecipe(**settings), 9)


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_what_is_sampled_has_the_probability_that_a_search_would_give_it(
    model: CaptionModel, references: list, vocabulary: Vocabulary, batch: Batch, temperature: float
) -> None:
    critical = critic(references, vocabulary, temperature=temperature, samples=4)
    memory = model.eval().encode(batch.streams)
    start = vocabulary.start("en")
    torch.manual_seed(3)
    tokens, log_probs, caption = critical._sample(model, memory, start)
    longer = torch.cat((torch.full((len(tokens), 1), start), tokens), 1)
    logits, at = model.decoder(longer, memory.values, memory.keep)
    logits[:, [PAD, UNKNOWN, start]] = -1e9
    wanted = torch.full(tokens.shape, torch.nan).flatten()
    wanted[at] = -F.cross_entropy(logits / temperature, tokens.flatten()[at], reduction="none")
    found = torch.full(tokens.shape, torch.nan)
    column = (torch.cumsum(tokens != PAD, 1) - 1).masked_fill(tokens == PAD, -1)
    # log_probs come position by position, and in a position caption by caption
    for i in range(len(tokens)):
        own = log_probs[caption == i]
        found[i, : len(own)] = own
        assert len(own) == int(column[i].max()) + 1
    torch.testing.assert_close(found.flatten(), wanted, equal_nan=True, atol=1e-5, rtol=1e-4)


def test_captions_are_drawn_of_different_lengths_and_hold_no_special_token(
    model: CaptionModel, references: list, vocabulary: Vocabulary, batch: Batch
) -> None:
    critical = critic(references, vocabulary, samples=20, temperature=2.0)
    torch.manual_seed(0)
    tokens, _, _ = critical._sample(model.eval(), model.encode(batch.streams), vocabulary.start("en"))
    assert not torch.isin(tokens, torch.tensor([UNKNOWN, vocabulary.start("en")])).any()
    ended = (tokens == END).float()
    assert len({int(n) for n in (tokens != PAD).sum(1)}) > 3
    after = torch.cumsum(ended, 1) - ended > 0
    assert bool((tokens[after] == PAD).all()) and bool((tokens[~after] != PAD).all())


def test_the_reward_of_samples_rises(
    model: CaptionModel, references: list, vocabulary: Vocabulary, batch: Batch
) -> None:
    critical = critic(references, vocabulary, samples=5, temperature=1.0)
    optimiser = torch.optim.Adam(model.parameters(), 0.02)
    torch.manual_seed(0)
    rewards = []
    for _ in range(80):
        loss, reward = critical.loss(model, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rewards.append(reward)
    assert np.mean(rewards[-10:]) > 4 * np.mean(rewards[:10])


def test_dropout_is_off(model: CaptionModel, references: list, vocabulary: Vocabulary, batch: Batch) -> None:
    critical = critic(references, vocabulary)
    found = []
    for mode in (True, False):
        torch.manual_seed(5)
        found.append(float(critical.loss(model.train(mode), batch)[0].detach()))
    assert found[0] == found[1]


def test_a_caption_that_fits_other_clips_too_loses_reward(references: list, vocabulary: Vocabulary) -> None:
    own = vocabulary.encode("red dog runs", "en")[1:]
    vague = vocabulary.encode("cat runs here", "en")[1:]
    plain = critic(references, vocabulary, samples=2)
    held = critic(references, vocabulary, samples=2, others=1.0)
    clips = tuple(range(CLIPS))
    captions = [own, vague] * CLIPS
    lost = plain.reward("en", clips, captions)[0] - held.reward("en", clips, captions)[0]
    elsewhere = [plain.reward("en", [i], [own, vague])[0] for i in (7, 6, 5, 4)]
    np.testing.assert_allclose(lost, np.mean(elsewhere, 0))
    assert lost[1] > lost[0] > 0


def test_the_rate_warms_up_and_ends_at_nothing() -> None:
    rates = [falling_rate(1.0, 4, i, 20) for i in range(20)]
    assert rates[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rates[4:] == sorted(rates[4:], reverse=True) and rates[-1] == pytest.approx(1 / 16)
