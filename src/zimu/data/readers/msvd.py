"""MSVD: short web video clips with about forty English sentences each, and MSVD-CN's Chinese ones."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zimu.data.manifest import Sample
from zimu.data.readers.layout import (
    MediaIndex,
    Reader,
    clean,
    find_files,
    load_json,
    missing_layout,
    read_lines,
)

__all__ = ["READER"]

_LAYOUT = (
    "one of the English files (Microsoft's CSV, MSVD_description.csv, AllVideoDescriptions.txt, sents_*.txt, "
    "msvd_en_zh.jsonl.gz), youtube_mapping.txt, and the videos; msvd_cn_captions.csv for Chinese"
)
_LANGUAGES = {"English": "en", "Chinese": "zh"}

# The split that every paper uses, by the number in `vid123` (Venugopalan et al. 2015).
_LAST_TRAIN, _LAST_VAL = 1200, 1300

# {clip: {language: texts}}
Captions = dict[str, dict[str, list[str]]]


def read(source: Path) -> Iterator[Sample]:
    """Yield the clips with English sentences, and Chinese ones where they are there.

    Of several English files the one that says most is taken: they hold the same sentences.
    """
    mapping = _mapping(source)
    captions = _empty()
    for take in (_take_packed, _take_microsoft, _take_nodup, _take_all, _take_sents):
        if take(source, captions, mapping):
            break
    chinese = _empty()
    _take_chinese(source, chinese, mapping)
    for clip, texts in chinese.items():
        captions[clip].setdefault("zh", texts["zh"])
    if not captions:
        raise missing_layout(source, _LAYOUT)
    return _samples(source, captions, {clip: name for name, clip in mapping.items()})


def _empty() -> Captions:
    return defaultdict(lambda: defaultdict(list))


def _samples(source: Path, captions: Captions, names: dict[str, str]) -> Iterator[Sample]:
    videos = MediaIndex(source, "video")
    for clip, texts in captions.items():
        name = names.get(clip, "")
        # A clip whose name is not known by the mapping may be called by the short one already.
        number = (name or clip).removeprefix("vid")
        extra: dict[str, Any] = {"short_name": name} if name else {}
        yield Sample(
            clip,
            {"video": videos.find(clip, name or clip)},
            split=_split(int(number)) if number.isdigit() else "",
            references={language: clean(found) for language, found in texts.items()},
            extra=extra,
        )


def _split(number: int) -> str:
    return "train" if number <= _LAST_TRAIN else "val" if number <= _LAST_VAL else "test"


def _mapping(source: Path) -> dict[str, str]:
    """Return {"vid1": "-4wsuPCjDBc_5_15"}, from the mapping or from the packed file."""
    found: dict[str, str] = {}
    for path in find_files(source, r"youtube_mapping\.txt"):
        for line in read_lines(path):
            clip, _, name = line.rpartition(" ")
            found[name] = clip
    for path in find_files(source, r"msvd_en_zh\.jsonl(\.gz)?"):
        found |= {row["id"]: row["clip"] for row in load_json(path)}
    return found


def _take_packed(source: Path, captions: Captions, _: dict[str, str]) -> bool:
    paths = find_files(source, r"msvd_en_zh\.jsonl(\.gz)?")
    for row in (row for path in paths for row in load_json(path)):
        for language in ("en", "zh"):
            if row.get(language):
                captions[row["clip"]][language] += row[language]
    return bool(paths)


def _take_microsoft(source: Path, captions: Captions, _: dict[str, str]) -> bool:
    paths = find_files(source, r"(video_corpus|MSR[ _]Video[ _]Description[ _]Corpus)\.csv")
    for row in (row for path in paths for row in csv.DictReader(read_lines(path))):
        if (language := _LANGUAGES.get(row["Language"])) and row["Description"]:
            captions[f"{row['VideoID']}_{row['Start']}_{row['End']}"][language].append(row["Description"])
    return bool(paths)


def _take_nodup(source: Path, captions: Captions, _: dict[str, str]) -> bool:
    paths = find_files(source, r"MSVD_description.*\.csv")
    for row in (row for path in paths for row in csv.DictReader(read_lines(path))):
        captions[Path(row["VideoID"]).stem]["en"].append(row["Description"])
    return bool(paths)


def _take_all(source: Path, captions: Captions, mapping: dict[str, str]) -> bool:
    paths = find_files(source, r"AllVideoDescriptions\.txt")
    for line in (line for path in paths for line in read_lines(path)):
        clip, text = [*line.split(maxsplit=1), ""][:2]
        if text and not line.startswith("#"):
            captions[clip]["en"].append(text)
    return bool(paths)


def _take_sents(source: Path, captions: Captions, mapping: dict[str, str]) -> bool:
    paths = find_files(source, r"sents_(train|val|test)_lc_nopunc\.txt")
    for line in (line for path in paths for line in read_lines(path)):
        name, _, text = line.partition("\t")
        captions[mapping.get(name, name)]["en"].append(text)
    return bool(paths)


def _take_chinese(source: Path, captions: Captions, mapping: dict[str, str]) -> bool:
    paths = find_files(source, r"msvd_cn_captions\.csv")
    for row in (row for path in paths for row in csv.DictReader(read_lines(path))):
        name = Path(row["video_id"]).stem
        captions[mapping.get(name, name)]["zh"].append(row["sentence"])
    return bool(paths)


READER = Reader(
    "1,970 short web video clips, about 40 English and 6 Chinese sentences each",
    "cs.utexas.edu/users/ml/clamp/videoDescription (Chen, Dolan 2011); Chinese: "
    "github.com/mcislab-machine-learning/MSVD-CN",
    "Microsoft Research terms, research; none stated for the Chinese",
    _LAYOUT,
    read,
)
