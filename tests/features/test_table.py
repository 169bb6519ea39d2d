from __future__ import annotations

import numpy as np
import pytest

from zimu.errors import ConfigError
from zimu.features.table import TableSpec, fit_table, table_array

KINDS = {"age": "number", "sex": "category", "seen": "date"}
COLUMNS = {
    "age": [20, 30, None, 50, 90] * 20,
    "sex": ["m", "f", "f", None, "m"] * 20,
    "seen": ["2024-01-01", None, "2024-06-30", "2024-03-01 12:00", "2024-12-31"] * 20,
}


def test_a_spec_travels_as_json_and_gives_the_same_numbers():
    spec = fit_table(COLUMNS, KINDS)
    again = TableSpec.model_validate_json(spec.model_dump_json())
    first, second = table_array(spec, COLUMNS, 100)[0], table_array(again, COLUMNS, 100)[0]
    np.testing.assert_array_equal(first, second)
    assert first.shape == (100, spec.width) == (100, len(spec.features))
    assert np.isfinite(first).all()


def test_missing_values_are_filled_and_flagged_and_a_row_without_any_is_absent():
    spec = fit_table(COLUMNS, KINDS)
    vectors, real = table_array(spec, {"age": [40, None], "sex": [None, None]}, 2)
    named = dict(zip(spec.features, vectors.T, strict=True))
    assert named["age missing"].tolist() == [0, 1]
    assert named["age"].tolist() == [0, 0]  # 40 is the median, and what is missing is taken to be it
    assert named["sex missing"].tolist() == [1, 1]
    assert named["seen missing"].tolist() == [1, 1]
    assert real.tolist() == [True, False]


def test_an_unseen_category_is_another_one_and_a_broken_reading_is_cut_off():
    spec = fit_table(COLUMNS, KINDS)
    vectors, _ = table_array(spec, {"age": [1e12], "sex": ["diverse"], "seen": [None]}, 1)
    named = dict(zip(spec.features, vectors[0], strict=True))
    assert (named["sex other"], named["sex = m"]) == (1, 0)
    assert named["age"] <= 8


def test_bins_let_a_straight_line_bend():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 600)
    spec = fit_table({"x": x.tolist()}, {"x": "number"})
    vectors = np.c_[table_array(spec, {"x": x.tolist()}, 600)[0], np.ones(600)]
    weights, *_ = np.linalg.lstsq(vectors, x**2, rcond=None)
    assert np.abs(vectors @ weights - x**2).max() < 0.06


def test_trees_are_given_the_features_without_bins():
    spec = fit_table(COLUMNS, KINDS)
    plain = [spec.features[i] for i in spec.plain]
    assert plain[:2] == ["age", "age missing"]
    assert not any(" from " in name for name in plain)


def test_only_the_rows_given_are_learned_from():
    spec = fit_table({"x": [1.0, 2.0, 3.0] * 30}, {"x": "number"})
    before = table_array(spec, {"x": [2.0]}, 1)[0]
    table_array(spec, {"x": [1e6] * 50}, 50)
    np.testing.assert_array_equal(before, table_array(spec, {"x": [2.0]}, 1)[0])


def test_a_table_without_columns_is_refused():
    with pytest.raises(ConfigError, match="one column"):
        fit_table({}, {})
