"""The caption decoder over samples in memory, and what the times of words teach it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from zimu.compare.captions import caption_task
from zimu.errors import ConfigError
from zimu.model.steps import Steps
from zimu.streams import StreamBatch
from zimu.tasks import PredictData, SpokenWords
from zimu.text.vocabulary import END
from zimu.training.losses import WordTimes, looking_loss
from zimu.training.predict_captions import train_captioner
from zimu.training.predict_recipes import CaptionerRecipe

# Words said one after the other, each for two steps somewhere in its part of the clip, silence between.
_WORDS, _FIRST, _SPOKEN, _STEPS = 12, 4, 3, 24
TOKENS = ("<pad>", "<end>", "<unk>", "<en>", *(f"w{i}" for i in range(_WORDS)))


def spoken(count: int, seed: int) -> PredictData:
    rng = np.random.default_rng(seed)
    sounds = np.random.default_rng(0).normal(size=(_WORDS, 8))
    said = rng.integers(0, _WORDS, (count, _SPOKEN))
    begins = rng.integers(0, _STEPS // _SPOKEN - 1, (count, _SPOKEN)) + np.arange(_SPOKEN) * _STEPS // _SPOKEN
    streams = {}
    for name in ("audio", "video"):
        values = 0.5 * rng.normal(size=(count, _STEPS, 8))
        for step in (0, 1):
            np.put_along_axis(values, begins[:, :, None] + step, values[:, :_SPOKEN] + sounds[said], 1)
        times = np.tile(np.arange(_STEPS) / 10, (count, 1))
        streams[name] = StreamBatch(np.float32(values), np.ones((count, _STEPS), bool), np.float32(times))
    targets = np.full((count, 1, 1, _SPOKEN + 2), 3)
    targets[:, 0, 0, 1:-1], targets[:, 0, 0, -1] = _FIRST + said, END
    words = SpokenWords(_FIRST + said, np.float32(begins / 10 - 0.05), np.float32(begins / 10 + 0.15))
    return PredictData([str(i) for i in range(count)], streams, targets, classes=TOKENS, words=words)


def recipe(fusion: str = "concat_time", **changes: Any) -> CaptionerRecipe:
    values: dict[str, Any] = {
        "width": 24,
        "metric": "wer",
        "average": 0.9,
        "encoders": {n: {"name": "features", "dropout": 0.0} for n in ("audio", "video")},
        "fusion": {"name": fusion},
        "decoder": {"hidden": 32, "embedding": 16, "attention": 16, "dropout": 0.0},
        "search": {"beam_size": 1, "max_length": 4},
        "training": {"epochs": 12, "batch_size": 20, "learning_rate": 0.02},
    }
    return CaptionerRecipe.model_validate(values | changes)


def errors(train: PredictData, test: PredictData, **losses: float) -> float:
    found = train_captioner(recipe(**losses), train, seed=0)
    return caption_task("wer").value(found.predict(test).astype(np.float32), test.targets)


def test_word_times_teach_a_decoder_where_to_look() -> None:
    train, test = spoken(240, 1), spoken(60, 2)
    # Measured 0.70 without and 0.12 with them.
    blind, told = errors(train, test), errors(train, test, alignment=1.0, looking=0.5)
    assert blind > 0.5 and told < 0.25, (blind, told)


def test_attention_on_the_word_that_is_written_costs_nothing_and_elsewhere_much() -> None:
    times = torch.tensor([[0.0, 0.4, 1.2, 1.8]])
    memory = Steps(torch.zeros(1, 4, 2), torch.tensor([[True, True, True, False]]), times)
    words = WordTimes(torch.tensor([[5, 6]]), torch.tensor([[0.0, 1.0]]), torch.tensor([[0.5, 2.0]]))
    following = torch.tensor([[5, 6, END]])
    weights = torch.tensor([[[0.5, 0.5, 0, 0], [0, 0, 1.0, 0], [0.25, 0.25, 0.25, 0.25]]])
    assert looking_loss(weights, memory, following, words) == 0
    half = weights.clone()
    half[0, 1] = torch.tensor([0.5, 0, 0.5, 0])
    # Of two tokens that are words one has half of the attention; `<end>` is no word.
    assert looking_loss(half, memory, following, words) == pytest.approx(np.log(2) / 2)
    # What is padded away is no place to look at, even within the word.
    half[0, 1] = torch.tensor([0, 0, 0.5, 0.5])
    assert looking_loss(half, memory, following, words) == pytest.approx(np.log(2) / 2)
    assert looking_loss(weights, memory, torch.full((1, 3), END), words) == 0


def test_the_loss_on_word_times_reaches_the_encoders_and_leaves_no_heads_behind() -> None:
    train = spoken(20, 1)
    one_step = {"epochs": 1, "batch_size": 20, "learning_rate": 0.01}
    with_times, without = (
        train_captioner(recipe(alignment=a, average=0.0, training=one_step), train, seed=0)
        for a in (1.0, 0.0)
    )
    assert with_times.losses[0] > without.losses[0] + 1.0
    taught, plain = (c.model.state_dict() for c in (with_times, without))
    assert set(taught) == set(plain)
    moved = [n for n in taught if n.startswith("encoders") and not torch.equal(taught[n], plain[n])]
    assert any("audio" in n for n in moved) and any("video" in n for n in moved)
    assert len(with_times.predict(train)) == 20


@pytest.mark.parametrize("fusion", ["aligned", "bottleneck", "concat_width", "hierarchical"])
def test_every_memory_can_be_asked_for_the_words_even_where_a_stream_is_lost(fusion: str) -> None:
    training = {"epochs": 3, "batch_size": 20, "absent": 0.5}
    found = train_captioner(recipe(fusion, alignment=1.0, training=training), spoken(60, 1), seed=0)
    assert np.isfinite(found.losses).all() and found.losses[2] < found.losses[0]


def test_word_times_that_are_missing_are_asked_for() -> None:
    with pytest.raises(ConfigError, match=r"`caption\.looking` need samples with word times"):
        train_captioner(recipe(alignment=1.0), replace(spoken(20, 1), words=None))


def test_samples_that_are_taken_keep_their_words() -> None:
    data = spoken(6, 1)
    assert data.words is not None
    some = data.take(np.array([4, 1])).with_streams({"audio": data.take(np.array([4, 1])).streams["audio"]})
    assert some.words is not None
    assert all(np.array_equal(a, b[[4, 1]]) for a, b in zip(some.words, data.words, strict=True))
    with pytest.raises(ConfigError, match=r"There are 6 samples, but not as many of: .*words\.starts"):
        replace(data, words=data.words._replace(starts=data.words.starts[:2]))
