"""`zimu data` and `zimu doctor` as a person calls them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from zimu.data.manifest import read_manifest
from zimu.data.readers import READERS

Run = Callable[..., tuple[int, str, str]]


def test_list_shows_every_set_with_its_source_and_licence_in_80_columns(run: Run) -> None:
    code, out, _ = run("data", "list")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    for name, reader in READERS.items():
        assert name in out
        assert "".join(reader.where.split()) in "".join(out.split())
        assert "".join(reader.licence.split()) in "".join(out.split())


def test_list_as_json_has_what_the_table_has(run: Run) -> None:
    rows = json.loads(run("data", "list", "--json")[1])
    assert [r["name"] for r in rows] == list(READERS)
    assert rows[0] | {"name": None} == {
        "name": None,
        "what": READERS[rows[0]["name"]].what,
        "where": READERS[rows[0]["name"]].where,
        "licence": READERS[rows[0]["name"]].licence,
        "layout": READERS[rows[0]["name"]].layout,
    }


@pytest.fixture
def esc(tmp_path: Path) -> Path:
    (tmp_path / "esc/audio").mkdir(parents=True)
    rows = "".join(f"1-{i}-A.ogg,1,0,dog_bark\n" for i in range(8))
    (tmp_path / "esc/meta.csv").write_text(f"file,fold,target,category\n{rows}")
    (tmp_path / "esc/audio/1-0-A.ogg").write_bytes(b"sound")
    return tmp_path / "esc"


def test_import_writes_a_manifest_and_lists_what_it_left_out(run: Run, esc: Path, tmp_path: Path) -> None:
    code, out, err = run("data", "import", "esc10", esc, tmp_path / "out")
    assert (code, out) == (1, f"{tmp_path}/out/manifest.jsonl: 1 samples\n")
    assert err.splitlines()[0] == "7 samples were left out for want of media:"
    assert err.splitlines()[1] == f"  1-1-A: {esc}/audio/1-1-A.ogg"
    assert err.splitlines()[-1] == "  ... and 2 more"
    assert len(read_manifest(tmp_path / "out/manifest.jsonl")) == 1


def test_import_that_keeps_what_is_missing_succeeds(run: Run, esc: Path, tmp_path: Path) -> None:
    code, _, err = run("data", "import", "esc10", esc, tmp_path / "out", "--keep-missing")
    assert (code, err.splitlines()[0]) == (0, "7 samples were kept without media:")
    assert len(read_manifest(tmp_path / "out/manifest.jsonl")) == 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("esc11", "."), "zimu: Unknown data set 'esc11'. Did you mean 'esc10'?"),
        (("esc10", "nowhere"), "zimu: There is no folder nowhere."),
    ],
)
def test_wrong_arguments_are_one_line_and_exit_with_2(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    code, out, err = run("data", "import", *arguments, tmp_path / "out")
    assert (code, out) == (2, "")
    assert err.startswith(message)
    assert err.count("\n") == 1


def test_a_folder_becomes_a_manifest_with_splits(run: Run, tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / f"{name}.mp4").touch()
        (tmp_path / f"{name}.txt").write_text("两只狗。\nTwo dogs.\n")
    code, out, _ = run("data", "from-folder", tmp_path)
    assert (code, out) == (0, f"{tmp_path}/manifest.jsonl: 4 samples\n")
    manifest = read_manifest(tmp_path / "manifest.jsonl")
    assert sorted(s.split for s in manifest) == ["test", "train", "train", "val"]
    assert manifest[0].references == {"zh": ("两只狗。",), "en": ("Two dogs.",)}
    assert run("data", "from-folder", tmp_path, "--language", "fr")[0] == 2


def test_the_doctor_prints_a_page_of_80_columns_and_exits_with_1(run: Run, tmp_path: Path) -> None:
    rows = [
        {"id": f"{i}", "split": split, "references_en": [text], "references_zh": ["[狗]" * 40 + f"{i}"]}
        for i, (split, text) in enumerate((("train", "A [bold]dog[/bold]."), ("val", "A bold dog, bold.")))
    ]
    path = tmp_path / "m.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    code, out, _ = run("doctor", path, "--no-media")
    assert code == 1
    assert "      1  captions that stand in two splits" in out
    assert "a bold dog bold (en, in train, val)" in out
    assert "1 findings in 2 samples." in out
    wide = [sum(2 if "\u4e00" <= c <= "\u9fff" else 1 for c in line) for line in out.splitlines()]
    assert max(wide) <= 80


def test_the_doctor_prints_every_finding_as_json(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    rows = [{"id": f"s{i}", "label": "dog", "audio": f"{i}.wav", "references_en": ["狗"]} for i in range(9)]
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    code, out, _ = run("doctor", path, "--json", "--no-media")
    page = json.loads(out)
    assert code == 1
    assert page["samples"] == 9
    assert page["problems"]["wrong_language"]["count"] == 9
    assert page["problems"]["wrong_language"]["findings"][8] == {"ids": ["s8"], "detail": "狗 (zh under en)"}
    assert page["problems"]["no_audio"]["count"] == 0
    assert page["languages"]["en"][""]["references"] == 9


def test_a_healthy_manifest_lets_the_doctor_exit_with_0(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"id": "a", "references_en": ["A dog."]}\n')
    code, out, err = run("doctor", path)
    assert (code, err) == (0, "")
    assert out.endswith("Nothing was found in 1 samples.\n")


def test_scenes_are_made_and_read_back(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("data", "scenes", 1, tmp_path / "s", "--seed", 3, "--jobs", 1)
    assert (code, out) == (0, f"{tmp_path}/s/manifest.jsonl\n")
    (sample,) = read_manifest(tmp_path / "s/manifest.jsonl")
    assert sample.path.is_file()
    assert set(sample.references) == {"en", "zh"}
