"""COCO captions: the official annotation files, or Karpathy's split of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zimu.data.manifest import Sample
from zimu.data.readers.layout import MediaIndex, Reader, clean, find_files, load_json, missing_layout
from zimu.errors import ConfigError

__all__ = ["READER"]

_LAYOUT = "captions_{train,val}{2014,2017}.json, or Karpathy's dataset_coco.json, and the pictures"

# Karpathy trains on "restval" too, the part of val2014 that is in neither his val nor his test.
_KARPATHY_SPLITS = {"train": "train", "restval": "train", "val": "val", "test": "test"}


def read(source: Path) -> Iterator[Sample]:
    """Yield the pictures with their English sentences; Karpathy's split wins where both are there."""
    karpathy = find_files(source, r"dataset_coco\.json|karpathy_test5k\.json(\.gz)?")
    official = find_files(source, r"captions_(train|val)20(14|17)\.json")
    if not karpathy and not official:
        raise missing_layout(source, _LAYOUT)
    pictures = MediaIndex(source, "image")
    if karpathy:
        return _read_karpathy(karpathy[0], pictures)
    return (sample for path in official for sample in _read_official(path, pictures))


def _read_official(path: Path, pictures: MediaIndex) -> Iterator[Sample]:
    data = load_json(path)
    captions: dict[int, list[str]] = defaultdict(list)
    try:
        for annotation in data["annotations"]:
            captions[annotation["image_id"]].append(annotation["caption"])
        images = [(image["id"], image["file_name"]) for image in data["images"]]
    except (KeyError, TypeError) as error:
        raise ConfigError(f"{path} is not in the layout of COCO captions: {error} is missing.") from error
    split = "train" if "train" in path.name else "val"
    for number, name in images:
        yield _sample(number, name, captions[number], split, pictures)


def _read_karpathy(path: Path, pictures: MediaIndex) -> Iterator[Sample]:
    data = load_json(path)
    if isinstance(data, list):  # the test split alone, one object a picture
        for row in data:
            yield _sample(row["image_id"], row["file_name"], row["captions"], "test", pictures)
        return
    for image in data["images"]:
        texts = [sentence["raw"] for sentence in image["sentences"]]
        yield _sample(image["cocoid"], image["filename"], texts, _KARPATHY_SPLITS[image["split"]], pictures)


def _sample(number: int, name: str, texts: list[str], split: str, pictures: MediaIndex) -> Sample:
    # Files of 2017 are called by the number alone; those of 2014 have the part's name before it.
    media: dict[str, Any] = {"image": pictures.find(Path(name).stem, f"{number:012d}")}
    return Sample(str(number), media, split=split, references={"en": clean(texts)})


READER = Reader(
    "123,287 photographs, five English sentences each",
    "cocodataset.org (Chen et al. 2015); split: cs.stanford.edu/people/karpathy/deepimagesent",
    "sentences CC BY 4.0; pictures by Flickr's terms",
    _LAYOUT,
    read,
)
