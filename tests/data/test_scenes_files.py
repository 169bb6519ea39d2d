from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zimu.data.manifest import read_manifest
from zimu.data.scenes import Facts, make_scenes, scene_arrays, split_of
from zimu.errors import ConfigError
from zimu.media.reader import iter_media
from zimu.media.requests import FrameRequest, SampleRequest
from zimu.streams import Frame


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_scenes(4, tmp_path_factory.mktemp("scenes"), seed=3, jobs=1)


def test_clips_give_back_the_pictures_and_the_sound_in_step(made: Path) -> None:
    for sample in read_manifest(made):
        frames, samples, _ = scene_arrays(3, int(sample.id.split("-")[1]))
        pictures, sound = [], []
        with iter_media(sample.path, frames=FrameRequest(None, 96, 96), samples=SampleRequest()) as stream:
            for item in stream:
                (pictures if isinstance(item, Frame) else sound).append(item)
        assert [float(frame.time) for frame in pictures] == pytest.approx(np.arange(50) / 10)
        error = np.stack([f.picture for f in pictures]).astype(float) - frames
        assert 10 * np.log10(255**2 / np.mean(error**2)) > 24
        heard = np.concatenate([block.values for block in sound])
        assert abs(len(heard) - len(samples)) <= 2048
        length = min(len(heard), len(samples))
        lags = np.fft.irfft(np.fft.rfft(heard[:length]) * np.conj(np.fft.rfft(samples[:length])), length)
        assert min(lags.argmax(), length - lags.argmax()) <= 16, "sound is shifted against the pictures"


def test_the_manifest_says_what_happens(made: Path) -> None:
    manifest = read_manifest(made)
    assert [sample.id for sample in manifest] == [f"3-{index:06d}" for index in range(4)]
    for sample in manifest:
        facts = Facts.from_json(sample.extra["facts"])
        assert sample.split == split_of(facts, 0.1, 0.1)
        assert sample.extra["kind"] == facts.kind
        assert sample.extra["seed"] == 3
        assert set(sample.references) == {"en", "zh"}
        assert sample.path.parent.name == "clips"


def test_a_killed_run_goes_on_and_a_set_grows_without_touching_what_is_there(made: Path) -> None:
    clips = made.parent / "clips"
    rows = made.read_text(encoding="utf-8").splitlines()
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in clips.iterdir()}
    (clips / "000002.mp4").unlink()
    told: list[tuple[int, int]] = []
    make_scenes(5, made.parent, seed=3, jobs=1, progress=lambda done, count: told.append((done, count)))
    after = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in clips.iterdir()}
    assert told == [(3, 5), (5, 5)]
    assert sorted(after) == [f"{index:06d}.mp4" for index in range(5)]
    assert after["000002.mp4"][0] == before["000002.mp4"][0]
    assert all(after[name] == before[name] for name in before if name != "000002.mp4")
    assert made.read_text(encoding="utf-8").splitlines()[:4] == rows


def test_several_processes_write_the_same_files(made: Path, tmp_path: Path) -> None:
    make_scenes(18, tmp_path, seed=3, jobs=2)
    assert len(list((tmp_path / "clips").iterdir())) == 18
    for index in range(4):
        name = f"clips/{index:06d}.mp4"
        assert (tmp_path / name).read_bytes() == (made.parent / name).read_bytes()


def test_a_folder_of_another_seed_is_refused(made: Path) -> None:
    with pytest.raises(ConfigError, match=r'holds scenes of other settings. Found .*"seed": 3'):
        make_scenes(4, made.parent, seed=4, jobs=1)


def test_wrong_numbers_are_told_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        make_scenes(0, tmp_path / "x", seed=-1, val=0.6, test=0.5, shares={"smelt": 1.0})
    for part in ("count is 0", "seed is -1", "val is 0.6 and test is 0.5", "'smelt'"):
        assert part in str(error.value)
    assert not (tmp_path / "x").exists()
