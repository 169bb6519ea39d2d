"""One media file, looked at once; and many, in workers that may die."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from zimu.data import examine as examine_module
from zimu.data.duplicates import MAX_BITS
from zimu.data.examine import SILENCE_DB, examine, examine_all, look_hash

Make = Callable[..., Path]


def test_length_loudness_and_pictures_of_a_video_are_known(make_video: Make, tmp_path: Path) -> None:
    rate = 16000
    sound = np.concatenate([np.zeros(rate), 0.1 * np.sin(np.arange(rate) / 5)]).astype(np.float32)
    found = examine(make_video(tmp_path / "a.mp4", seconds=2, size=(96, 64), sound=sound), "video")
    assert found.error == ""
    assert found.duration == pytest.approx(2, abs=0.15)
    assert (found.size, found.has_audio, found.is_still) == ((96, 64), True, False)
    # A sine of a tenth of full scale has -23 dB; before it, silence.
    assert found.levels[12:18] == pytest.approx(-23, abs=1)
    assert found.levels[1:8].max() < -80
    assert found.prints.shape == (2, 4)
    assert len(found.motion) == pytest.approx(9, abs=1)
    assert found.motion.mean() > 1


def test_a_video_without_sound_has_no_levels(make_video: Make, tmp_path: Path) -> None:
    found = examine(make_video(tmp_path / "a.mp4", seconds=1, size=(64, 64), sound=None), "video")
    assert (found.has_audio, len(found.levels)) == (False, 0)


def test_sound_that_begins_late_is_silent_before(make_video: Make, tmp_path: Path) -> None:
    tone = 0.5 * np.sin(np.arange(16000, dtype=np.float32))
    path = make_video(tmp_path / "a.mkv", seconds=2, size=(64, 64), sound=tone, sound_start=1.0)
    levels = examine(path, "video").levels
    assert (levels[:8] == SILENCE_DB).all()
    assert levels[12:18].min() > -20


@pytest.mark.parametrize(("content", "problem"), [(None, "there is no such file"), (b"no video", "a.mp4")])
def test_a_file_that_cannot_be_read_is_a_result(content: bytes | None, problem: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "a.mp4").write_bytes(content)
    found = examine(tmp_path / "a.mp4", "video")
    assert problem in found.error
    assert bool(found.digest) == (content is not None)


def test_a_video_cut_short_is_warned_of(make_video: Make, tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mkv", seconds=6, size=(160, 120))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    found = examine(path, "video")
    assert found.error == ""
    assert any("cut short" in w or "could not be read to its end" in w for w in found.warnings)


def test_the_hash_survives_noise_and_brightness_but_tells_pictures_apart() -> None:
    rng = np.random.default_rng(0)
    smooth = np.cumsum(rng.normal(0, 12, (16, 17)), axis=1) + 120
    picture = np.clip(smooth, 0, 255).astype(np.uint8)
    noisy = np.clip(smooth * 0.8 + 20 + rng.normal(0, 1, smooth.shape), 0, 255).astype(np.uint8)
    other = np.clip(np.cumsum(rng.normal(0, 12, (16, 17)), axis=1) + 120, 0, 255).astype(np.uint8)
    assert np.bitwise_count(look_hash(picture) ^ look_hash(noisy)).sum() < MAX_BITS
    assert np.bitwise_count(look_hash(picture) ^ look_hash(other)).sum() > 80
    assert not look_hash(np.full((16, 17), 7, np.uint8)).any()


def test_a_crash_of_a_worker_costs_no_file(
    make_video: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crasher.py").write_text(
        textwrap.dedent("""
        import os
        from zimu.data.examine import examine

        def work(path, modality):
            if path.stem == "bad":
                os._exit(11)
            return examine(path, modality)
        """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    import crasher  # type: ignore[import-not-found]  # made above

    monkeypatch.setattr(examine_module, "_examine_in_worker", crasher.work)
    names = ("good", "bad", "later", "last")
    files = {make_video(tmp_path / f"{n}.mp4", seconds=1, size=(64, 64)): "video" for n in names}
    counts: list[int] = []
    done = examine_all(files, jobs=1, progress=counts.append)
    assert {p.stem: found.error for p, found in done.items()} == dict.fromkeys(names, "")
    assert sorted(counts) == [1, 2, 3, 4]
