"""Progress in plain lines: the time left rests on what was done since the start of this run."""

import itertools

import pytest

from zimu.cli import progress


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at the clock takes 20 seconds."""
    ticks = itertools.count(0, 20)
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(ticks)))


def test_what_an_earlier_run_finished_does_not_shorten_the_time_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress.counting("comparing") as show:
        show(301, 400)  # one more than the 300 of an earlier run
        show(302, 400)
    assert capsys.readouterr().err.splitlines()[-1] == "comparing: 302 of 400, about 1960 s left"


def test_a_first_step_gives_no_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.steps("training") as show:
        show(0.5, "epoch 5")
        show(0.6, "epoch 6")
        show(0.8, "epoch 8")
    first, second, third = capsys.readouterr().err.splitlines()
    assert first == "training: epoch 5, 50%"
    assert second == "training: epoch 6, 60%, about 3 min left"
    assert third == "training: epoch 8, 80%, about 40 s left"


def test_another_piece_of_work_has_a_time_left_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.steps("training") as show:
        show(0.5, "reading media 70 of 140")
        show(1.0, "reading media 140 of 140")
        show(0.01, "epoch 1")
        show(0.02, "epoch 1")
    # A hundredth in the 20 seconds since it began.
    assert capsys.readouterr().err.splitlines()[-1] == "training: epoch 1, 2%, about 33 min left"
