"""Readers of the sets that fusion is compared on, on miniatures of their layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zimu.data.handwritten import read_handwritten
from zimu.data.mosi import read_mosi
from zimu.data.utd_mhad import read_utd_mhad
from zimu.errors import ConfigError, UnknownNameError


@pytest.fixture
def mosi(tmp_path: Path) -> Path:
    videos = np.repeat(np.arange(10), 4).astype(np.int16)
    n = len(videos)
    rng = np.random.default_rng(0)
    score = rng.uniform(-3, 3, n).astype(np.float32)
    label = np.uint8(score >= 0)
    score[5] = np.nan
    widths = {"text": 3, "audio": 2, "video": 4}
    arrays = {k: rng.normal(size=(n, w)).astype(np.float16) for k, w in widths.items()}
    np.savez(
        tmp_path / "mosi.npz",
        **arrays,
        label=label,
        score=score,
        split=np.int8(videos >= 7),
        video_index=videos,
        utterance=np.tile(np.arange(4), 10).astype(np.int16),
    )
    return tmp_path


def test_mosi_never_parts_a_video(mosi: Path) -> None:
    parts = read_mosi(mosi)
    groups = [set(p.groups.tolist()) for p in parts if p.groups is not None]
    assert groups[2] == {7, 8, 9} and not groups[0] & groups[1] and len(groups[0] | groups[1]) == 7
    assert parts.train.streams["audio"].values.shape[1:] == (1, 2)


def test_mosi_leaves_out_utterances_without_a_score(mosi: Path) -> None:
    assert sum(map(len, read_mosi(mosi, "score"))) == 39 and sum(map(len, read_mosi(mosi))) == 40


def test_mosi_s_polarity_is_its_score_and_where_there_is_none_its_label(mosi: Path) -> None:
    found, labels = read_mosi(mosi, "polarity"), read_mosi(mosi)
    for part, named in zip(found, labels, strict=True):
        assert part.ids == named.ids
        assert ((part.targets >= 0) == (named.targets == 1)).all()
    every = dict(
        zip([i for p in found for i in p.ids], np.concatenate([p.targets for p in found]), strict=True)
    )
    assert len(every) == 40 and abs(every["1_1"]) == 1.0
    assert sum(abs(v) == 1.0 for v in every.values()) == 1


def test_features_of_the_sentences_follow_their_utterances(mosi: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "s.npy", np.arange(40, dtype=np.float16).repeat(6).reshape(40, 2, 3))
    parts = read_mosi(mosi, sentences=tmp_path / "s.npy")
    for part in parts:
        rows = [4 * int(v) + int(u) for v, u in (i.split("_") for i in part.ids)]
        assert part.streams["sentence"].values.shape[1:] == (1, 6)
        assert part.streams["sentence"].values[:, 0, 0].tolist() == rows


def test_features_of_other_sentences_are_refused(mosi: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "s.npy", np.zeros((39, 6)))
    with pytest.raises(ConfigError, match="not one row for each of the 40"):
        read_mosi(mosi, sentences=tmp_path / "s.npy")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mosi\.npz cannot be read"):
        read_mosi(tmp_path)


def test_another_version_of_a_set_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "handwritten.npz", pix=np.zeros((2, 3)))
    with pytest.raises(ConfigError, match="has no array 'label"):
        read_handwritten(tmp_path, ["pix"])


def test_an_unknown_view_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'pix'"):
        read_handwritten(tmp_path, ["pxi"])


def test_utd_mhad_keeps_both_clocks_and_the_subjects_apart(tmp_path: Path) -> None:
    lengths = np.array([41, 50] * 8, np.int16)
    subject = np.repeat(np.arange(1, 9), 2).astype(np.uint8)
    np.savez(
        tmp_path / "skeleton_inertial.npz",
        skeleton=np.ones((int(lengths.sum()), 20, 3), np.int16),
        skeleton_scale=np.float32(0.0002),
        inertial=np.ones((2 * int(lengths.sum()), 6), np.float16),
        skeleton_length=lengths,
        inertial_length=2 * lengths,
        action=np.tile([1, 2], 8).astype(np.uint8),
        subject=subject,
        trial=np.ones(16, np.uint8),
        action_name=np.array(["swipe", "wave"]),
    )
    parts = read_utd_mhad(tmp_path)
    assert {int(i.split("_s")[1][0]) for i in parts.test.ids} == {2, 4, 6, 8}
    # What a subject does with one action is a group: no part of it may judge what was fitted on another.
    assert parts.test.groups is not None and len(set(parts.test.groups.tolist())) == 8
    skeleton, inertial = (parts.test.streams[n] for n in ("skeleton", "inertial"))
    assert skeleton.keep.sum(1).tolist() == [41, 50] * 4
    assert skeleton.times[0, 1] == pytest.approx(1.5 / 30) and inertial.times[0, 1] == pytest.approx(1.5 / 50)


def test_the_real_sets_have_their_published_sizes(shared: Path) -> None:
    assert [len(p) for p in read_mosi(shared / "mosi")][2] == 752
    assert [len(p) for p in read_utd_mhad(shared / "utd_mhad")][2] == 430
    assert [len(p) for p in read_handwritten(shared / "handwritten_views")] == [1280, 320, 400]
