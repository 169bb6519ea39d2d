"""The doctor: every problem is found where it is, and nowhere else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from zimu.data.doctor import PROBLEMS, Report, diagnose
from zimu.errors import ConfigError

Make = Callable[..., Path]


def _manifest(tmp_path: Path, *rows: dict[str, object] | str) -> Path:
    path = tmp_path / "manifest.jsonl"
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _found(report: Report) -> dict[str, list[tuple[str, ...]]]:
    return {p: [f.ids for f in report.findings if f.problem == p] for p in PROBLEMS if report.count(p)}


def test_every_problem_of_media_is_found_where_it_is(make_video: Make, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 48000)).astype(np.float32)
    video = make_video(tmp_path / "good.mp4", seconds=3, size=(96, 96), sound=noise[:1])
    shutil.copyfile(video, tmp_path / "copy.mp4")
    make_video(tmp_path / "again.mkv", seconds=3, size=(64, 64), sound=noise[:1])
    make_video(tmp_path / "mute.mp4", seconds=2, size=(64, 96), sound=None)
    make_video(tmp_path / "silent.mp4", seconds=2, size=(96, 64), sound="silence")
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    caption = {"references_en": ["A dog."]}
    rows = [
        {"id": "good", "video": "good.mp4", "split": "train"},
        {"id": "copy", "video": "copy.mp4", "split": "val"},
        {"id": "again", "video": "again.mkv", "split": "test"},
        {"id": "mute", "video": "mute.mp4", "split": "train"},
        {"id": "silent", "video": "silent.mp4", "split": "train", "end": 1.5},
        {"id": "broken", "video": "broken.mp4", "split": "train"},
        {"id": "gone", "video": "gone.mp4", "split": "train"},
        {"id": "short", "video": "good.mp4", "split": "train", "start": 0.5, "end": 1.25},
        {"id": "long", "video": "good.mp4", "split": "train", "start": 0.5, "end": 9},
    ]
    counted: list[tuple[int, int]] = []
    report = diagnose(
        _manifest(
            tmp_path, *({**row, **caption, "references_en": [f"A dog {i}."]} for i, row in enumerate(rows))
        ),
        jobs=1,
        progress=lambda done, total: counted.append((done, total)),
    )
    assert _found(report) == {
        "missing_media": [("gone",)],
        "unreadable": [("broken",)],
        "no_audio": [("mute",)],
        "silent_audio": [("silent",)],
        "short": [("short",)],
        "span_outside": [("long",)],
        "leaked_media": [("copy", "good", "short", "long")],
        "leaked_picture": [("again", "good", "short", "long"), ("again", "copy")],
    }
    assert counted[-1] == (7, 7)
    train = report.media["train"]
    assert train.samples == 7
    assert train.seconds is not None
    assert train.seconds[0] == pytest.approx(0.75)
    assert train.with_audio == pytest.approx(4 / 7)
    assert train.sizes["96x96"] == 3
    detail = next(f.detail for f in report.findings if f.problem == "span_outside")
    assert detail.startswith("ends at 9.00 s, the file at 3.0")


def test_every_problem_of_texts_is_found_where_it_is(tmp_path: Path) -> None:
    path = _manifest(
        tmp_path,
        {
            "id": "a",
            "split": "train",
            "references_en": ["A dog runs.", "a dog  runs"],
            "references_zh": ["狗在跑。"],
        },
        {"id": "b", "split": "val", "references_en": ["A DOG RUNS"], "references_zh": ["猫在睡觉。"]},
        {"id": "c", "split": "val", "references_en": ["一只狗。"], "references_zh": ["Two dogs run."]},
        {"id": "d", "split": "val", "references_en": ["Caf\ufffd at night."]},
        {"id": "e", "split": "val", "video": "e.mp4"},
        {"id": "f", "split": "val", "label": "dog"},
        {"id": "g", "split": "val", "references_en": ["..."], "references_zh": ["一个DJ在打碟。"]},
        {"id": "h", "start": 3, "end": 3},
        "{",
    )
    report = diagnose(path, media=False)
    assert report.samples == 7
    assert report.media == {}
    assert _found(report) == {
        "bad_row": [(), ()],
        "leaked_caption": [("a", "b")],
        "repeated_caption": [("a",)],
        "wrong_language": [("c",), ("c",)],
        "damaged_text": [("d",)],
        "wordless": [("g",)],
        "no_reference": [("e",)],
        "missing_language": [("d",)],
    }
    details = {f.problem: f.detail for f in report.findings}
    assert details["leaked_caption"] == "a dog runs (en, in train, val)"
    assert details["wrong_language"] == "Two dogs run. (en under zh)"


def test_the_numbers_of_the_texts_are_right(tmp_path: Path) -> None:
    path = _manifest(
        tmp_path,
        {"id": "a", "split": "train", "references_en": ["A dog runs.", "A dog runs."]},
        {
            "id": "b",
            "split": "train",
            "references_en": ["Two dogs sleep on the grass."],
            "references_zh": ["两只狗"],
        },
        {"id": "c", "split": "val", "references_en": ["A cat runs fast."]},
    )
    languages = diagnose(path, media=False).languages
    train, val = languages["en"]["train"], languages["en"]["val"]
    assert (train.samples, train.references, train.distinct) == (2, 3, pytest.approx(2 / 3))
    assert (train.most_common, train.most_common_share) == ("A dog runs.", pytest.approx(2 / 3))
    assert (train.tokens[0], train.tokens[1], train.tokens[3]) == (3, 4.0, 6)
    # a dog runs two dogs sleep on the grass; of them a, dog, runs stand twice.
    assert (train.vocabulary, train.once, train.unseen) == (9, pytest.approx(6 / 9), None)
    assert val.unseen == pytest.approx(2 / 4)
    assert languages["zh"]["train"].tokens == (3, 3.0, 3.0, 3)


def test_doubles_and_links_are_leaks_between_splits_only(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.npy").write_bytes(name.encode() if name == "c" else b"same")
    (tmp_path / "link.npy").symlink_to(tmp_path / "c.npy")
    rows = [{"id": n, "series": f"{n}.npy", "label": n, "split": "train"} for n in ("a", "b", "c", "link")]
    inside = diagnose(_manifest(tmp_path, *rows), jobs=1)
    assert _found(inside) == {"same_media": [("a", "b")]}
    across = diagnose(_manifest(tmp_path, *rows[:3], rows[3] | {"split": "val"}), jobs=1)
    assert _found(across) == {"same_media": [("a", "b")], "leaked_media": [("c", "link")]}


def test_a_healthy_manifest_has_no_findings(make_video: Make, tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4", seconds=2, size=(64, 64))
    report = diagnose(
        _manifest(tmp_path, {"id": "a", "video": "a.mp4", "references_zh": ["一只狗。"]}), jobs=1
    )
    assert report.findings == ()


def test_no_manifest_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no manifest"):
        diagnose(tmp_path / "none.jsonl")
