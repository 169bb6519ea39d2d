from __future__ import annotations

import json

import pytest

from zimu.cli.main import main
from zimu.data.tables import write_rows

pytest.importorskip("torch")


def run(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def test_a_table_is_fitted_and_another_answered(tmp_path, capsys):
    rows = [
        {"x": i * 7 % 31 / 10, "kind": "ab"[i % 2], "y": "high" if i * 7 % 31 > 15 else "low"}
        for i in range(120)
    ]
    table, model = tmp_path / "t.csv", tmp_path / "model"
    write_rows(rows, table)
    assert run(["fit", str(table), "--target", "y", "-o", str(model), "--no-networks", "--json"]) == 0
    out = capsys.readouterr()
    assert json.loads(out.out)["systems"]["fused"]["accuracy"]["value"] > 0.8
    assert "x     number" in out.err

    assert run(["predict", str(model), str(table), "--json", "--explain"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 120
    assert lines[0]["best"] == "low"
    assert "table" in lines[0]["given"]

    assert run(["predict", str(model), str(table), "-o", str(tmp_path / "a.csv")]) == 0
    assert (tmp_path / "a.csv").read_text("utf-8").startswith("answer,best,confidence")


def test_wrong_options_end_with_2_and_one_line(tmp_path, capsys):
    table = tmp_path / "t.csv"
    write_rows([{"x": i, "y": i % 2} for i in range(30)], table)
    assert run(["fit", str(table), "--target", "z"]) == 2
    assert "Unknown column" in capsys.readouterr().err
    assert run(["fit", str(table), "--target", "y", "--kind", "x"]) == 2
    assert "COLUMN=KIND" in capsys.readouterr().err
    assert run(["predict", "grid", str(table)]) == 2
    assert "one of task 'predict'" in capsys.readouterr().err
