from __future__ import annotations

import pytest
import torch

from zimu.model.steps import Steps
from zimu.training.losses import WordTimes, presence_loss


def _words() -> WordTimes:
    # Word 3 twice, word 4 over the second of them.
    ids, starts, ends = [[3, 3, 4]], [[0.0, 1.0, 1.0]], [[0.5, 2.0, 1.5]]
    return WordTimes(torch.tensor(ids), torch.tensor(starts), torch.tensor(ends))


def _steps() -> Steps:
    times = torch.tensor([[0.0, 0.4, 0.7, 1.2, 1.8]])
    return Steps(torch.zeros(1, 5, 2), torch.ones(1, 5, dtype=torch.bool), times)


def test_several_words_are_true_at_once_and_a_word_more_than_once() -> None:
    truth = _words().all_at(_steps().times, 6)
    assert truth[0, :, 3].tolist() == [1, 1, 0, 1, 1]
    assert truth[0, :, 4].tolist() == [0, 0, 0, 1, 0]
    assert truth.sum() == 5


def test_the_right_words_at_the_right_time_cost_nothing_and_others_do() -> None:
    truth = _words().all_at(_steps().times, 6)
    right = {"video": (40 * truth - 20, _steps())}
    present = {"video": torch.tensor([True])}
    assert presence_loss(right, present, {"video": _words()}) < 1e-6
    assert presence_loss({"video": (-right["video"][0], _steps())}, present, {"video": _words()}) > 50


@pytest.mark.parametrize("name", ["video", "memory"])
def test_a_clip_that_lacks_a_stream_is_not_judged_by_it_nor_by_the_memory(name: str) -> None:
    heads = {name: (torch.zeros(1, 5, 6), _steps())}
    present = {"video": torch.tensor([False]), "audio": torch.tensor([True])}
    assert presence_loss(heads, present, {name: _words()}) == 0
