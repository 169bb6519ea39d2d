"""COCO, MSR-VTT, MSVD, VATEX and ActivityNet, each on a miniature of its real layout with invented texts."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from zimu.data.manifest import Sample
from zimu.data.readers import READERS
from zimu.errors import ConfigError


def _read(name: str, source: Path) -> dict[str, Sample]:
    samples = list(READERS[name].read(source))
    assert len({s.id for s in samples}) == len(samples)
    return {s.id: s for s in samples}


def _json(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data), encoding="utf-8")


def _csv(path: Path, *rows: tuple[object, ...]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)


def _coco(tmp_path: Path) -> None:
    for split, number, name in (
        ("train", 7, "COCO_train2014_000000000007.jpg"),
        ("val", 8, "COCO_val2014_000000000008.jpg"),
    ):
        _json(
            tmp_path / f"annotations/captions_{split}2014.json",
            {
                "info": {},
                "licenses": [],
                "images": [{"license": 0, "file_name": name, "id": number}],
                "annotations": [
                    {"image_id": number, "id": 1, "caption": "A dog\n digs. "},
                    {"image_id": number, "id": 2, "caption": "A dog."},
                ],
            },
        )


def test_coco_takes_the_split_from_the_file_and_finds_pictures_by_either_name(tmp_path: Path) -> None:
    _coco(tmp_path)
    (tmp_path / "train2014").mkdir()
    (tmp_path / "train2014/COCO_train2014_000000000007.jpg").touch()
    (tmp_path / "000000000008.jpg").touch()
    samples = _read("coco", tmp_path)
    assert {name: s.split for name, s in samples.items()} == {"7": "train", "8": "val"}
    assert samples["7"].references == {"en": ("A dog digs.", "A dog.")}
    assert samples["7"].path == tmp_path / "train2014/COCO_train2014_000000000007.jpg"
    assert samples["8"].path == tmp_path / "000000000008.jpg"


def test_karpathys_split_wins_and_trains_on_the_rest_of_val(tmp_path: Path) -> None:
    _coco(tmp_path)
    images = [
        {
            "filename": f"COCO_val2014_{i:012d}.jpg",
            "cocoid": i,
            "split": split,
            "sentences": [{"raw": "A cat."}],
        }
        for i, split in enumerate(("train", "restval", "val", "test"))
    ]
    _json(tmp_path / "dataset_coco.json", {"images": images})
    assert [s.split for s in _read("coco", tmp_path).values()] == ["train", "train", "val", "test"]


def test_a_karpathy_test_split_alone_is_read_too(tmp_path: Path) -> None:
    row = {"image_id": 3, "file_name": "COCO_val2014_000000000003.jpg", "captions": ["A cat."]}
    (tmp_path / "karpathy_test5k.json.gz").write_bytes(gzip.compress(json.dumps([row]).encode()))
    sample = _read("coco", tmp_path)["3"]
    assert (sample.split, sample.references) == ("test", {"en": ("A cat.",)})


def _msrvtt(tmp_path: Path) -> None:
    def video(number: int, split: str) -> dict[str, Any]:
        times = {"start time": 1.5, "end time": 12.0}
        return {"video_id": f"video{number}", "category": 1, "url": "u", "split": split, "id": number} | times

    for name, split, number in (("train_val", "train", 0), ("train_val", "validate", 1), ("test", "test", 9)):
        path = tmp_path / f"{name}_videodatainfo.json"
        data = json.loads(path.read_text()) if path.exists() else {"info": {}, "videos": [], "sentences": []}
        data["videos"].append(video(number, split))
        for sentence in ("a man sings", "a man is singing"):
            data["sentences"].append({"caption": sentence, "video_id": f"video{number}", "sen_id": 5})
        _json(path, data)
    (tmp_path / "category.txt").write_text("music\t0\npeople\t1\n")


def test_msrvtt_joins_sentences_to_videos_and_names_categories(tmp_path: Path) -> None:
    _msrvtt(tmp_path)
    (tmp_path / "TrainValVideo").mkdir()
    (tmp_path / "TrainValVideo/video1.mp4").touch()
    samples = _read("msrvtt", tmp_path)
    assert {n: s.split for n, s in samples.items()} == {"video0": "train", "video1": "val", "video9": "test"}
    assert samples["video1"].references == {"en": ("a man sings", "a man is singing")}
    assert samples["video1"].path == tmp_path / "TrainValVideo/video1.mp4"
    # The clips are cut already: the times of the source film must not become a span of the clip.
    assert samples["video1"].span is None
    assert samples["video1"].extra["source_start"] == 1.5
    assert samples["video1"].extra["category"] == "people"


def _msvd_mapping(tmp_path: Path) -> None:
    (tmp_path / "youtube_mapping.txt").write_text("-ab_c_5_15 vid1\nxyz_1_9 vid1250\nq_r_2_4 vid1301\n")


def _msvd_nodup(tmp_path: Path) -> None:
    rows = (
        ("-ab_c_5_15.avi", "A squirrel eats, slowly."),
        ("xyz_1_9.avi", "A man."),
        ("q_r_2_4.avi", "A dog."),
    )
    _csv(tmp_path / "MSVD_description.csv", ("VideoID", "Description"), *rows)


def _msvd_microsoft(tmp_path: Path) -> None:
    header = ("VideoID", "Start", "End", "WorkerID", "Source", "AnnotationTime", "Language", "Description")
    rows = (
        ("-ab_c", 5, 15, 1, "clean", 9, "English", "A squirrel eats, slowly."),
        ("-ab_c", 5, 15, 2, "clean", 9, "German", "Ein Hund."),
        ("xyz", 1, 9, 1, "clean", 9, "English", "A man."),
        ("q_r", 2, 4, 1, "clean", 9, "English", "A dog."),
    )
    _csv(tmp_path / "video_corpus.csv", header, *rows)


def _msvd_all(tmp_path: Path) -> None:
    (tmp_path / "AllVideoDescriptions.txt").write_text(
        "# a comment\n-ab_c_5_15 A squirrel eats, slowly.\nxyz_1_9 A man.\nq_r_2_4 A dog.\n"
    )


def _msvd_sents(tmp_path: Path) -> None:
    (tmp_path / "sents_train_lc_nopunc.txt").write_text("vid1\tA squirrel eats, slowly.\n")
    (tmp_path / "sents_val_lc_nopunc.txt").write_text("vid1250\tA man.\n")
    (tmp_path / "sents_test_lc_nopunc.txt").write_text("vid1301\tA dog.\n")


_ENGLISH = (_msvd_nodup, _msvd_microsoft, _msvd_all, _msvd_sents)


@pytest.mark.parametrize("write", _ENGLISH)
def test_msvd_reads_alike_from_each_of_its_files(write: Callable[[Path], None], tmp_path: Path) -> None:
    _msvd_mapping(tmp_path)
    write(tmp_path)
    _csv(
        tmp_path / "msvd_cn_captions.csv", ("id", "video_id", "sentence"), (1, "vid1.mp4", "一只松鼠在吃东西")
    )
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips/-ab_c_5_15.avi").touch()
    (tmp_path / "clips/vid1250.mp4").touch()
    samples = _read("msvd", tmp_path)
    assert {n: s.split for n, s in samples.items()} == {
        "-ab_c_5_15": "train",
        "xyz_1_9": "val",
        "q_r_2_4": "test",
    }
    assert samples["-ab_c_5_15"].references == {
        "en": ("A squirrel eats, slowly.",),
        "zh": ("一只松鼠在吃东西",),
    }
    assert samples["-ab_c_5_15"].path == tmp_path / "clips/-ab_c_5_15.avi"
    assert samples["xyz_1_9"].path == tmp_path / "clips/vid1250.mp4"


def test_msvd_does_not_double_captions_that_several_files_hold(tmp_path: Path) -> None:
    _msvd_mapping(tmp_path)
    for write in _ENGLISH:
        write(tmp_path)
    assert all(len(s.references["en"]) == 1 for s in _read("msvd", tmp_path).values())


def test_the_packed_msvd_has_both_languages(tmp_path: Path) -> None:
    row = {"id": "vid1", "clip": "-ab_c_5_15", "split": "train", "en": ["a dog"], "zh": ["一只狗"]}
    (tmp_path / "msvd_en_zh.jsonl.gz").write_bytes(gzip.compress((json.dumps(row) + "\n").encode()))
    sample = _read("msvd", tmp_path)["-ab_c_5_15"]
    assert sample.references == {"en": ("a dog",), "zh": ("一只狗",)}
    assert (sample.split, sample.extra) == ("train", {"short_name": "vid1"})


def test_vatex_reads_both_languages_and_files_of_one(tmp_path: Path) -> None:
    name = "a-b_c_000055_000065"
    both = {"videoID": name, "enCap": ["A man digs."], "chCap": ["一个男人在挖土。"]}
    _json(tmp_path / "vatex_training_v1.0.json", [both])
    _json(
        tmp_path / "vatex_public_test_english_v1.1.json",
        [{"videoID": "t_000001_000011", "enCap": ["A cat."]}],
    )
    (tmp_path / f"{name}.mp4").touch()
    samples = _read("vatex", tmp_path)
    assert samples[name].references == {"en": ("A man digs.",), "zh": ("一个男人在挖土。",)}
    assert samples[name].path == tmp_path / f"{name}.mp4"
    assert [s.split for s in samples.values()] == ["test", "train"]
    assert samples["t_000001_000011"].references == {"en": ("A cat.",)}


def test_activitynet_makes_each_event_a_sample(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    times = [[0.83, 19.86], [60.81, 17.37], [3, 3]]
    row = {
        "duration": 82.73,
        "timestamps": times,
        "sentences": ["A girl stands.", " She dances.", "Nothing."],
    }
    for name in ("train", "val_1", "val_2"):
        _json(tmp_path / f"{name}.json", {f"v_{name[:3]}": row})
    (tmp_path / "val.mkv").touch()
    samples = _read("activitynet", tmp_path)
    assert len(samples) == 6
    first = samples["v_val/val_1/0"]
    assert (first.start, first.end, first.split) == (Fraction("0.83"), Fraction("19.86"), "val")
    assert first.path == tmp_path / "val.mkv"
    # Ends that are exchanged are put right; an event that lasts no time is told and left out.
    assert samples["v_val/val_2/1"].start == Fraction("17.37")
    assert "v_val/val_2/2: left out, since it ends where it starts (3 s)" in caplog.text


@pytest.mark.parametrize(
    ("reader", "file", "data"),
    [
        ("coco", "captions_val2014.json", {"images": []}),
        ("msrvtt", "test_videodatainfo.json", {"videos": []}),
        ("vatex", "vatex_training_v1.0.json", [{"enCap": []}]),
        ("activitynet", "val_1.json", {"v_a": {"duration": 1}}),
    ],
)
def test_a_file_of_another_layout_is_named(reader: str, file: str, data: Any, tmp_path: Path) -> None:
    _json(tmp_path / file, data)
    with pytest.raises(ConfigError, match=rf"{file}.*not in the layout of"):
        list(READERS[reader].read(tmp_path))
    (tmp_path / file).write_text("{")
    with pytest.raises(ConfigError, match=rf"{file} cannot be read as JSON"):
        list(READERS[reader].read(tmp_path))
