"""Imports: media are found, unpacked or copied, and missing ones are told."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from zimu.data.importing import import_set
from zimu.data.manifest import read_manifest
from zimu.data.readers import READERS
from zimu.errors import ConfigError, UnknownNameError


@pytest.fixture
def flickr(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.mkdir()
    rows = [
        {
            "id": name,
            "image": f"{name}.webp",
            "split": "train",
            "references_en": ["A dog ."],
            "references_zh": ["狗。"],
        }
        for name in ("a", "b")
    ]
    (source / "captions.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    with zipfile.ZipFile(source / "images.zip", "w") as archive:
        archive.writestr("a.webp", b"picture")
    return source


@pytest.fixture
def esc(tmp_path: Path) -> Path:
    source = tmp_path / "esc"
    (source / "audio").mkdir(parents=True)
    (source / "meta.csv").write_text("file,fold,target,category\n1-1-A.ogg,1,0,dog_bark\n")
    (source / "audio" / "1-1-A.ogg").write_bytes(b"sound")
    return source


def test_members_of_an_archive_are_unpacked_and_missing_ones_left_out(flickr: Path, tmp_path: Path) -> None:
    report = import_set("flickr8k", flickr, tmp_path / "out")
    (sample,) = read_manifest(report.manifest)
    assert sample.path == tmp_path / "out/images/a.webp"
    assert sample.path.read_bytes() == b"picture"
    assert list(report.missing) == ["b"]


def test_samples_without_media_are_kept_on_request(flickr: Path, tmp_path: Path) -> None:
    report = import_set("flickr8k", flickr, tmp_path / "out", keep_missing=True)
    assert [s.id for s in read_manifest(report.manifest)] == ["a", "b"]
    assert list(report.missing) == ["b"]


def test_a_member_cannot_be_written_outside_the_folder(flickr: Path, tmp_path: Path) -> None:
    row = {"id": "x", "image": "../../x.webp", "split": "train", "references_en": ["A dog ."]}
    (flickr / "captions.jsonl").write_text(json.dumps(row) + "\n")
    with zipfile.ZipFile(flickr / "images.zip", "w") as archive:
        archive.writestr("../../x.webp", b"picture")
    (sample,) = read_manifest(import_set("flickr8k", flickr, tmp_path / "deep/out").manifest)
    assert sample.path == tmp_path / "deep/out/images/x.webp"


def test_media_stay_where_they_are_unless_copied(esc: Path, tmp_path: Path) -> None:
    there = read_manifest(import_set("esc10", esc, tmp_path / "a").manifest)[0]
    here = read_manifest(import_set("esc10", esc, tmp_path / "b", copy=True).manifest)[0]
    assert there.path.resolve() == esc / "audio/1-1-A.ogg"
    assert here.path == tmp_path / "b/media/audio/1-1-A.ogg"
    assert here.path.read_bytes() == b"sound"


def test_a_set_without_any_media_is_refused_and_no_manifest_left(esc: Path, tmp_path: Path) -> None:
    (esc / "audio" / "1-1-A.ogg").unlink()
    with pytest.raises(ConfigError, match=r"none of the media, for instance .*1-1-A\.ogg"):
        import_set("esc10", esc, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_damaged_archive_is_named(flickr: Path, tmp_path: Path) -> None:
    (flickr / "images.zip").write_bytes(b"no zip")
    with pytest.raises(ConfigError, match=r"images\.zip cannot be unpacked"):
        import_set("flickr8k", flickr, tmp_path / "out")


def test_an_unknown_set_gets_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'flickr8k'"):
        import_set("flicker8k", tmp_path, tmp_path)


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_reader_refuses_a_folder_that_lacks_the_set(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"does not hold the set"):
        READERS[name].read(tmp_path)
    with pytest.raises(ConfigError, match="There is no folder"):
        READERS[name].read(tmp_path / "none")
