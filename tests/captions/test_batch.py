from __future__ import annotations

from pathlib import Path

import pytest

from zimu.captions.batch import LEDGER, Job, Ledger, find_inputs, fingerprint
from zimu.errors import MediaError


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    for name in ("b.MKV", "a.mp4", "more/c.wav", "poster.jpg", "a.en.srt", "a.subtitled.mkv"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"1")
    return folder


def test_a_folder_stands_for_its_videos_and_sounds_but_not_for_our_own_copies(films: Path) -> None:
    assert find_inputs([str(films)]) == [films / "a.mp4", films / "b.MKV", films / "more/c.wav"]


def test_patterns_and_lines_of_standard_input_name_files_each_of_them_once(films: Path) -> None:
    lines = [f"{films}/a.mp4\n", "\n", f"{films}/missing.mp4\r\n"]
    found = find_inputs([f"{films}/**/*.[mw]*", "-"], lines)
    assert found[-1] == films / "missing.mp4"  # its absence is told when its turn comes
    assert found.count(films / "a.mp4") == 1 and films / "more/c.wav" in found


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    path = tmp_path / "what[1].mp4"
    path.write_bytes(b"1")
    assert find_inputs([str(path)]) == [path]


@pytest.mark.parametrize("name", ["empty", "empty/*.mp4"])
def test_a_folder_or_pattern_without_files_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaError, match="empty"):
        find_inputs([str(tmp_path / name)])


@pytest.fixture
def job(films: Path) -> Job:
    (films / "a.zh.srt").write_text("1")
    return Job(films / "a.mp4", films / "a")


def test_what_was_captioned_is_known_to_the_next_run_until_something_changes(job: Job, films: Path) -> None:
    results = [films / "a.zh.srt"]
    assert not Ledger("s").has(job, results)
    Ledger("s").add(job, results)
    assert Ledger("s").has(job, results)
    assert not Ledger("other settings").has(job, results)
    assert not Ledger("s").has(job, [*results, films / "a.en.vtt"])
    (films / "a.zh.srt").write_text("corrected by hand")
    assert Ledger("s").has(job, results)
    job.source.write_bytes(b"another film")
    assert not Ledger("s").has(job, results)
    Ledger("s").add(job, results)
    assert Ledger("s").has(job, results)
    (films / "a.zh.srt").unlink()
    assert not Ledger("s").has(job, results)


def test_a_line_that_a_kill_cut_short_costs_only_itself(job: Job, films: Path) -> None:
    results, other = [films / "a.zh.srt"], Job(films / "b.MKV", films / "b")
    Ledger("s").add(job, results)
    whole = (films / LEDGER).read_bytes()
    (films / LEDGER).write_bytes(whole + whole[: len(whole) // 2])
    assert Ledger("s").has(job, results)
    Ledger("s").add(other, results)
    assert Ledger("s").has(other, results) and Ledger("s").has(job, results)


def test_a_fingerprint_tells_settings_apart_but_not_their_order() -> None:
    assert fingerprint({"a": 1, "b": (2,)}) == fingerprint({"b": (2,), "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})
