from __future__ import annotations

import numpy as np
import pytest

from zimu.data.splits import given_parts, split_rows, strata_of
from zimu.errors import ConfigError


def shares_of(parts, strata, stratum):
    counts = np.array([sum(strata[i] == stratum for i in p) for p in (parts.train, parts.val, parts.test)])
    return counts / counts.sum()


def test_every_row_stands_in_one_part_and_classes_keep_their_shares():
    strata = [0] * 150 + [1] * 50
    parts = split_rows(strata)
    assert sorted((*parts.train, *parts.val, *parts.test)) == list(range(200))
    for stratum in (0, 1):
        np.testing.assert_allclose(shares_of(parts, strata, stratum), (0.6, 0.2, 0.2), atol=0.02)


def test_rows_of_one_group_are_never_parted_and_classes_stay_near_their_shares():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(80), rng.integers(1, 8, 80)).tolist()
    strata = [g % 4 == 0 for g in groups]
    parts = split_rows([int(s) for s in strata], groups)
    seen = [{groups[i] for i in p} for p in (parts.train, parts.val, parts.test)]
    assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])
    np.testing.assert_allclose(shares_of(parts, strata, True), (0.6, 0.2, 0.2), atol=0.06)


def test_the_seed_decides_and_rows_without_a_group_stand_alone():
    strata = [i % 2 for i in range(40)]
    assert split_rows(strata, seed=1) == split_rows(strata, seed=1) != split_rows(strata, seed=2)
    parts = split_rows(strata, [None] * 40)
    assert len(parts.train) == 24


def test_numbers_are_parted_by_their_fifths():
    strata = strata_of(list(range(100)), "regress")
    assert [strata.count(s) for s in range(5)] == [20] * 5


def test_a_column_of_splits_is_followed_and_validation_is_cut_from_train_by_groups():
    names = ["training"] * 40 + ["test"] * 10
    groups = [i // 2 for i in range(50)]
    parts = given_parts(names, [i % 2 for i in range(50)], groups)
    assert parts.test == tuple(range(40, 50))
    assert len(parts.val) == 8
    assert not {groups[i] for i in parts.val} & {groups[i] for i in parts.train}
    parts = given_parts(["train", "dev", "test"], [0, 0, 0])
    assert (parts.train, parts.val, parts.test) == ((0,), (1,), (2,))


def test_what_cannot_be_parted_is_refused():
    with pytest.raises(ConfigError, match="2 groups cannot be parted into 3"):
        split_rows([0] * 10, [0] * 5 + [1] * 5)
    with pytest.raises(ConfigError, match="must sum to 1"):
        split_rows([0] * 10, shares=(0.5, 0.2, 0.2))
    with pytest.raises(ConfigError, match="'holdout' is unknown"):
        given_parts(["train", "holdout"], [0, 0])
    with pytest.raises(ConfigError, match="for train and for test"):
        given_parts(["train", "val"], [0, 0])
