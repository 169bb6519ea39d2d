from __future__ import annotations

import math

import numpy as np
import pytest

from zimu.data.records import read_records
from zimu.errors import ConfigError


class Series(list):
    def to_list(self):
        return list(self)


class Frame:
    """What pandas and polars have in common."""

    def __init__(self, **columns):
        self._columns = columns

    @property
    def columns(self):
        return list(self._columns)

    def __getitem__(self, name):
        return Series(self._columns[name])


def test_rows_columns_frames_and_files_give_the_same_table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,x\n2,\n", "utf-8")
    made = [
        read_records([{"a": "1", "b": "x"}, {"a": "2"}]),
        read_records({"a": ["1", "2"], "b": ["x", None]}),
        read_records(Frame(a=["1", "2"], b=["x", float("nan")])),
        read_records(path),
    ]
    assert all(dict(m.columns) == {"a": ["1", "2"], "b": ["x", None]} for m in made)
    assert made[3].folder == tmp_path


@pytest.mark.parametrize(
    "missing", [None, math.nan, "", " ", "?", "NA", "n/a", "null", "NaN", np.float64("nan")]
)
def test_every_way_of_saying_missing_is_read_as_missing(missing):
    assert read_records({"a": [missing, 1]}).columns["a"] == [None, 1]


def test_numpy_scalars_become_plain_numbers():
    values = read_records({"a": [np.int64(3), np.float32(0.5)]}).columns["a"]
    assert [type(v) for v in values] == [int, float]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"a": [1], "b": [1, 2]}, r"different lengths: \[1, 2\]"),
        ([], "no rows"),
        (3, "cannot be a int"),
        ("nowhere.csv", "There is no table nowhere.csv"),
        ("table.xlsx", "allowed suffixes are .jsonl, .csv, .parquet"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_give(table, words):
    with pytest.raises(ConfigError, match=words):
        read_records(table)


def test_a_broken_line_is_named(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1}\n{"a": \n', "utf-8")
    with pytest.raises(ConfigError, match="row 2 is not JSON"):
        read_records(path)
