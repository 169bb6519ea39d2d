from __future__ import annotations

import numpy as np
import pytest

from zimu.data.columns import recognise
from zimu.data.records import read_records
from zimu.errors import ConfigError, UnknownNameError

ROWS = 60
RNG = np.random.default_rng(0)


def kinds_of(columns, folder=None, **more):
    return {c.name: c.kind for c in recognise(read_records(columns, folder), **more)}


def told(name, values, folder=None):
    return kinds_of({name: values}, folder)[name]


NOTES = [f"patient {i} coughs since {i % 7} days and has fever" for i in range(ROWS)]


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("age", RNG.integers(20, 90, ROWS).tolist(), "number"),
        ("price", [f"{i},{i:03}.5" for i in range(1, ROWS + 1)], "number"),
        ("crp", ["inf", "3.5", "12"] * 20, "number"),
        ("sex", ["m", "f"] * 30, "category"),
        ("smokes", [True, False] * 30, "category"),
        ("city", ["北京", "上海", "广州"] * 20, "category"),
        ("born", [f"19{i:02}-0{1 + i % 9}-11" for i in range(ROWS)], "date"),
        ("taken", [f"2024/3/{1 + i % 28} 10:00" for i in range(ROWS)], "date"),
        ("notes", NOTES, "text"),
        ("病历", [f"第{i}位病人咳嗽{i}天伴有发热" for i in range(ROWS)], "text"),
        ("tags", [["a", "b"], ["c"]] * 30, "text"),
        ("signal", RNG.normal(size=(ROWS, 20)).tolist(), "series"),
        ("steps", [[[1.0, 2.0]] * (3 + i % 4) for i in range(ROWS)], "series"),
        ("photo", [np.zeros((4, 4, 3), np.uint8)] * ROWS, "image"),
        ("id", list(range(100, 100 + 2 * ROWS, 2)), "identifier"),
        ("number", list(range(ROWS)), "identifier"),
        ("code", [f"X{i:05}" for i in range(ROWS)], "identifier"),
        ("link", [f"https://a.b/{i}" for i in range(ROWS)], "identifier"),
        ("patient_id", [i // 3 for i in range(ROWS)], "group"),
        ("PatientID", [f"p{i // 3}" for i in range(ROWS)], "group"),
        ("patient", list(range(0, 7 * ROWS, 7)), "identifier"),
        ("split", ["train", "test", "val"] * 20, "split"),
        ("modality", ["CR"] * ROWS, "constant"),
        ("empty", [None] * ROWS, "constant"),
        ("flag", ["x", None] * 30, "category"),
        ("meta", [{"a": 1}] * ROWS, "ignore"),
    ],
)
def test_a_column_is_told_by_its_values_and_its_name(name, values, kind):
    assert told(name, values) == kind


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [("jpg", "image"), ("wav", "audio"), ("mp4", "video"), ("npy", "series"), ("csv", "series")],
)
def test_paths_are_told_by_their_suffix_where_the_files_are_there(tmp_path, suffix, kind):
    names = [f"{i}.{suffix}" for i in range(5)]
    assert told("file", names, tmp_path) == "ignore"
    (tmp_path / names[0]).touch()
    assert told("file", names, tmp_path) == kind


def test_the_user_knows_better_and_the_target_is_left_out():
    table = {"age": list(range(0, 120, 2)), "ward": ["a", "b"] * 30, "label": ["x", "y"] * 30}
    assert kinds_of(table, target="label", group="ward", kinds={"age": "category"}) == {
        "age": "category",
        "ward": "group",
    }


def test_only_one_column_keeps_rows_together():
    table = {"patient": [i // 2 for i in range(ROWS)], "site": [i // 20 for i in range(ROWS)]}
    assert kinds_of(table) == {"patient": "group", "site": "identifier"}
    with pytest.raises(ConfigError, match="called groups: patient, site"):
        kinds_of(table, kinds={"patient": "group", "site": "group"})


def test_unknown_columns_and_kinds_are_named():
    with pytest.raises(UnknownNameError, match="Did you mean 'age'"):
        kinds_of({"age": [1, 2]}, kinds={"aeg": "number"})
    with pytest.raises(UnknownNameError, match="Unknown kind of column 'numbr'"):
        kinds_of({"age": [1, 2]}, kinds={"age": "numbr"})


def test_the_share_that_is_missing_is_told():
    (column,) = recognise(read_records({"age": [1.5, None, "?", 4.0]}))
    assert column.missing == 0.5
