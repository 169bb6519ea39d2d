from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from zimu.errors import ConfigError, MediaError
from zimu.executors import Here, Processes, executor


def work(item: str, tell: Callable[[float], None]) -> str:
    """Do what an item says; a function of a module, so that other processes find it."""
    tell(0.5)
    if item == "bad":
        raise MediaError("bad cannot be read.")
    if item == "bug":
        raise KeyError("nothing")
    if item == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    return item.upper()


ITEMS = ["a", "bad", "b", "bug", "c"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_bad_item_never_stops_the_others(jobs: int) -> None:
    told: dict[int, float] = {}
    items = ITEMS if jobs == 1 else [*ITEMS[:1], "die", *ITEMS[1:]]
    outcomes = sorted(executor(jobs).run(work, items, told.__setitem__), key=lambda o: o.index)
    assert [o.index for o in outcomes] == list(range(len(items)))
    values = {items[o.index]: o for o in outcomes}
    assert [values[name].value for name in "abc"] == ["A", "B", "C"]
    assert values["bad"].error == "bad cannot be read." and not values["bad"].trace
    assert values["bug"].error == "KeyError: 'nothing'" and "raise KeyError" in values["bug"].trace
    assert set(told.values()) == {0.5} and 0 in told
    if jobs > 1:
        assert values["die"].error == "its process died (SIGKILL)"


def test_processes_end_when_nobody_wants_their_outcomes_any_more() -> None:
    outcomes = Processes(2).run(work, ["a", "b", "c", "d"], lambda index, share: None)
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    import multiprocessing

    assert not multiprocessing.active_children()


def test_nothing_to_do_is_done_at_once() -> None:
    assert not list(Processes(3).run(work, [], lambda index, share: None))
    assert isinstance(executor(1), Here)
    with pytest.raises(ConfigError):
        executor(0)
