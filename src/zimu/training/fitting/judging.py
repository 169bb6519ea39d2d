"""The judgement: every system on the test part, whether fusing helped, calibration, and when to abstain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.prediction.fusing import mix_of
from zimu.prediction.model import confidence
from zimu.prediction.specs import PredictorSpec
from zimu.tasks.abstain import choose_threshold, selective
from zimu.tasks.calibration import expected_calibration_error
from zimu.tasks.temperature import log_softmax, tempered
from zimu.training.fitting.evaluating import HIGHER, METRICS, area_of, by_metric, difference, items_of
from zimu.training.fitting.members import Members, alone, present_of, system_scores
from zimu.training.fitting.report import FitReport
from zimu.training.fitting.streams import Streams

__all__ = ["judge"]

Array = npt.NDArray[np.float64]


def judge(
    spec: PredictorSpec,
    members: Members,
    final: Members,
    streams: Streams,
    truth: Mapping[str, npt.NDArray[Any]],
    groups: Sequence[Any] | None,
    report: FitReport,
    wanted_accuracy: float,
) -> tuple[PredictorSpec, Array]:
    """Fill the report; return the predictor with its threshold, and its scores of the test part.

    Args:
        spec: The predictor.
        members: Its members as they learned from the training part: what the validation part is asked with.
        final: Its members as they will be used: what the test part is asked with.
        streams: The prepared streams.
        truth: {"val", "test": targets}.
        groups: Of the test rows.
        report: Is filled.
        wanted_accuracy: Of the answers given.
    """
    systems = {"what is usual": np.tile(np.asarray(spec.prior), (len(truth["test"]), 1))}
    for name, chosen in _systems(spec, members).items():
        made = alone(members, streams, truth["val"], spec, chosen)
        systems[name] = system_scores(final, streams, made, "test")[0]
    fused, widths = system_scores(final, streams, spec, "test")
    systems["fused"] = fused
    report.notes = dict(members.notes)
    _compare(spec, systems, truth["test"], groups, report)
    if spec.task == "regress":
        held = float(np.mean(np.abs(fused[:, 0] - truth["test"]) <= widths))
        width = float(np.nanmedian(widths)) * spec.scale
        report.interval = {"wanted": spec.coverage, "held": held, "width": width}
        return spec, fused
    _calibrate(spec, streams, truth["test"], fused, report)
    return _abstain(spec, members, streams, truth, fused, report, wanted_accuracy), fused


def _compare(
    spec: PredictorSpec,
    systems: Mapping[str, Array],
    truth: npt.NDArray[Any],
    groups: Sequence[Any] | None,
    report: FitReport,
) -> None:
    """Score every system on the test part, and the fused one against the others."""
    items = {n: items_of(s, truth, spec.task, spec.scale) for n, s in systems.items()}
    report.systems = {n: by_metric(i, groups) for n, i in items.items()}
    for name, found in systems.items() if spec.task == "classify" else ():
        if (area := area_of(found, truth, groups)) is not None:
            report.systems[name]["area_under_roc"] = area
    report.best_single = _best_single(report)
    metrics = METRICS[spec.task]
    usual, best = items["what is usual"], items[f"{report.best_single} alone"]
    report.against_usual = {m: difference(m, items["fused"][m], usual[m], groups) for m in metrics}
    if len(spec.names) > 1:
        report.fusing = {m: difference(m, items["fused"][m], best[m], groups) for m in metrics}


def _best_single(report: FitReport) -> str:
    """Return the single modality that is best on test, the hardest to beat."""
    first, second = METRICS[report.task]
    sign = -1 if first in HIGHER else 1
    singles = [n for n in report.systems if n.endswith(" alone")]
    scores = report.systems
    best = min(singles, key=lambda n: (sign * scores[n][first].value, scores[n][second].value))
    return best.removesuffix(" alone")


def _systems(spec: PredictorSpec, members: Members) -> dict[str, tuple[str, ...]]:
    """Return {name: members} of what the fused model is compared with."""
    out: dict[str, tuple[str, ...]] = {}
    for member in members.specs:
        if member.name in ("linear_table", "trees_table"):
            out[f"table, {member.name.split('_')[0]} (sklearn)"] = (member.name,)
    for stream in spec.names:
        names = tuple(m.name for m in members.specs if m.streams == (stream,))
        if names:
            out[f"{stream} alone"] = names
    if any(m.name == "network_fused" for m in members.specs):
        out["fused network"] = ("network_fused",)
    return out


def _calibrate(
    spec: PredictorSpec, streams: Streams, truth: npt.NDArray[Any], fused: Array, report: FitReport
) -> None:
    several = spec.task == "label"
    present = present_of(streams.specs, streams.parts["test"])
    raw = np.array(fused)
    temperatures = np.ones(len(fused))
    for row, real in enumerate(present):
        there = [n for n, r in zip(spec.names, real, strict=True) if r]
        if there:
            temperatures[row] = mix_of(spec.fusing, spec.members, there).temperature
    raw *= temperatures[:, None]
    before, after = (tempered(s, 1.0, several=several) for s in (raw, fused))
    report.calibration = {
        "before": expected_calibration_error(before, truth),
        "after": expected_calibration_error(after, truth),
        "temperature": float(np.median(temperatures)),
    }


def _abstain(
    spec: PredictorSpec,
    members: Members,
    streams: Streams,
    truth: Mapping[str, npt.NDArray[Any]],
    fused: Array,
    report: FitReport,
    wanted: float,
) -> PredictorSpec:
    val = system_scores(members, streams, spec, "val")[0]
    sure, right = _confidence(val, truth["val"], spec.task)
    found = choose_threshold(sure, right, wanted)
    threshold = 0.0 if found is None else found.threshold
    on_test = selective(*_confidence(fused, truth["test"], spec.task), threshold)
    report.abstention = {
        "wanted": wanted,
        "threshold": None if found is None else threshold,
        "coverage": on_test.coverage,
        "accuracy": None if np.isnan(on_test.accuracy) else on_test.accuracy,
    }
    return spec.model_copy(update={"threshold": threshold, "wanted_accuracy": wanted})


def _confidence(scores: Array, truth: npt.NDArray[Any], task: str) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return how sure each answer is, and whether it is right; of labels, whether all are."""
    chances = tempered(scores, 1.0, several=task == "label")
    sure = np.array([confidence(row, task) for row in chances])
    if task == "label":
        return sure, ((chances >= 0.5) == (truth > 0)).all(axis=1)
    return sure, log_softmax(scores).argmax(axis=1) == truth
