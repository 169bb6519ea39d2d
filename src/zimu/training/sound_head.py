"""The head of the bundle `sounds`: trained on patches of made tracks, written into the bundle.

python -m zimu.training.sound_head MANIFEST --speech FOLDER --bundle bundles/sounds --folds 1,2,3,4

Reads ESC-10 (`zimu data import esc10`) and a folder of speech; two minutes of one core. A patch counts for a
kind where the sound covers 0.4 s of it, for none where it covers nothing; what lies between is left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.bundles.manifest import Bundle, FileEntry
from zimu.bundles.session import Graph
from zimu.captions.sound_head import SoundHead
from zimu.captions.wording import read_wording
from zimu.data.manifest import read_manifest
from zimu.errors import ConfigError, ZimuError
from zimu.features.spec import YAMNET_SPEC
from zimu.training.sound_tracks import ESC10_CLASSES, Track, compose_tracks
from zimu.training.sounds import read_sound, score_sound

__all__ = ["FOREIGN", "HEARD", "fit_head", "main", "patch_labels", "save_head"]

_Array = npt.NDArray[np.float32]

# Chosen on folds 1 to 4, two folds by a head trained on the other two: see recipes/sounds/README.md.
HEARD, FOREIGN = 0.35, 0.5
# A class that the network scores so high on average where a kind is goes with the kind.
_RELATED = 0.02
_PENALTY = 0.003
_COVERED_S, _PATCH_S, _HOP_S = 0.4, 0.96, 0.48


def patch_labels(
    track: Track, patches: int, kinds: Sequence[str]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the kind of each patch, `len(kinds)` for none, and which patches are clear.

    Args:
        track: What is in it.
        patches: How many patches it has.
        kinds: Their names in order.
    """
    middle = _PATCH_S / 2 + _HOP_S * np.arange(patches)
    labels, clear = np.full(patches, len(kinds), np.int64), np.ones(patches, np.bool_)
    for heard in track.truth:
        covered = np.minimum(middle + _PATCH_S / 2, heard.end_s) - np.maximum(
            middle - _PATCH_S / 2, heard.start_s
        )
        labels[covered >= _COVERED_S] = kinds.index(heard.kind)
        clear[(covered > 0.05) & (covered < _COVERED_S)] = False
    return labels, clear


def fit_head(
    features: _Array, scores: _Array, labels: npt.NDArray[np.int64], columns: Sequence[int]
) -> SoundHead:
    """Return a head trained on clear patches by ridge regression.

    Args:
        features: float32 [P, D].
        scores: float32 [P, C], the network's.
        labels: int64 [P], `len(columns)` for none; each kind has to be there.
        columns: The class by which each kind is told.
    """
    inputs = np.sqrt(np.maximum(features, 0))
    wanted = np.eye(len(columns) + 1, dtype=np.float32)[labels][:, :-1]
    centre, level = inputs.mean(0), wanted.mean(0)
    inputs = inputs - centre
    gram = inputs.T @ inputs + _PENALTY * len(labels) * np.eye(inputs.shape[1], dtype=np.float32)
    weights = np.linalg.solve(gram, inputs.T @ (wanted - level)).T.astype(np.float32)
    related = np.array([scores[labels == kind].mean(0) >= _RELATED for kind in range(len(columns))])
    return SoundHead(
        weights,
        (level - weights @ centre).astype(np.float32),
        np.array(columns, np.int64),
        related,
        HEARD,
        FOREIGN,
    )


def save_head(head: SoundHead, folder: Path, scores: Mapping[str, float] | None = None) -> None:
    """Write a head into a bundle's folder, and name it in its manifest.

    Args:
        head: The head.
        folder: The bundle.
        scores: Measured scores that replace those of the manifest.
    """
    from safetensors.numpy import save

    arrays: dict[str, npt.NDArray[Any]] = {
        # The file keeps bytes as they lie in memory: a transposed view would come back scrambled.
        "weights": np.ascontiguousarray(head.weights, np.float16),
        "bias": head.bias,
        "classes": head.classes,
        "related": head.related.astype(np.uint8),
        "heard": np.array(head.heard, np.float32),
        "foreign": np.array(head.foreign, np.float32),
    }
    (folder / "head.safetensors").write_bytes(save(arrays))
    manifest = Bundle(folder).manifest
    files = {**manifest.files, "head": FileEntry.of(folder / "head.safetensors")}
    update = {"files": files} | ({"scores": {**manifest.scores, **scores}} if scores else {})
    text = manifest.model_copy(update=update).model_dump_json(indent=2)
    (folder / "bundle.json").write_text(text + "\n", "utf-8")


def _train(arguments: argparse.Namespace) -> dict[str, Any]:
    folds = {int(f) for f in arguments.folds.split(",")}
    rows = [s for s in read_manifest(arguments.manifest) if int(str(s.extra.get("fold", 0))) in folds]
    clips = [(str(s.label), read_sound(s.path)) for s in rows]
    if not clips:
        raise ConfigError(f"{arguments.manifest} has no clip in the folds {arguments.folds}.")
    # Every second recording: the others are for tests.
    files = [path for path in sorted(arguments.speech.iterdir()) if path.suffix in (".ogg", ".wav")][::2]
    said = [read_sound(path) for path in files]
    bundle = Bundle(arguments.bundle)
    spec = bundle.manifest.contract.audio or YAMNET_SPEC
    wording, graph = read_wording(bundle.file("wording")), Graph(bundle, "tag", 1)
    kinds = list(ESC10_CLASSES)
    columns = [wording.class_names.index(ESC10_CLASSES[kind][0]) for kind in kinds]
    parts: list[tuple[_Array, _Array, npt.NDArray[np.int64]]] = []
    for track in compose_tracks(clips, said, np.random.default_rng(arguments.seed)):
        scores, features = score_sound(graph, track.values, spec)
        labels, clear = patch_labels(track, len(scores), kinds)
        parts.append((features[clear], scores[clear], labels[clear]))
    features, scores, labels = (np.concatenate(column) for column in zip(*parts, strict=True))
    head = fit_head(features, scores, labels, columns)
    save_head(head, arguments.bundle)
    known = labels < len(kinds)
    right = float((head.evidence(features[known]).argmax(1) == labels[known]).mean())
    return {"patches": len(labels), "right_on_training_patches": round(right, 4)}


def main(argv: Sequence[str] | None = None) -> int:
    """Train, write, and print what was done as JSON; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m zimu.training.sound_head", description=__doc__)
    parser.add_argument("manifest", type=Path, help="made by `zimu data import esc10`")
    parser.add_argument("--speech", type=Path, required=True, help="a folder of recordings of speech")
    parser.add_argument("--bundle", type=Path, required=True, help="the bundle's folder")
    parser.add_argument("--folds", default="1,2,3,4", help="whose clips are used")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)
    try:
        result = _train(arguments)
    except (ZimuError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
