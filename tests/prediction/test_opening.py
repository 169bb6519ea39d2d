from __future__ import annotations

import numpy as np
import pytest

from zimu.errors import ConfigError
from zimu.features.spec import AudioSpec, VideoSpec
from zimu.prediction.opening import Frozen, open_column, open_series


def frozen(guard: bool = False) -> Frozen:
    """Return encoders that say how bright a picture is and how loud a patch."""
    return Frozen(
        VideoSpec(rate_hz=5, max_frames=4, width=16, height=12),
        AudioSpec(kind="patches", rate_hz=16000),
        lambda frames: frames.mean(axis=(2, 3)),
        lambda patches: patches.mean(axis=(1, 2))[:, None],
        guard,
    )


def test_files_of_numbers_are_series_and_a_column_of_times_is_their_clock(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(6.0).reshape(3, 2))
    (tmp_path / "b.csv").write_text("time,x,y\n0.0,1,2\n0.5,3,\n1.0,5,6\n", "utf-8")
    (tmp_path / "c.tsv").write_text("1\t2\n3\t4\n", "utf-8")
    assert open_series("a.npy", tmp_path).values.tolist() == [[0, 1], [2, 3], [4, 5]]
    timed = open_series("b.csv", tmp_path)
    assert timed.times[timed.keep].tolist() == [0.0, 1.0]
    # A step that lacks a number is a gap.
    assert timed.keep.tolist() == [True, False, True]
    assert open_series("c.tsv", tmp_path).values.shape == (2, 2)
    assert open_series([1, 2, 3], tmp_path).values.shape == (3, 1)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("no.npy", None, "There is no series"),
        ("bad.npy", b"not numbers", "is no NumPy array"),
        ("empty.csv", b"\n", "is empty"),
        ("ragged.csv", b"1,2\n3\n", "not every line has 2 cells"),
    ],
)
def test_a_series_that_cannot_be_read_is_named(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        open_series(name, tmp_path)


def test_a_pickled_array_is_refused(tmp_path):
    np.save(tmp_path / "p.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ConfigError, match="is no NumPy array"):
        open_series("p.npy", tmp_path)


def test_pictures_sounds_and_videos_go_through_their_encoders(tmp_path, make_picture, make_sound, make_video):
    make_picture(tmp_path / "white.png", np.full((12, 16, 3), 255, np.uint8))
    make_sound(tmp_path / "s.wav", np.random.default_rng(0).normal(0, 0.1, 40000).astype(np.float32))
    make_video(tmp_path / "v.mp4", 2, (64, 48), 10)
    white = np.full((30, 40, 3), 255, np.uint8)
    seen = open_column("image", ["white.png", None, white, "nowhere.png"], tmp_path, frozen())
    np.testing.assert_allclose(seen.streams[0].values, 1.0, atol=0.02)
    np.testing.assert_allclose(seen.streams[2].values, 1.0, atol=0.02)
    assert [len(s.values) for s in seen.streams] == [1, 0, 1, 0]
    assert len(seen.problems) == 1
    assert seen.problems[0].startswith("row 4: ")
    assert open_column("video", ["v.mp4"], tmp_path, frozen()).streams[0].values.shape == (4, 3)
    heard = open_column("audio", ["s.wav", "v.mp4"], tmp_path, frozen())
    assert heard.streams[0].values.shape == (5, 1)
    assert not heard.problems


def test_files_from_strangers_are_decoded_apart_and_give_the_same(tmp_path, make_picture):
    picture = np.random.default_rng(0).integers(0, 255, (12, 16, 3)).astype(np.uint8)
    make_picture(tmp_path / "p.png", picture)
    made = [
        open_column("image", ["p.png"], tmp_path, frozen(guard)).streams[0].values for guard in (False, True)
    ]
    np.testing.assert_array_equal(*made)


def test_a_series_of_another_width_than_the_first_is_told_and_absent(tmp_path):
    opened = open_column("series", [[1.0, 2.0], [[1.0, 2.0]], [3.0]], tmp_path, None)
    assert [len(s.values) for s in opened.streams] == [2, 0, 1]
    assert "row 2: a step has the shape (2,), not (1,)" in opened.problems
