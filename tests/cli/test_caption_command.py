from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from zimu.cli.main import main

MakeVideo = Callable[..., Path]


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def test_every_format_of_every_language_is_written(
    tiny_bundle: Path, make_video: MakeVideo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = make_video(tmp_path / "a b.mp4", 3, (64, 48), 10)
    out = tmp_path / "out"
    arguments = ["caption", str(video), "-b", str(tiny_bundle), "-f", "srt,vtt,json,txt,html", "-o", str(out)]
    code, printed, messages = run(arguments, capsys)
    assert code == 0
    names = {
        f"a b.{language}.{suffix}" for language in ("zh", "en") for suffix in ("srt", "vtt", "json", "txt")
    }
    assert {p.name for p in out.iterdir()} == names | {"a b.html"}
    assert "bundle: tiny" in messages
    content = json.loads((out / "a b.en.json").read_text("utf-8"))
    assert content["bundle"] == "tiny" and content["language"] == "en"
    assert content["cues"][0]["kind"] == "scene" and content["cues"][0]["text"] in printed
    page = (out / "a b.html").read_text("utf-8")
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "") and "https://" not in page
    assert "data:image/jpeg;base64," in page and "{{" not in page


def test_one_bad_file_does_not_stop_the_others(
    tiny_bundle: Path, make_video: MakeVideo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    good = make_video(tmp_path / "good.mp4", 1, (64, 48), 10)
    code, _, messages = run(["caption", str(bad), str(good), "-b", str(tiny_bundle), "-l", "en"], capsys)
    assert code == 1
    assert "1 of 2 files failed" in messages and "bad.mp4" in messages
    assert (tmp_path / "good.en.srt").exists() and not list(tmp_path.glob("bad*.srt"))


def test_two_videos_of_one_name_do_not_overwrite_each_other(
    tiny_bundle: Path, make_video: MakeVideo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    videos = [make_video(tmp_path / folder / "a.mp4", 1, (64, 48), 10) for folder in ("one", "two")]
    out = tmp_path / "out"
    code, _, _ = run(
        ["caption", *map(str, videos), "-b", str(tiny_bundle), "-l", "en", "-o", str(out)], capsys
    )
    assert code == 0
    assert {p.name for p in out.glob("*.srt")} == {"a.en.srt", "two.a.en.srt"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.mp4"], "There is no file nowhere.mp4."),
        (["VIDEO", "-l", "fr"], "'fr'"),
        (["VIDEO", "-f", "doc"], "Unknown format 'doc'"),
        (["VIDEO", "-b", "nowhere"], "Unknown bundle 'nowhere'"),
        (["VIDEO", "-s", "netflx-en"], "Did you mean 'netflix-en'?"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(
    arguments: list[str],
    message: str,
    tiny_bundle: Path,
    make_video: MakeVideo,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    video = make_video(tmp_path / "a.mp4", 1, (64, 48), 10)
    before = set(tmp_path.iterdir())
    given = ["caption", *(str(video) if a == "VIDEO" else a for a in arguments)]
    code, _, messages = run(given if "-b" in given else [*given, "-b", str(tiny_bundle)], capsys)
    assert code == 2
    errors = [line for line in messages.splitlines() if line.startswith("zimu: ")]
    assert len(errors) == 1 and message in errors[0]
    assert "Traceback" not in messages
    assert set(tmp_path.iterdir()) == before


def test_captioning_opens_no_socket(tiny_bundle: Path, make_video: MakeVideo, tmp_path: Path) -> None:
    video = make_video(tmp_path / "a.mp4", 1, (64, 48), 10)
    (tmp_path / "sitecustomize.py").write_text(
        "import socket\n"
        "def refuse(*a, **k):\n"
        "    raise RuntimeError('a socket was opened')\n"
        "socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse\n",
        "utf-8",
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "zimu.cli", "caption", str(video), "-b", str(tiny_bundle), "-l", "en"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.en.srt").exists()


def test_the_running_half_works_where_torch_cannot_be_imported() -> None:
    code = """
import sys, pkgutil, importlib
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "accelerate", "onnx", "sklearn", "matplotlib", "transformers"):
            raise ImportError("blocked: " + name)
sys.meta_path.insert(0, Blocked())
import zimu
rooms = "media clips features text search captions subtitles bundles metrics data".split()
names = [m.name for r in rooms for m in pkgutil.walk_packages([zimu.__path__[0] + "/" + r], f"zimu.{r}.")]
commands = pkgutil.iter_modules([zimu.__path__[0] + "/cli"])
names += ["zimu.cli." + m.name for m in commands if m.name != "__main__"]
for name in names:
    importlib.import_module(name)
assert "torch" not in sys.modules
print(len(names))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 60


def test_help_is_light_and_names_every_command() -> None:
    code = """
import sys
from zimu.cli.main import COMMANDS, main
try:
    main(["--help"])
except SystemExit:
    pass
heavy = {"numpy", "av", "onnxruntime", "jieba", "pydantic", "torch", "rich"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    from zimu.cli.main import COMMANDS

    assert all(f"  {name} " in done.stdout for name in COMMANDS)
