"""A bundle's frozen frame encoder in eight-bit integers, kept only where the captions stay as good.

Source: Jacob et al. 2018 (arXiv:1712.05877), section 3, for static quantisation. Weights get a scale a
channel and are kept to seven bits, since the eight-bit products of older processors overflow (VPMADDUBSW).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.bundles.manifest import Bundle, FileEntry
from zimu.data.manifest import Manifest, Sample
from zimu.errors import ConfigError
from zimu.features.frames import frames_stream
from zimu.features.spec import VideoSpec
from zimu.streams import Frame
from zimu.timing import to_seconds
from zimu.training.evaluation import evaluate
from zimu.training.extraction import read_sample
from zimu.training.validation import LOWER_IS_BETTER

__all__ = ["Comparison", "keep_if_as_good", "quantise"]

_GRAPH = "video"
_PICTURES = 200
_BATCH = 8
# The share of the score that may be lost: far inside the interval of a thousand clips.
_LOSS = 0.01


@dataclass(frozen=True)
class Comparison:
    """Both scores of a split and which graph stayed.

    Attributes:
        split: The part that was scored.
        metric: Its name.
        float_scores: {language: value} of the graph as it was exported.
        int8_scores: {language: value} of the eight-bit graph.
        float_bytes: Size of the graph as it was exported.
        int8_bytes: Size of the eight-bit graph.
        kept: Whether the eight-bit graph stayed.
    """

    split: str
    metric: str
    float_scores: Mapping[str, float]
    int8_scores: Mapping[str, float]
    float_bytes: int
    int8_bytes: int
    kept: bool


def quantise(
    bundle: Bundle, samples: Sequence[Sample], target: Path, *, seed: int = 0, pictures: int = _PICTURES
) -> Bundle:
    """Make a copy of a bundle whose frame encoder computes in eight bits.

    Args:
        bundle: Of task "caption" with a graph "video".
        samples: Training clips; the ranges of activations are measured on pictures of them.
        target: The new bundle's folder; an existing one is replaced.
        seed: Draws the pictures.
        pictures: How many.

    Raises:
        ConfigError: The bundle has no frozen frame encoder, or there is no sample.
    """
    spec = bundle.manifest.contract.video
    if _GRAPH not in bundle.manifest.graphs or spec is None:
        raise ConfigError(f"{bundle.path} has no frozen frame encoder to quantise. Leave --int8 out.")
    if not samples:
        raise ConfigError("There is no training picture to quantise with. Set data.train of the recipe.")
    folder = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(bundle.path, folder)
    rng = np.random.default_rng(seed)
    chosen = [samples[int(i)] for i in rng.permutation(len(samples))[:pictures]]
    _quantise_graph(folder / bundle.manifest.graphs[_GRAPH].file, _batches(chosen, spec))
    graphs = bundle.manifest.graphs | {_GRAPH: FileEntry.of(folder / bundle.manifest.graphs[_GRAPH].file)}
    manifest = bundle.manifest.model_copy(update={"graphs": graphs})
    (folder / "bundle.json").write_text(manifest.model_dump_json(indent=2), "utf-8")
    shutil.rmtree(target, ignore_errors=True)
    folder.replace(target)
    return Bundle(target)


def keep_if_as_good(
    bundle: Bundle,
    manifest: Manifest,
    train: Sequence[str],
    split: str,
    metric: str,
    *,
    limit: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Comparison:
    """Put the eight-bit frame encoder into a bundle if every language keeps its score.

    Args:
        bundle: It is changed in its place.
        manifest: The data.
        train: Splits that give the pictures for the ranges.
        split: The part that both are scored on.
        metric: As `zimu.score` names it.
        limit: Score only so many clips of the part; 0: all.
        progress: Is told how many clips of how many are done.
    """
    beside = bundle.path.with_name(f".{bundle.path.name}.int8")
    try:
        small = quantise(bundle, [s for s in manifest if s.split in train], beside)
        part = Manifest(manifest.part(split).samples[: limit or None], manifest.path)
        before = _score(bundle, part, split, metric, progress)
        after = _score(small, part, split, metric, progress)
        kept = _is_as_good(before, after, metric)
        comparison = Comparison(
            split=split,
            metric=metric,
            float_scores=before,
            int8_scores=after,
            float_bytes=bundle.manifest.graphs[_GRAPH].bytes,
            int8_bytes=small.manifest.graphs[_GRAPH].bytes,
            kept=kept,
        )
        if kept:
            shutil.rmtree(bundle.path)
            beside.replace(bundle.path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return comparison


def _is_as_good(before: Mapping[str, float], after: Mapping[str, float], metric: str) -> bool:
    if metric in LOWER_IS_BETTER:
        return all(after[k] <= before[k] * (1 + _LOSS) for k in before)
    return all(after[k] >= before[k] * (1 - _LOSS) for k in before)


def _score(
    bundle: Bundle, manifest: Manifest, split: str, metric: str, progress: Callable[[int, int], None]
) -> dict[str, float]:
    result = evaluate(bundle, manifest, split, metrics=[metric], conditions=("all",), progress=progress)
    return {language: float(card[metric].value) for language, card in result.cards["all"].items()}


def _batches(samples: Sequence[Sample], spec: VideoSpec) -> Iterator[npt.NDArray[np.float32]]:
    """Yield pictures float32 [B, C, H, W] as the frame encoder takes them, the first of each sample."""
    waiting: list[npt.NDArray[np.float32]] = []
    for sample in samples:
        stream = read_sample(sample, spec, None)[_GRAPH]
        frames = [Frame(to_seconds(float(stream.times[0])), stream.values[0])] if len(stream.values) else []
        waiting += list(frames_stream(frames, spec).values)
        if len(waiting) >= _BATCH:
            yield np.stack(waiting)
            waiting = []
    if waiting:
        yield np.stack(waiting)


def _quantise_graph(path: Path, batches: Iterator[npt.NDArray[np.float32]]) -> None:
    """Replace an ONNX file by its eight-bit form."""
    from onnxruntime.quantization import (
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
        def get_next(self) -> dict[str, Any] | None:
            found = next(batches, None)
            return None if found is None else {"frames": found}

    # Batch norms must be folded into their convolutions first: a scale is measured behind them.
    folded = path.with_suffix(".folded")
    try:
        quant_pre_process(str(path), str(folded), skip_symbolic_shape=True)
        quantize_static(
            str(folded),
            str(path),
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
    finally:
        folded.unlink(missing_ok=True)
