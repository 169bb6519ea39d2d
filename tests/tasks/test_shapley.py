from __future__ import annotations

import numpy as np
import pytest

from zimu.errors import ConfigError
from zimu.tasks.shapley import shapley_values


def drawn_game(players: int, shape: tuple[int, ...] = ()):
    """Return names and a value for every set of them, drawn at random."""
    names = [f"m{i}" for i in range(players)]
    answers = np.random.default_rng(players).normal(size=(2**players, *shape))
    return names, lambda who: answers[sum(2**i for i, n in enumerate(names) if n in who)]


def test_an_additive_answer_gives_each_modality_its_own_part():
    parts = {"sound": 3.0, "picture": -1.0, "table": 0.5}
    assert shapley_values(list(parts), lambda who: 10 + sum(parts[n] for n in who)) == pytest.approx(parts)


def test_the_glove_game_has_its_known_values():
    # One holds a left glove, two others a right one each; a pair is worth 1. Shapley: 2/3, 1/6, 1/6.
    found = shapley_values(["l", "r", "s"], lambda who: float("l" in who and bool(who & {"r", "s"})))
    assert found == pytest.approx({"l": 2 / 3, "r": 1 / 6, "s": 1 / 6})


@pytest.mark.parametrize("players", [1, 2, 5, 8])
def test_the_values_sum_to_the_difference_from_the_answer_to_nothing(players):
    names, value = drawn_game(players, (4, 3))
    found = sum(shapley_values(names, value).values())
    np.testing.assert_allclose(found, value(set(names)) - value(set()), atol=1e-9)


def test_sampling_comes_near_the_exact_values_and_is_the_same_for_the_same_seed():
    names, value = drawn_game(6)
    exact = shapley_values(names, value, exact_up_to=6)
    drawn = shapley_values(names, value, orders=2000)
    # A marginal gift varies by about 1.4, so the mean of 4000 by 0.02, more for paired orders.
    assert drawn == pytest.approx(exact, abs=0.1)
    assert drawn == shapley_values(names, value, orders=2000)


def test_a_modality_that_changes_nothing_gets_nothing_and_each_set_is_asked_once():
    asked = []

    def value(who: frozenset[str]) -> float:
        asked.append(who)
        return 2.0 * ("a" in who) + ("a" in who and "b" in who)

    assert shapley_values(["a", "b", "c"], value)["c"] == 0
    assert len(asked) == len(set(asked)) == 8


def test_no_modality_is_refused():
    with pytest.raises(ConfigError, match="at least one modality"):
        shapley_values([], lambda who: 0.0)
