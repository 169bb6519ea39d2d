from __future__ import annotations

import pytest

pytest.importorskip("torch")

from zimu.errors import ConfigError
from zimu.training.fitting.targets import read_target


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["a", "b"] * 10, "classify", ("a", "b")),
        ([True, False] * 10, "classify", ("False", "True")),
        ([0, 1] * 10, "classify", ("0", "1")),
        ([10.0, 9.0] * 10, "classify", ("9", "10")),
        ([0.5, 1.5, 2.5] * 10, "regress", ()),
        (list(range(100)), "regress", ()),
        ([["a"], ["a", "b"], []] * 5, "label", ("a", "b")),
    ],
)
def test_the_task_is_told_from_the_target(values, task, classes):
    found = read_target("y", values)
    assert (found.task, found.classes) == (task, classes)


def test_the_user_may_ask_for_another_task():
    assert read_target("y", [1, 2, 3] * 10, "regress").task == "regress"
    with pytest.raises(ConfigError, match="'x', which is no number"):
        read_target("y", ["1", "x"], "regress")
