"""What is known of known answers, against closed forms."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest

from zimu.data.known_answers import CASES, information, make_known_answers
from zimu.errors import UnknownNameError


def told(flip: float) -> float:
    """1 - h(flip / 2): what a bit tells of a label that is redrawn with probability `flip`."""
    wrong = flip / 2
    return 1 + wrong * log2(wrong) + (1 - wrong) * log2(1 - wrong)


@pytest.mark.parametrize(
    ("case", "part"), [("copy", "redundancy"), ("one_sided", "unique_a"), ("xor", "synergy")]
)
def test_pure_cases_hold_one_kind_of_information(case: str, part: str) -> None:
    found = vars(information(case, 0.05))
    for name in ("redundancy", "unique_a", "unique_b", "synergy"):
        assert found[name] == pytest.approx(told(0.05) if name == part else 0.0, abs=2e-3), name
    assert found["both"] == pytest.approx(told(0.05)) and found["best"] == pytest.approx(0.975)


def test_two_different_bits_are_unique_and_not_redundant() -> None:
    found = information("two_sided")
    assert (found.unique_a, found.unique_b) == pytest.approx((1.0, 1.0), abs=2e-3)
    assert (found.redundancy, found.synergy) == pytest.approx((0.0, 0.0), abs=2e-3)


def test_the_mixture_holds_a_bit_of_each_kind() -> None:
    found = information("copy_and_xor")
    assert (found.redundancy, found.synergy) == pytest.approx((1.0, 1.0), abs=2e-3)
    assert (found.unique_a, found.unique_b) == pytest.approx((0.0, 0.0), abs=2e-3)


@pytest.mark.parametrize("case", sorted(CASES))
def test_the_parts_add_up(case: str) -> None:
    f = information(case, 0.1)
    assert f.redundancy + f.unique_a + f.unique_b + f.synergy == pytest.approx(f.both)
    assert f.redundancy + f.unique_a == pytest.approx(f.a)


def test_the_best_guess_from_clean_bits_reaches_what_is_promised() -> None:
    parts = make_known_answers("xor", 10, 10, 20000, noise=0.0, flip=0.2, seed=3)
    a, b = (
        np.unique(s.values[:, 0] @ s.values[0, 0] > 0, return_inverse=True)[1]
        for s in parts.test.streams.values()
    )
    right = ((a ^ b) == parts.test.targets).mean()
    assert max(right, 1 - right) == pytest.approx(information("xor", 0.2).best, abs=0.01)


def test_the_same_seed_gives_the_same_data() -> None:
    one, two = (make_known_answers("copy", 5, 5, 5, seed=4) for _ in range(2))
    np.testing.assert_array_equal(one.train.streams["a"].values, two.train.streams["a"].values)


def test_an_unknown_case_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'xor'"):
        make_known_answers("xro")
