from __future__ import annotations

import numpy as np
import torch

from zimu.data.manifest import Sample
from zimu.streams import Stream
from zimu.text.vocabulary import PAD, Vocabulary
from zimu.training.batches import Batcher
from zimu.training.losses import WordTimes
from zimu.training.recipes import TrainingRecipe

VOCABULARY = Vocabulary.build({"en": ["a b c d e f"], "zh": ["一二三"]}, {"en": "words", "zh": "characters"})


def batcher(count: int = 7, **settings: object) -> Batcher:
    samples = [
        Sample(str(i), references={"en": ("a b c", "d"), "zh": ("一二三",) if i else ()})
        for i in range(count)
    ]

    def arrays(index: int, rng: np.random.Generator | None) -> dict[str, Stream]:
        noise = 0.0 if rng is None else float(rng.random())
        values = np.full((index + 1, 2), index + noise, np.float32)
        stream = Stream(values, np.ones(index + 1, np.bool_), np.zeros(index + 1))
        return {"audio": stream, "video": stream}

    return Batcher(samples, arrays, VOCABULARY, TrainingRecipe(batch_size=3, **settings))


def test_a_batch_depends_on_its_place_only() -> None:
    one, two = batcher(), batcher()
    two.batch(0, 0)
    first, second = one.batch(4, 1), two.batch(4, 1)
    assert first.indices == second.indices
    assert torch.equal(first.tokens, second.tokens)
    assert torch.equal(first.streams["audio"].values, second.streams["audio"].values)
    assert one.batch(5, 1).indices != first.indices


def test_an_epoch_takes_each_sample_at_most_once() -> None:
    made = batcher()
    seen = [i for step in range(len(made)) for i in made.batch(2, step).indices]
    assert len(seen) == len(set(seen)) == 6


def test_captions_of_a_clip_stand_together_the_longest_of_a_language_first() -> None:
    batch = batcher().batch(0, 0)
    rows = batch.tokens.view(3, 4, -1)
    for clip, index in enumerate(batch.indices):
        lengths = (rows[clip] != PAD).sum(1).tolist()
        # start, three or one words, end; a language without reference gives blank rows
        assert lengths == [5, 3, 5, 5] if index else [5, 3, 0, 0]


def test_a_stream_is_taken_away_as_often_as_the_recipe_says_but_never_the_last() -> None:
    made = batcher(60, absent={"audio": 0.5, "video": 0.9})
    lost = {"audio": 0, "video": 0}
    for step in range(20):
        batch = made.batch(0, step)
        present = {n: s.keep.any(1) for n, s in batch.streams.items()}
        assert (present["audio"] | present["video"]).all()
        for name in lost:
            lost[name] += int((~present[name]).sum())
    assert 15 <= lost["audio"] <= 45 and 10 <= lost["video"] <= 45


def test_word_times_say_what_is_said_when() -> None:
    words = WordTimes(
        torch.tensor([[7, 8, PAD]]), torch.tensor([[0.1, 0.5, 0.0]]), torch.tensor([[0.5, 0.6, 0.0]])
    )
    times = torch.tensor([[0.0, 0.1, 0.49, 0.5, 0.6]])
    assert words.at(times).tolist() == [[PAD, 7, 7, 8, PAD]]
