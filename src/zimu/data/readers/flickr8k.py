"""Flickr8k and Flickr8k-CN: photographs with five English and five Chinese sentences."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

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

__all__ = ["CN_READER", "READER"]

_LAYOUT = (
    "Flickr8k.token.txt, Flickr_8k.{train,dev,test}Images.txt and the pictures; or captions.txt "
    "(image,caption) and Images/; or captions.jsonl and images.zip"
)
_CN_LAYOUT = (
    "flickr8kzhc.caption.txt, flickr8k{train,val,test}.txt, the pictures, and what Flickr8k has, if wanted"
)

# Which caption file is which references; "zhc" is written by people who looked at the picture.
_ENGLISH_FILES = r"Flickr8k\.token\.txt|flickr8kenc\.caption\.txt"
_CHINESE_FILES = r"flickr8kzhc\.caption\.txt"
_TRANSLATED_FILES = r"flickr8kzhmtest\.captions?\.txt"
_SPLIT_FILES = {
    "train": r"Flickr_8k\.trainImages\.txt|flickr8ktrain\.txt",
    "val": r"Flickr_8k\.devImages\.txt|flickr8kval\.txt",
    "test": r"Flickr_8k\.testImages\.txt|flickr8ktest\.txt",
}
# 1000268201_693b08cb0e.jpg#0<tab>text, ...jpg#zhc#0 text; one file of the original has ".jpg.1#0".
_LINE = re.compile(r"(?P<stem>[^#\s]+?)\.jpg(?:\.\d)?#(?:\w+#)?\d+\s+(?P<text>.+)")


def read(source: Path) -> Iterator[Sample]:
    """Yield the pictures with all sentences found: English, and Chinese where its files are there."""
    packed = find_files(source, r"captions\.jsonl")
    if packed:
        return _read_packed(packed[0])
    english = _captions(source, _ENGLISH_FILES) or _comma_captions(source)
    if not english:
        raise missing_layout(source, _LAYOUT)
    return _samples(source, english)


def read_cn(source: Path) -> Iterator[Sample]:
    """Yield the pictures that have Chinese sentences."""
    packed = find_files(source, r"captions\.jsonl")
    if packed:
        return (s for s in _read_packed(packed[0]) if "zh" in s.references)
    if not _captions(source, _CHINESE_FILES):
        raise missing_layout(source, _CN_LAYOUT)
    return (s for s in _samples(source, _captions(source, _ENGLISH_FILES)) if "zh" in s.references)


def _read_packed(path: Path) -> Iterator[Sample]:
    folder = path.absolute().parent
    archive = folder / "images.zip"
    for row in load_json(path):
        picture = Path(f"{archive}!/{row['image']}") if archive.exists() else folder / "images" / row["image"]
        references = {
            language: clean(row[f"references_{language}"])
            for language in ("en", "zh")
            if row.get(f"references_{language}")
        }
        extra = {"translations_zh": row["translations_zh"]} if "translations_zh" in row else {}
        yield Sample(row["id"], {"image": picture}, split=row["split"], references=references, extra=extra)


def _captions(source: Path, pattern: str) -> dict[str, list[str]]:
    captions: dict[str, list[str]] = defaultdict(list)
    for path in find_files(source, pattern):
        for line in read_lines(path):
            if found := _LINE.fullmatch(line):
                captions[found["stem"]].append(found["text"])
    return captions


def _comma_captions(source: Path) -> dict[str, list[str]]:
    captions: dict[str, list[str]] = defaultdict(list)
    for path in find_files(source, r"captions\.txt"):
        for row in csv.DictReader(read_lines(path)):
            captions[Path(row["image"]).stem].append(row["caption"])
    return captions


def _samples(source: Path, english: dict[str, list[str]]) -> Iterator[Sample]:
    chinese = _captions(source, _CHINESE_FILES)
    translated = _captions(source, _TRANSLATED_FILES)
    splits = {
        line.removesuffix(".jpg"): split
        for split, pattern in _SPLIT_FILES.items()
        for path in find_files(source, pattern)
        for line in read_lines(path)
    }
    pictures = MediaIndex(source, "image")
    for stem in dict.fromkeys([*english, *chinese]):
        texts = {"en": clean(english.get(stem, ())), "zh": clean(chinese.get(stem, ()))}
        yield Sample(
            stem,
            {"image": pictures.find(stem)},
            # Pictures in no list of the split are known as its rest; they may be trained on.
            split=splits.get(stem, "extra" if splits else ""),
            references={language: found for language, found in texts.items() if found},
            extra={"translations_zh": translated[stem]} if stem in translated else {},
        )


READER = Reader(
    "8,091 photographs, five English sentences each",
    "forms.illinois.edu/sec/1713398 (Hodosh, Young, Hockenmaier 2013)",
    "non-commercial research and education; pictures belong to their owners",
    _LAYOUT,
    read,
)
CN_READER = Reader(
    "Flickr8k with five Chinese sentences each",
    "github.com/li-xirong/flickr8kcn (Li, Lan, Dong, Liu 2016)",
    "research; none stated for the sentences",
    _CN_LAYOUT,
    read_cn,
)
