"""Files that are the same, by bytes or by what is seen and heard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from zimu.data.duplicates import near_pairs, same_content
from zimu.data.examine import Examined, examine

Make = Callable[..., Path]


@pytest.fixture
def sound() -> np.ndarray:
    loud = np.repeat(np.random.default_rng(0).uniform(0.01, 0.5, 20), 2400)
    return (loud * np.sin(np.arange(48000) / 4)).astype(np.float32)


def _pairs(one: Path, other: Path) -> list[tuple[Path, Path]]:
    return list(near_pairs([[one], [other]], {p: examine(p, "video") for p in (one, other)}))


def test_a_video_encoded_again_at_another_size_is_found(
    make_video: Make, tmp_path: Path, sound: np.ndarray
) -> None:
    one = make_video(tmp_path / "a.mp4", seconds=3, size=(160, 120), sound=sound)
    other = make_video(
        tmp_path / "b.mkv", seconds=3, size=(96, 72), sound=sound, options={"crf": "34"}, sound_codec="mp3"
    )
    assert _pairs(one, other) == [(one, other)]


def test_the_same_pictures_with_another_sound_are_not_the_same(
    make_video: Make, tmp_path: Path, sound: np.ndarray
) -> None:
    one = make_video(tmp_path / "a.mp4", seconds=3, size=(96, 96), sound=sound)
    other = make_video(tmp_path / "b.mp4", seconds=3, size=(96, 96), sound=sound[::-1].copy())
    assert _pairs(one, other) == []


def _drifting(speeds: Sequence[float]) -> Callable[[float], np.ndarray]:
    """Return pictures that drift at each second's speed, and are back at every whole second."""
    blobs = np.random.default_rng(3).integers(0, 255, (6, 6, 3)).astype(np.uint8).repeat(16, 0).repeat(16, 1)

    def picture(time: float) -> np.ndarray:
        part = time - int(time)
        return np.roll(blobs, round(40 * speeds[int(time)] * min(part, 1 - part)), axis=1)

    return picture


def test_silent_videos_are_compared_by_their_motion(make_video: Make, tmp_path: Path) -> None:
    paths = [
        make_video(
            tmp_path / f"{name}.mp4", seconds=4, size=(96, 96), sound=None, options={"crf": crf},
            picture=_drifting(speeds),
        )
        for name, crf, speeds in (
            ("a", "23", (2, 0, 1, 0)), ("b", "30", (2, 0, 1, 0)), ("c", "23", (0, 1, 0, 2)),
        )
    ]  # fmt: skip
    assert _pairs(paths[0], paths[1]) == [(paths[0], paths[1])]
    assert _pairs(paths[0], paths[2]) == []


def test_black_videos_do_not_look_like_each_other() -> None:
    black = Examined("x", duration=3, prints=np.zeros((3, 4), np.uint64))
    examined = {Path("a"): black, Path("b"): Examined("y", duration=3, prints=np.zeros((3, 4), np.uint64))}
    assert list(near_pairs([[Path("a")], [Path("b")]], examined)) == []


def test_a_still_is_not_a_video_of_it() -> None:
    prints = np.full((1, 4), 12345, np.uint64)
    examined = {
        Path("a"): Examined("x", is_still=True, prints=prints),
        Path("b"): Examined("y", prints=prints),
    }
    assert list(near_pairs([[Path("a")], [Path("b")]], examined)) == []
    examined[Path("b")] = Examined("y", is_still=True, prints=prints)
    assert list(near_pairs([[Path("a")], [Path("b")]], examined)) == [(Path("a"), Path("b"))]


def test_files_of_one_group_are_not_compared() -> None:
    prints = np.full((1, 4), 12345, np.uint64)
    examined = {Path(n): Examined(n, is_still=True, prints=prints) for n in "ab"}
    assert list(near_pairs([[Path("a"), Path("b")], []], examined)) == []


def test_equal_bytes_are_one_group_and_missing_files_none() -> None:
    examined = {Path(n): Examined(d) for n, d in (("a", "1"), ("b", "2"), ("c", "1"), ("d", ""), ("e", ""))}
    assert same_content(examined) == [[Path("a"), Path("c")]]
