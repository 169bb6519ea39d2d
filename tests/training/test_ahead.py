from __future__ import annotations

import threading
from typing import Any, cast

import pytest

from zimu.training.ahead import Ahead
from zimu.training.batches import Batcher


class Counted:
    """Stands for a batcher of three steps an epoch; a batch is its place."""

    def __init__(self) -> None:
        self.made: list[tuple[int, int]] = []
        self.threads: set[str] = set()

    def __len__(self) -> int:
        return 3

    def batch(self, epoch: int, step: int) -> Any:
        if epoch == 9:
            raise ValueError("no such epoch")
        self.made.append((epoch, step))
        self.threads.add(threading.current_thread().name)
        return epoch, step


@pytest.fixture
def counted() -> Counted:
    return Counted()


def test_each_batch_comes_in_its_place_and_is_made_once(counted: Counted) -> None:
    ahead = Ahead(cast(Batcher, counted))
    places = [(e, s) for e in range(2) for s in range(3)]
    assert [ahead.batch(*place) for place in places] == places
    ahead.close()
    assert counted.made[:6] == places and len(counted.made) <= 7
    assert threading.current_thread().name not in counted.threads


def test_a_jump_to_another_place_gives_that_place(counted: Counted) -> None:
    ahead = Ahead(cast(Batcher, counted))
    assert [cast(Any, ahead.batch(0, 0)), ahead.batch(4, 2), ahead.batch(5, 0)] == [(0, 0), (4, 2), (5, 0)]
    ahead.close()


def test_what_goes_wrong_in_the_thread_is_raised_where_the_batch_is_wanted(counted: Counted) -> None:
    ahead = Ahead(cast(Batcher, counted))
    with pytest.raises(ValueError, match="no such epoch"):
        ahead.batch(9, 0)
    ahead.close()
