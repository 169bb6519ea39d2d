"""A fitted predictor becomes a bundle, and the bundle is held against what was fitted, score by score."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zimu.bundles.manifest import Bundle, BundleManifest, FileEntry, find_bundle
from zimu.errors import BundleError
from zimu.features.spec import FeatureContract
from zimu.prediction.model import Model
from zimu.prediction.preparing import Prepared
from zimu.prediction.specs import PredictorSpec
from zimu.training.fitting.experts import Expert
from zimu.training.fitting.members import Members
from zimu.training.fitting.networks import Network
from zimu.training.fitting.report import FitReport
from zimu.training.fitting.streams import HEARING, SEEING, Streams

__all__ = ["check_parity", "write_predictor"]

_TOLERANCE = 2e-3


def write_predictor(
    target: Path, spec: PredictorSpec, members: Members, streams: Streams, report: FitReport, card: str
) -> Model:
    """Write a bundle of task "predict"; it appears whole or not at all.

    Args:
        target: The bundle's folder; an existing one is replaced.
        spec: The predictor.
        members: Its members.
        streams: What it takes.
        report: What was measured.
        card: Text of `CARD.md`.
    """
    folder = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    used = {m.name for m in spec.members}
    for name in sorted(used):
        member: Expert | Network = members.experts.get(name) or members.networks[name]
        member.write(folder / f"{name}.onnx")
    graphs = {n: FileEntry.of(folder / f"{n}.onnx") for n in sorted(used)}
    contract = FeatureContract()
    if streams.frozen is not None:
        graphs |= _copy_encoders(folder)
        contract = FeatureContract(video=streams.frozen.video, audio=streams.frozen.audio)
    (folder / "predictor.json").write_text(spec.model_dump_json(), "utf-8")
    (folder / "report.json").write_text(json.dumps(report.to_dict(), ensure_ascii=False), "utf-8")
    (folder / "CARD.md").write_text(card, "utf-8")
    manifest = BundleManifest(
        name=re.sub(r"[^A-Za-z0-9._-]+", "-", target.name).lstrip("._-") or "predictor",
        task="predict",
        kind="answer",
        # ISO 639-2: no linguistic content.
        languages=("zxx",),
        streams=spec.names,
        contract=contract,
        graphs=graphs,
        files={n: FileEntry.of(folder / f"{n}.json") for n in ("predictor", "report")},
        scores={m: s.value for m, s in report.systems["fused"].items()} if "fused" in report.systems else {},
    )
    (folder / "bundle.json").write_text(manifest.model_dump_json(indent=2), "utf-8")
    Bundle(folder).verify()
    shutil.rmtree(target, ignore_errors=True)
    folder.replace(target)
    return Model(Bundle(target))


def _copy_encoders(folder: Path) -> dict[str, FileEntry]:
    """Copy the encoders of pictures and sounds, so that the bundle needs no other."""
    out = {}
    for name, (bundle, graph) in (("see", SEEING), ("hear", HEARING)):
        path = folder / f"{name}.onnx"
        path.write_bytes(find_bundle(bundle).graph(graph))
        out[name] = FileEntry.of(path)
    return out


def check_parity(
    model: Model, prepared: Mapping[str, Prepared], wanted: npt.NDArray[np.float64], rows: int = 512
) -> int:
    """Answer rows with the bundle and compare the scores with those of the fitted members.

    Args:
        model: The bundle at work.
        prepared: {stream: rows}.
        wanted: Fused scores [B, K].
        rows: At most so many are compared.

    Returns:
        How many rows were compared.

    Raises:
        BundleError: A score differs.
    """
    some = {n: p.take(np.arange(min(rows, len(p.present)))) for n, p in prepared.items()}
    found, _ = model.scores(some)
    apart = np.abs(found - wanted[:rows])
    if len(apart) and float(apart.max()) > _TOLERANCE * max(1.0, float(np.abs(wanted).max())):
        row = int(apart.max(axis=1).argmax())
        raise BundleError(
            f"{model.path}: row {row + 1} scores {found[row].round(4).tolist()}, the fitted model "
            f"{wanted[row].round(4).tolist()}. The bundle is not what was trained."
        )
    return len(apart)
