"""The bundle that names sounds: made from YAMNet's weights, and measured.

python -m zimu.training.sounds bundle WEIGHTS --wording bundles/sounds/wording.csv --output bundles/sounds
python -m zimu.training.sounds esc10 MANIFEST --bundle sounds
python -m zimu.training.sounds tracks MANIFEST --speech FOLDER --bundle sounds
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.bundles.manifest import Bundle, find_bundle
from zimu.bundles.session import Graph
from zimu.captions.sounds import SoundTagger
from zimu.captions.wording import Wording, read_wording
from zimu.data.manifest import Sample, read_manifest
from zimu.errors import ConfigError, MediaError, ZimuError
from zimu.features.sound import sound_stream
from zimu.features.spec import YAMNET_SPEC, AudioSpec
from zimu.media.reader import iter_media
from zimu.media.requests import SampleRequest
from zimu.streams import Samples
from zimu.training.pretrained import load_yamnet
from zimu.training.sound_bundle import check_graph, export_tagger
from zimu.training.sound_heads import five_folds, name_by_classes, summarise
from zimu.training.sound_tracks import BACKGROUNDS, ESC10_CLASSES, TrackScore, compose_tracks, score_tracks

__all__ = ["GAIN_DB", "main", "measure_esc10", "measure_tracks", "read_sound", "score_sound"]

_Array = npt.NDArray[np.float32]
_BATCH = 16
# The clips of ESC-10 lie at full level, louder than the videos YAMNet learnt from. Of 0, -3, -6, -9, -12 dB
# this one names the most clips of the folds 1 to 4 right.
GAIN_DB = -6.0
# What a bundle's folder keeps when its graph is made anew.
_DOCUMENTS = ("CARD.md", "LICENSE.yamnet")


def read_sound(path: Path, rate_hz: int = 16000) -> _Array:
    """Return a whole file's sound, float32 [n], mono.

    Raises:
        MediaError: The file cannot be read or has no sound.
    """
    blocks = [
        item.values
        for item in iter_media(path, frames=None, samples=SampleRequest(rate_hz))
        if isinstance(item, Samples)
    ]
    if not blocks:
        raise MediaError(f"{path} has no sound. Take it out of the manifest.")
    return np.concatenate(blocks)


def score_sound(graph: Graph, values: _Array, spec: AudioSpec) -> tuple[_Array, _Array]:
    """Return the scores [P, C] and features [P, D] of a sound's patches."""
    patches = sound_stream(Samples(Fraction(0), spec.rate_hz, values), spec).values
    parts = [graph(patches=patches[i : i + _BATCH]) for i in range(0, len(patches), _BATCH)]
    return (np.concatenate([p["scores"] for p in parts]), np.concatenate([p["features"] for p in parts]))


def _fold(sample: Sample) -> int:
    fold = str(sample.extra.get("fold", sample.split)).removeprefix("fold")
    if not fold.isdigit():
        raise ConfigError(f"Sample {sample.id!r} has no fold. Make the manifest with: zimu data import esc10")
    return int(fold)


def _kind(sample: Sample) -> str:
    if sample.label is None or sample.label not in ESC10_CLASSES:
        raise ConfigError(
            f"Sample {sample.id!r} has the label {sample.label!r}. Known: {', '.join(ESC10_CLASSES)}."
        )
    return sample.label


def measure_esc10(manifest: Path, bundle: Bundle, *, gain_db: float = GAIN_DB) -> dict[str, Any]:
    """Return how many clips are named right without training and with a head, by fold.

    Args:
        manifest: Of ESC-10, made by `zimu data import esc10`.
        bundle: A bundle of task "tag".
        gain_db: The level at which clips are also named without training, relative to how they lie there.
    """
    spec = bundle.manifest.contract.audio or YAMNET_SPEC
    wording = read_wording(bundle.file("wording"))
    graph = Graph(bundle, "tag", 1)
    samples = read_manifest(manifest)
    labels, folds = [_kind(s) for s in samples], [_fold(s) for s in samples]
    classes = {k: [wording.class_names.index(n) for n in names] for k, names in ESC10_CLASSES.items()}
    named: dict[str, list[str]] = {"max": [], "mean": [], "mean_at_gain": []}
    inputs = []
    for sample in samples:
        values = read_sound(sample.path, spec.rate_hz)
        scores, features = score_sound(graph, values, spec)
        quieter, _ = score_sound(graph, values * np.float32(10 ** (gain_db / 20)), spec)
        named["max"].append(name_by_classes(scores, classes, "max"))
        named["mean"].append(name_by_classes(scores, classes, "mean"))
        named["mean_at_gain"].append(name_by_classes(quieter, classes, "mean"))
        inputs.append(summarise(features))
    head = five_folds(np.array(inputs), labels, folds)
    return {
        "clips": len(samples),
        "gain_db": gain_db,
        "untrained": {pooling: _by_fold(names, labels, folds) for pooling, names in named.items()},
        "untrained_wrong": [
            {"id": s.id, "is": label, "named": name}
            for s, label, name in zip(samples, labels, named["mean_at_gain"], strict=True)
            if label != name
        ],
        "head": {"mean": head.mean} | {str(f): a for f, a in head.accuracy.items()},
        "head_penalties": dict(head.penalties),
        "head_wrong": [{"id": samples[i].id, "is": labels[i], "named": name} for i, name in head.wrong],
    }


def _by_fold(names: Sequence[str], labels: Sequence[str], folds: Sequence[int]) -> dict[str, float]:
    right, where = np.array(names) == np.array(labels), np.array(folds)
    return {"mean": float(right.mean())} | {
        str(f): float(right[where == f].mean()) for f in sorted(set(folds))
    }


def measure_tracks(
    manifest: Path, speech: Path, bundle: Bundle, folds: Sequence[int], *, seed: int = 0, rounds: int = 1
) -> dict[str, TrackScore]:
    """Return how well sound captions find known sounds, over each background and "all".

    Args:
        manifest: Of ESC-10.
        speech: A folder of recordings of speech, for the background.
        bundle: A bundle of task "tag".
        folds: The folds of the manifest whose clips are laid into tracks.
        seed: Decides order, levels and times.
        rounds: How often each clip is laid into a track.
    """
    clips = [(_kind(s), read_sound(s.path)) for s in read_manifest(manifest) if _fold(s) in folds]
    if not clips:
        raise ConfigError(f"{manifest} has no clip in the folds {', '.join(map(str, folds))}.")
    said = [read_sound(p) for p in sorted(speech.iterdir()) if p.suffix in (".ogg", ".wav", ".flac", ".mp3")]
    if not said:
        raise ConfigError(f"{speech} holds no .ogg, .wav, .flac or .mp3 file of speech.")
    rng = np.random.default_rng(seed)
    tracks = [track for _ in range(rounds) for track in compose_tracks(clips, said, rng)]
    told = []
    wording: Wording | None = None
    for track in tracks:
        tagger = SoundTagger.from_bundle(bundle)
        wording = tagger.wording
        tagger.feed(Samples(Fraction(0), 16000, track.values))
        told.append(tagger.events())
    assert wording is not None  # there is at least one track, since there is a clip
    out = {"all": score_tracks(tracks, told, wording)}
    for background in BACKGROUNDS:
        rows = [i for i, t in enumerate(tracks) if t.background == background]
        out[background] = score_tracks([tracks[i] for i in rows], [told[i] for i in rows], wording)
    return out


def _make_bundle(arguments: argparse.Namespace) -> dict[str, Any]:
    model = load_yamnet(arguments.weights)
    target: Path = arguments.output
    kept = {n: (target / n).read_bytes() for n in _DOCUMENTS if (target / n).is_file()}
    scores = json.loads(arguments.scores.read_text("utf-8")) if arguments.scores else {}
    bundle = export_tagger(model, arguments.wording, target, documents=kept, scores=scores)
    patches = np.random.default_rng(0).normal(-4, 2, (32, 96, 64)).astype(np.float32)
    return {
        "bundle": str(target),
        "bytes": sum(p.stat().st_size for p in target.iterdir()),
        "largest_score_difference_to_torch": check_graph(bundle, model, patches),
    }


def _show_tracks(scores: dict[str, TrackScore]) -> dict[str, Any]:
    return {
        name: {
            "sounds": s.truths,
            "told": s.told,
            "precision": round(s.precision, 4),
            "vague": s.vague,
            "recall": round(s.recall, 4),
            "f1": round(s.f1, 4),
            "start_error_s": [round(float(q), 2) for q in np.quantile(s.start_errors, (0.1, 0.5, 0.9))],
            "end_error_s": [round(float(q), 2) for q in np.quantile(s.end_errors, (0.1, 0.5, 0.9))],
        }
        for name, s in scores.items()
        if s.found
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m zimu.training.sounds", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("bundle", help="make the bundle from YAMNet's weights and the table of words")
    make.add_argument("weights", type=Path, help="yamnet_folded_fp16.safetensors")
    make.add_argument("--wording", type=Path, required=True, help="the table of words")
    make.add_argument("--output", type=Path, required=True, help="the bundle's folder")
    make.add_argument("--scores", type=Path, help="JSON of measured scores, kept in the bundle")
    clips = commands.add_parser("esc10", help="name the clips of ESC-10 without training and with a head")
    tracks = commands.add_parser("tracks", help="caption made tracks of known sounds")
    for command in (clips, tracks):
        command.add_argument("manifest", type=Path, help="made by `zimu data import esc10`")
        command.add_argument("--bundle", default="sounds", help="a name or a path")
    tracks.add_argument("--speech", type=Path, required=True, help="a folder of recordings of speech")
    tracks.add_argument("--folds", default="5", help="whose clips are used, for instance 1,2,3,4")
    tracks.add_argument("--seed", type=int, default=0)
    tracks.add_argument("--rounds", type=int, default=1, help="how often each clip is used")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command, print its result as JSON, and return the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        if arguments.command == "bundle":
            result = _make_bundle(arguments)
        elif arguments.command == "esc10":
            result = measure_esc10(arguments.manifest, find_bundle(arguments.bundle))
        else:
            folds = [int(f) for f in arguments.folds.split(",")]
            bundle = find_bundle(arguments.bundle)
            options = {"seed": arguments.seed, "rounds": arguments.rounds}
            result = _show_tracks(
                measure_tracks(arguments.manifest, arguments.speech, bundle, folds, **options)
            )
    except (ZimuError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    print(json.dumps(result, indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
