"""Error messages in Chinese: every message of the code has a row, and every row fits a message."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import zimu
from zimu.cli.chinese import in_chinese, prefers_chinese
from zimu.cli.main import main

SOURCE = Path(zimu.__file__).parent
ROWS = [line.split("\t") for line in (SOURCE / "cli" / "errors_zh.tsv").read_text("utf-8").splitlines()[1:]]
# Not for users: programming errors, and pieces of messages; one has two rows for its two forms.
PIECES = {
    "module 'zimu' has no attribute {}",
    "module 'zimu.metrics' has no attribute {}",
    "the last test tells every column",
    "the conditions are equal",
    "{}, {}",
    "Unknown {} {}.{} Known: {}.",
}


def template(node: ast.expr) -> str | None:
    """Return a text of the source with `{}` for its values."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return (template(node.left) or "{}") + (template(node.right) or "{}")
    return None


def messages() -> Iterator[str]:
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if not name.endswith(("Error", "Exception")):
                continue
            for text in map(template, node.args[:3]):
                if text and " " in text:
                    yield text
                    break


def test_every_message_has_chinese() -> None:
    missing = sorted(set(messages()) - {english for english, _ in ROWS} - PIECES)
    assert not missing, "add these to src/zimu/cli/errors_zh.tsv:\n" + "\n".join(missing)


def test_every_row_uses_all_values_and_no_other() -> None:
    for english, chinese in ROWS:
        found = {int(n) for n in re.findall(r"\{(\d)\}", chinese)}
        assert found == set(range(english.count("{}"))), english


def test_values_move_over_and_inner_messages_are_told_too() -> None:
    message = "The recipe a b.toml is wrong: There is no file x y."
    assert in_chinese(message) == "配方 a b.toml 有误：没有文件 x y。"
    assert in_chinese("nothing of the kind") == "nothing of the kind"


def test_a_value_with_braces_stays_as_it_is() -> None:
    assert in_chinese("There is no file {0} {1}.") == "没有文件 {0} {1}。"


@pytest.mark.parametrize(
    ("settings", "chinese"),
    [
        ({"LANG": "zh_CN.UTF-8"}, True),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW.UTF-8"}, True),
        ({}, False),
    ],
)
def test_the_language_setting_is_read_as_programs_do(
    settings: dict[str, str], chinese: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert prefers_chinese() is chinese


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["caption", "没有.mp4"], "zimu：没有文件 没有.mp4。"),
        (["caption", "--zzz"], "zimu：没有这个选项：--zzz"),
    ],
)
def test_the_command_line_speaks_chinese(
    arguments: list[str], line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert line in capsys.readouterr().err
