import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import zimu
from zimu.errors import SubtitleError, UnknownNameError
from zimu.streams import Caption
from zimu.subtitles.cue import Cue
from zimu.subtitles.files import read, read_track, write_track

CAPTIONS = [
    Caption(0, 3000, "A man rides a bicycle along the street while two dogs run behind him.", "en"),
    Caption(3000, 9000, "一个穿红色衬衫的男人骑着自行车沿着街道前进，后面跟着两只奔跑的狗。", "zh"),
    Caption(9400, 12000, "It's me & <b>you</b> --> there.", "en"),
]
CHINESE = "1\n00:00:01,000 --> 00:00:02,000\n我们都是这样的人，你们呢？\n"


@pytest.mark.parametrize("suffix", ["srt", "vtt", "ass", "ttml", "lrc", "json", "tsv"])
def test_a_file_that_is_read_and_written_again_is_the_same(suffix: str, tmp_path: Path) -> None:
    zimu.write(CAPTIONS, tmp_path / f"a.{suffix}", style="netflix-en")
    write_track(read_track(tmp_path / f"a.{suffix}"), tmp_path / f"b.{suffix}")
    assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_an_unknown_suffix_or_style_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SubtitleError, match=r"suffix '\.doc'.*\.srt"):
        zimu.write(CAPTIONS, tmp_path / "a.doc")
    with pytest.raises(UnknownNameError, match=r"'netflx-en'. Did you mean 'netflix-en'"):
        zimu.write(CAPTIONS, tmp_path / "a.srt", style="netflx-en")
    assert list(tmp_path.iterdir()) == []


def test_cues_are_written_as_they_are_unless_a_style_is_given(tmp_path: Path) -> None:
    cue = Cue(0, 100, ("x " * 30 + "x",))
    zimu.write([cue], tmp_path / "a.srt")
    assert read(tmp_path / "a.srt")[0].lines == cue.lines
    zimu.write([cue], tmp_path / "a.srt", style="ted")
    assert len(read(tmp_path / "a.srt")[0].lines) == 2


@pytest.mark.parametrize("cue", [Cue(-1, 100, ("a",)), Cue(100, 50, ("a",))])
def test_times_that_no_file_can_hold_are_refused(cue: Cue, tmp_path: Path) -> None:
    with pytest.raises(SubtitleError, match=r"cue 1 is from .* zimu fix"):
        zimu.write([cue], tmp_path / "a.srt")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.srt"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SubtitleError, match=r"a\.srt: cannot be written: No space left on device\."):
        zimu.write(CAPTIONS, path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.srt"]
    assert path.read_text() == "old"


def test_a_file_size_limit_of_the_system_leaves_nothing_behind(tmp_path: Path) -> None:
    code = (
        "import zimu\nfrom zimu.subtitles.cue import Cue\n"
        f"zimu.write([Cue(0, 1000, ('x' * 5000,))], {str(tmp_path / 'a.srt')!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
        check=False,
    )
    assert "SubtitleError" in done.stderr and "cannot be written" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_and_a_missing_file_are_one_line_each(tmp_path: Path) -> None:
    with pytest.raises(SubtitleError, match="cannot be written: No such file"):
        zimu.write(CAPTIONS, tmp_path / "none" / "a.srt")
    with pytest.raises(SubtitleError, match="cannot be read: No such file"):
        read(tmp_path / "a.srt")


@pytest.mark.parametrize(
    ("data", "encoding", "is_guess"),
    [
        (CHINESE.encode(), "utf-8", False),
        (CHINESE.encode("utf-8-sig"), "utf-8", False),
        (CHINESE.encode("utf-16"), "utf-16-le", False),
        (CHINESE.encode("utf-16-be"), "utf-16-be", True),
        (CHINESE.encode("gb18030"), "gb18030", True),
        (
            CHINESE.replace("我们都是这样的人，你们呢？", "我們都是這樣的人，你們呢？").encode("big5"),
            "big5",
            True,
        ),
        (CHINESE.replace("我们都是这样的人，你们呢？", "张伟").encode("gb18030"), "gb18030", True),
        (
            CHINESE.replace("我们都是这样的人，你们呢？", "Où est le café, garçon ?").encode("cp1252"),
            "cp1252",
            True,
        ),
        (CHINESE.replace("\n", "\r\n").encode(), "utf-8", False),
        (CHINESE.encode() * 3 + b"\xe6", "utf-8", True),
    ],
)
def test_the_encoding_is_found_and_a_guess_is_said(
    data: bytes, encoding: str, is_guess: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes(data)
    track = read_track(path)
    assert (track.encoding, track.is_guess) == (encoding, is_guess)
    assert track.cues[0].lines[0][0] in "我张O"
    assert (f"read as {encoding}" in caplog.text) == is_guess


def test_a_named_encoding_is_used_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes(CHINESE.encode("gb18030"))
    assert read(path, encoding="gb18030")[0].text == "我们都是这样的人，你们呢？"
    with pytest.raises(SubtitleError, match="not in utf-8: byte"):
        read(path, encoding="utf-8")
    with pytest.raises(SubtitleError, match="no encoding 'klingon'"):
        read(path, encoding="klingon")


def test_a_file_that_is_no_subtitle_file_is_refused_by_name(tmp_path: Path) -> None:
    for name in ("a.srt", "a.vtt", "a.ass", "a.ttml", "a.json", "a.tsv", "a.lrc", "a.txt"):
        (tmp_path / name).write_text("Dear Sir,\nno subtitles here.\n")
        with pytest.raises(SubtitleError, match=name):
            read(tmp_path / name)


def test_json_has_the_fixed_layout(tmp_path: Path) -> None:
    import json

    zimu.write(
        [Caption(0, 2500, "A dog runs.", "en", "scene", ("a", "dog", "runs"), (-0.1, -0.2, -0.3))],
        tmp_path / "a.json",
        source="a.mp4",
        bundle="describe",
    )
    data = json.loads((tmp_path / "a.json").read_text())
    assert {k: data[k] for k in ("source", "bundle", "language")} == {
        "source": "a.mp4",
        "bundle": "describe",
        "language": "en",
    }
    (cue,) = data["cues"]
    assert (cue["start"], cue["end"], cue["text"], cue["kind"]) == (0.0, 2.5, "A dog runs.", "scene")
    assert cue["confidence"] == pytest.approx(0.818731)
    assert [w["text"] for w in cue["words"]] == ["a", "dog", "runs"]
