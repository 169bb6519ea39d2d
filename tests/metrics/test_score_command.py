"""The command zimu score."""

import csv
import json

import pytest

from zimu.cli.main import main

REFERENCES = [
    {"id": "a", "references": ["a dog runs on grass", "the dog runs"]},
    {"id": "b", "references": ["two cats sleep", "cats sleeping"]},
    {"id": "c", "references": ["a man rides a bike", "a person on a bicycle"]},
]
CANDIDATES = {"a": "a dog runs", "b": "two dogs sleep", "c": "a man on a bike"}


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "refs.jsonl").write_text("\n".join(map(json.dumps, REFERENCES)))
    (tmp_path / "cands.json").write_text(json.dumps(CANDIDATES))
    (tmp_path / "other.json").write_text(json.dumps(CANDIDATES | {"a": "grass"}))
    return tmp_path


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["score", *arguments])
    out = capsys.readouterr()
    return stopped.value.code, out.out, out.err


def test_a_table_fits_80_columns_and_tells_the_conditions(files, capsys):
    code, out, err = run(
        capsys,
        "refs.jsonl",
        "cands.json",
        "--tokens",
        "--ceiling",
        "--split",
        "test",
        "--compare",
        "other.json",
    )
    assert code == 0 and err == ""
    assert max(map(len, out.splitlines())) <= 80
    assert "bleu_4" in out and "people" in out and "other.json against the first system" in out
    assert "items:3 | refs:2 | tok:given | split:test" in out


def test_json_is_one_object_as_documented(files, capsys):
    code, out, _ = run(
        capsys, "refs.jsonl", "cands.json", "--tokens", "--json", "--metrics", "bleu_4,cider_d"
    )
    found = json.loads(out)
    assert code == 0 and set(found) == {"scores", "items", "warnings"}
    assert list(found["scores"]) == ["bleu_4", "cider_d"]
    assert set(found["scores"]["bleu_4"]) == {"value", "interval", "signature"}
    assert found["items"] == 3 and found["warnings"] == []


def test_json_holds_comparisons_and_the_ceiling_when_asked_for(files, capsys):
    arguments = ["--tokens", "--json", "--compare", "other.json", "--ceiling", "--trials", "100"]
    found = json.loads(run(capsys, "refs.jsonl", "cands.json", *arguments)[1])
    row = found["comparisons"][0]
    assert row["metric"] == "bleu_1" and row["system"] == "other.json" and len(row["interval"]) == 2
    assert found["ceiling"]["rouge_l"]["value"] > 0


def test_chinese_is_printed_by_character_and_by_word(files, capsys):
    (files / "zh.txt").write_text("一只狗在草地上跑\n两只猫\n", encoding="utf-8")
    code, out, _ = run(capsys, "zh.txt", "zh.txt", "--language", "zh", "--metrics", "bleu")
    assert code == 0
    assert "bleu_4 " in out and "bleu_4_word" in out and "Tokenisation zh-word+jieba" in out


def test_warnings_go_to_standard_error(files, capsys):
    (files / "few.json").write_text('{"a": "a dog"}')
    code, out, err = run(capsys, "refs.jsonl", "few.json", "--tokens", "--json")
    assert code == 0 and json.loads(out)["items"] == 1
    assert "zimu: few.json: 2 of 3 items have no candidate" in err and "CIDEr over one item" in err


@pytest.mark.parametrize("name", ["items.csv", "items.jsonl"])
def test_items_are_written_one_by_one(files, capsys, name):
    run(capsys, "refs.jsonl", "cands.json", "--tokens", "--per-item", name)
    text = (files / name).read_text(encoding="utf-8")
    rows = (
        list(csv.DictReader(text.splitlines(keepends=True)))
        if name.endswith("csv")
        else list(map(json.loads, text.splitlines()))
    )
    assert [row["id"] for row in rows] == ["a", "b", "c"]
    assert float(rows[2]["rouge_l"]) == pytest.approx(0.8)
    assert {p.name for p in files.iterdir()} == {"refs.jsonl", "cands.json", "other.json", name}


def test_a_page_is_written(files, capsys):
    assert run(capsys, "refs.jsonl", "cands.json", "--tokens", "--html", "page.html")[0] == 0
    assert "Caption scores of cands.json" in (files / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.json", "cands.json"], "zimu: none.json cannot be read: No such file or directory."),
        (
            ["refs.jsonl", "cands.json", "--metrics", "blue"],
            "zimu: Unknown metric 'blue'. Did you mean 'bleu'?",
        ),
        (
            ["refs.jsonl", "cands.json", "--tokens", "--per-item", "x.xls"],
            "ends neither in .csv nor in .jsonl",
        ),
        (["refs.jsonl", "cands.json", "--tokens", "--html", "no/x.html"], "no/x.html cannot be written"),
        (
            ["refs.jsonl", "cands.json", "--tokens", "--metrics", "meteor", "--meteor-jar", "none.jar"],
            "none.jar",
        ),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(files, capsys, arguments, message):
    code, out, err = run(capsys, *arguments)
    assert code == 2 and out == "" and message in err
    assert err.count("\n") == 1


def test_a_java_that_is_not_there_is_named(files, capsys):
    (files / "data").mkdir()
    (files / "data" / "paraphrase-en.gz").touch()
    (files / "meteor-1.5.jar").touch()
    tools = ("--meteor-jar", "meteor-1.5.jar", "--java", "none")
    code, _, err = run(capsys, "refs.jsonl", "cands.json", "--tokens", "--metrics", "meteor", *tools)
    assert code == 2 and "not found at none" in err


def test_systems_on_different_items_are_not_compared(files, capsys):
    (files / "few.json").write_text('{"a": "a dog", "b": "cats"}')
    code, _, err = run(capsys, "refs.jsonl", "cands.json", "--tokens", "--compare", "few.json")
    assert code == 2
    assert (
        "bleu_1 of few.json cannot be compared: they were scored on different numbers of items (3 and 2)"
        in err
    )
