"""`zimu caption --show --speech --terms --descriptions`, with the shipped bundle `sounds`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from zimu.cli.showing import Showing, write_descriptions
from zimu.errors import ConfigError, UnknownNameError
from zimu.streams import Caption
from zimu.subtitles.files import read

Run = Callable[..., tuple[int, str, str]]


def test_only_the_bundles_that_are_needed_are_loaded(tmp_path: Path) -> None:
    assert Showing().bundles(None) is None
    assert Showing(("sound",)).bundles(None) == ("sounds",)
    assert Showing(("sound", "scene")).bundles(None) == ("describe", "sounds")
    assert Showing(("speech",)).bundles(("whisper:small",)) == ("whisper:small",)
    (tmp_path / "said.srt").touch()
    assert Showing(("speech",), tmp_path / "said.srt").bundles(None) == ("speech",)


def test_what_cannot_be_shown_is_refused_before_work_starts(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown kind of caption 'sounds'\. Did you mean 'sound'\?"):
        Showing(("sounds",)).bundles(None)
    with pytest.raises(ConfigError, match="Nothing tells what is said"):
        Showing(("speech",)).bundles(None)
    with pytest.raises(ConfigError, match="There is no file"):
        Showing(terms=tmp_path / "none.txt").bundles(None)


def test_speech_of_another_program_stands_with_sounds_on_one_timeline(
    tmp_path: Path, make_sound: Callable[..., Path], run: Run
) -> None:
    time = np.arange(6 * 16000) / 16000
    beep = 0.3 * np.sin(2 * np.pi * 1000 * time) * (time % 1 < 0.5) * (time > 2)
    path = make_sound(tmp_path / "beep.wav", beep.astype(np.float32))
    (tmp_path / "said.srt").write_text("1\n00:00:00,200 --> 00:00:01,800\nGo to Themes street.\n")
    (tmp_path / "terms.txt").write_text("Thames\n")
    options = ("--show", "speech,sound", "--speech", tmp_path / "said.srt", "--terms", tmp_path / "terms.txt")
    code, _, err = run("caption", path, *options, "-l", "en", "-f", "srt,json")
    assert code == 0 and "Themes -> Thames" in err
    cues = read(tmp_path / "beep.en.srt")
    assert [c.lines for c in cues] == [("Go to Thames street.",), ("[beeping]",)]
    assert {c.kind for c in read(tmp_path / "beep.en.json")} == {"speech", "sound"}


def test_names_written_in_the_picture_put_right_what_was_heard(
    tmp_path: Path, make_sound: Callable[..., Path], run: Run
) -> None:
    path = make_sound(tmp_path / "quiet.wav", np.zeros(3 * 16000, np.float32))
    (tmp_path / "said.srt").write_text("1\n00:00:00,200 --> 00:00:01,800\nI am ada love lace.\n")
    screen = tmp_path / "screen.srt"
    screen.write_text("1\n00:00:00,000 --> 00:00:02,000\nAda Lovelace\nWelcome to our show\n")
    options = ("--show", "speech", "--speech", tmp_path / "said.srt", "--terms", screen, "-l", "en")
    code, _, err = run("caption", path, *options)
    assert code == 0 and "ada love lace -> Ada Lovelace" in err
    screen.write_text("1\n00:00:00,000 --> 00:00:02,000\nwelcome to our show\n")
    code, _, err = run("caption", path, *options, "--overwrite")
    assert code == 2 and "nothing that looks like a name" in err


def test_descriptions_are_a_track_of_their_own_in_the_pauses(tmp_path: Path) -> None:
    scenes = [Caption(0, 8000, "A man walks home.", "en"), Caption(8000, 8400, "Rain.", "en")]
    write_descriptions(scenes, None, tmp_path / "d.vtt", "plain", "en")
    text = (tmp_path / "d.vtt").read_text("utf-8")
    assert text.startswith("WEBVTT\nKind: descriptions\nLanguage: en\n\n00:00:00.000")


def test_one_file_of_speech_is_not_taken_for_several_videos(tmp_path: Path, shared: Path, run: Run) -> None:
    for name in ("a", "b"):
        shutil.copy(shared / "grid_s1" / "clips" / "bbaf2n.mp4", tmp_path / f"{name}.mp4")
    (tmp_path / "said.srt").write_text("1\n00:00:00,200 --> 00:00:01,800\nGo.\n")
    code, _, err = run("caption", tmp_path / "a.mp4", tmp_path / "b.mp4", "--speech", tmp_path / "said.srt")
    assert code == 2 and "--speech belongs to one video" in err
