"""Where a comparison's data come from, by name; they are kept, so that each run reads the same."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zimu.compare.encoded import read_encoded
from zimu.compare.recipes import CompareRecipe
from zimu.data.digits import make_digits
from zimu.data.handwritten import VIEWS, read_handwritten
from zimu.data.known_answers import make_known_answers
from zimu.data.mosi import read_mosi
from zimu.data.utd_mhad import read_utd_mhad
from zimu.errors import ConfigError, unknown_name
from zimu.streams import StreamBatch
from zimu.tasks import PredictData, PredictParts, SpokenWords

__all__ = ["SOURCES", "load_parts", "read_parts", "save_parts"]


def _known_answers(case: str, **options: Any) -> PredictParts:
    return make_known_answers(case, **options)


def _digits(mnist: str, spoken_digits: str, esc10: str, **options: Any) -> PredictParts:
    return make_digits(Path(mnist), Path(spoken_digits), Path(esc10), **options)


def _mosi(folder: str, sentences: str | None = None, **options: Any) -> PredictParts:
    return read_mosi(Path(folder), sentences=Path(sentences) if sentences else None, **options)


def _handwritten(folder: str, views: tuple[str, ...] = VIEWS, **options: Any) -> PredictParts:
    return read_handwritten(Path(folder), views, **options)


def _utd_mhad(folder: str, **options: Any) -> PredictParts:
    return read_utd_mhad(Path(folder), **options)


# To add one: a function of the options under `[data]` that gives three parts, and a line here.
SOURCES: dict[str, Callable[..., PredictParts]] = {
    "digits": _digits,
    "encoded": read_encoded,
    "handwritten": _handwritten,
    "known_answers": _known_answers,
    "mosi": _mosi,
    "utd_mhad": _utd_mhad,
}


def read_parts(recipe: CompareRecipe, case: str) -> PredictParts:
    """Return the data of a recipe's case, streams taken away where it says so.

    Raises:
        UnknownNameError: There is no such source.
        ConfigError: The source takes other options, or its files are not there.
    """
    if recipe.source not in SOURCES:
        raise unknown_name("source", recipe.source, SOURCES)
    options = {**recipe.data, **recipe.cases.get(case, {})}
    try:
        parts = SOURCES[recipe.source](**options)
    except TypeError as error:
        raise ConfigError(
            f"The source {recipe.source!r} does not take these options of `[data]`: {error}."
        ) from error
    if not recipe.absent.share:
        return parts
    generator = np.random.default_rng(recipe.absent.seed)
    return PredictParts(*(_lose(part, recipe.absent.share, generator) for part in parts))


def _lose(data: PredictData, share: float, generator: np.random.Generator) -> PredictData:
    """Return samples that have lost streams at random, never all of them."""
    names = sorted(data.streams)
    drawn = generator.random((len(data), len(names)))
    lost = drawn < share
    lost[np.arange(len(data)), drawn.argmax(1)] = False
    streams = {}
    for i, name in enumerate(names):
        stream = data.streams[name]
        keep = stream.keep & ~lost[:, i : i + 1]
        shape = (len(data), keep.shape[1], *(1,) * (stream.values.ndim - 2))
        streams[name] = StreamBatch(stream.values * keep.reshape(shape), keep, stream.times)
    return data.with_streams(streams)


def save_parts(parts: PredictParts, path: Path) -> str:
    """Write data as one npz file, whole or not at all, and return the first 12 hex digits of their hash."""
    arrays: dict[str, Any] = {}
    told: dict[str, Any] = {}
    for name, part in zip(PredictParts._fields, parts, strict=True):
        told[name] = {"ids": list(part.ids), "classes": list(part.classes), "streams": sorted(part.streams)}
        arrays[f"{name}/targets"] = part.targets
        if part.groups is not None:
            arrays[f"{name}/groups"] = part.groups
        if part.words is not None:
            arrays |= {f"{name}/words/{field}": values for field, values in part.words._asdict().items()}
        for stream, batch in part.streams.items():
            for field, values in batch._asdict().items():
                arrays[f"{name}/{stream}/{field}"] = values
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for key in sorted(arrays):
        digest.update(key.encode() + np.ascontiguousarray(arrays[key]).tobytes())
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        np.savez(file, about=np.array(json.dumps(told)), **arrays)
    Path(file.name).replace(path)
    return digest.hexdigest()[:12]


def load_parts(path: Path) -> PredictParts:
    """Return what `save_parts` wrote."""
    with np.load(path, allow_pickle=False) as file:
        told: Mapping[str, Any] = json.loads(str(file["about"]))
        return PredictParts(*(_part(file, name, told[name]) for name in PredictParts._fields))


def _part(file: Any, name: str, about: Mapping[str, Any]) -> PredictData:
    streams = {
        s: StreamBatch(*(file[f"{name}/{s}/{field}"] for field in StreamBatch._fields))
        for s in about["streams"]
    }
    groups = file[f"{name}/groups"] if f"{name}/groups" in file.files else None
    said = [f"{name}/words/{field}" for field in SpokenWords._fields]
    words = SpokenWords(*(file[key] for key in said)) if said[0] in file.files else None
    classes = tuple(about["classes"])
    return PredictData(about["ids"], streams, file[f"{name}/targets"], groups, classes, words)
