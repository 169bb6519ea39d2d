import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]

SRT = """1
00:00:05,000 --> 00:00:07,000
He sees a
very old man.

2
00:00:01,000 --> 00:00:05,500
Two dogs run over the bridge.

3
00:00:30,000 --> 00:00:33,000
字幕由Amara.org社区提供
"""
CLEAN = (
    "1\n00:00:01,000 --> 00:00:03,000\nTwo dogs run.\n\n2\n00:00:04,000 --> 00:00:06,000\nOne cat sleeps.\n"
)


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    path = tmp_path / "faulty.srt"
    path.write_text(SRT, encoding="utf-8")
    return path


def test_check_lists_the_surest_first_and_exits_with_1(faulty: Path, run: Run) -> None:
    code, out, _ = run("check", faulty)
    assert code == 1
    assert [int(n) for n in re.findall(r"^cue (\d+)", out, re.MULTILINE)] == [3, 2, 1]
    assert "starts before cue 1" in out and "recognisers invent" in out


def test_check_of_a_clean_file_exits_with_0(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "clean.srt"
    path.write_text(CLEAN)
    assert run("check", path)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.srt"], "none.srt: cannot be read"),
        (["faulty.srt", "--style", "netflix"], "Unknown style 'netflix'"),
        (["faulty.srt", "--language", "fr"], "Unknown language 'fr'"),
        (["faulty.srt", "--encoding", "utf-16"], "not in utf-16"),
    ],
)
def test_check_of_what_cannot_be_checked_exits_with_2_and_one_line(
    arguments: list[str], message: str, faulty: Path, run: Run
) -> None:
    arguments[0] = str(faulty.parent / arguments[0])
    code, out, err = run("check", *arguments)
    assert (code, out) == (2, "")
    assert message in err and err.count("\n") == 1


def test_check_as_json_has_every_reason(faulty: Path, run: Run) -> None:
    _, out, _ = run("check", faulty, "--json", "--language", "en")
    data = json.loads(out)
    assert (data["cues"], data["style"], data["encoding"]) == (3, "plain", "utf-8")
    first = data["review"][0]
    assert (first["cue"], first["start"], first["end"]) == (3, 30.0, 33.0)
    assert [reason["kind"] for reason in first["reasons"]] == ["credit", "language"]


def test_the_page_holds_the_lines_safely_and_asks_for_nothing_outside(tmp_path: Path, run: Run) -> None:
    path, page = tmp_path / "a.vtt", tmp_path / "page.html"
    path.write_text("WEBVTT\n\n00:02.000 --> 00:01.000\n&lt;script&gt;alert(1)&lt;/script&gt;\n")
    run("check", path, "--html", page)
    text = page.read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text and "<script>alert" not in text
    assert "ends 1 s before it starts" in text
    assert not re.search(r"https?://|src=\"|@import", text)


def test_fix_writes_a_file_that_a_check_accepts_but_for_the_person(faulty: Path, run: Run) -> None:
    target = faulty.with_name("fixed.vtt")
    code, out, _ = run("fix", faulty, target)
    assert code == 0
    assert "cue 2 moved" in out and "cue 1 lines" in out and "2 changes" in out
    _, checked, _ = run("check", target, "--json")
    assert json.loads(checked)["counts"] == {"credit": 1}


def test_fix_as_json_lists_the_changes(faulty: Path, run: Run) -> None:
    _, out, _ = run("fix", faulty, faulty.with_name("fixed.srt"), "--json")
    changes = json.loads(out)["changes"]
    assert [(change["cues"], change["what"]) for change in changes] == [([1], "lines"), ([2], "moved")]


def test_fix_puts_chinese_into_one_script(tmp_path: Path, run: Run) -> None:
    source, target = tmp_path / "a.srt", tmp_path / "b.srt"
    source.write_text("1\n00:00:01,000 --> 00:00:03,000\n你們說什麼\n", encoding="utf-8")
    run("fix", source, target, "--script", "simplified")
    assert "你们说什么" in target.read_text(encoding="utf-8")
    code, _, err = run("fix", source, target, "--script", "simple")
    assert code == 2 and "Unknown script 'simple'. Did you mean 'simplified'?" in err


def test_convert_goes_from_any_format_to_any_other(faulty: Path, run: Run) -> None:
    for suffix in ("vtt", "ass", "ttml", "json", "tsv", "txt"):
        target = faulty.with_suffix(f".{suffix}")
        assert run("convert", faulty, target)[0] == 0
        assert "very old man." in target.read_text(encoding="utf-8")
    code, _, err = run("convert", faulty.with_suffix(".txt"), faulty)
    assert code == 2 and "no times" in err


def test_convert_says_which_encoding_it_guessed(tmp_path: Path, run: Run) -> None:
    source = tmp_path / "a.srt"
    source.write_bytes("1\n00:00:01,000 --> 00:00:03,000\n我们都是这样的人\n".encode("gb18030"))
    assert run("convert", source, tmp_path / "b.srt")[0] == 0
    assert "我们都是这样的人" in (tmp_path / "b.srt").read_text(encoding="utf-8")


def test_shift_takes_negative_seconds_and_lists_what_fell_off(tmp_path: Path, run: Run) -> None:
    source, target = tmp_path / "a.srt", tmp_path / "b.srt"
    source.write_text(CLEAN)
    code, _, err = run("shift", source, target, "-3.5")
    assert code == 1 and "left out" in err and "cue 1" in err
    assert "00:00:00,500 --> 00:00:02,500\nOne cat" in target.read_text()
    assert run("shift", source, target, "0.25")[0] == 0
    assert "00:00:01,250 --> 00:00:03,250" in target.read_text()
    assert run("shift", source, target, "soon")[0] == 2


def test_merge_finds_out_which_file_is_chinese(tmp_path: Path, run: Run) -> None:
    zh, en, out = tmp_path / "zh.srt", tmp_path / "en.srt", tmp_path / "both.srt"
    en.write_text(CLEAN)
    zh.write_text(CLEAN.replace("Two dogs run.", "两只狗在跑").replace("One cat sleeps.", "一只猫在睡觉"))
    for order, lines in (("zh-en", "两只狗在跑\nTwo dogs run."), ("en-zh", "Two dogs run.\n两只狗在跑")):
        assert run("merge", en, zh, out, "--order", order)[0] == 0
        assert lines in out.read_text(encoding="utf-8")
    code, _, err = run("merge", en, en, out)
    assert code == 2 and "One file has to be Chinese and one English" in err
