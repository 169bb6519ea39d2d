"""`zimu.fit`: from a table to a model that is calibrated, explains itself, and says whether fusing helped."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.data.columns import Column, recognise
from zimu.data.records import Records, read_records
from zimu.data.splits import Parts, given_parts, split_rows, strata_of
from zimu.errors import ConfigError, MissingExtraError, unknown_name
from zimu.prediction.model import Model
from zimu.prediction.specs import FusingSpec, PredictorSpec
from zimu.training.fitting.leaks import find_leaks
from zimu.training.fitting.report import FitReport, columns_text, report_text
from zimu.training.fitting.streams import Streams, make_streams
from zimu.training.fitting.targets import Target, read_target

__all__ = ["fit"]

_FEWEST_ROWS = 20
_NEEDED = ("torch", "sklearn", "onnx")
_ENCODERS = "\nPictures are seen by EfficientNet-Lite0, sounds are heard by YAMNet, both under Apache-2.0.\n"


@dataclass(frozen=True)
class _Problem:
    """A table whose columns are told and whose rows are parted."""

    records: Records
    columns: list[Column]
    target: Target
    parts: Parts
    groups: list[Any] | None

    def truth(self, part: str) -> npt.NDArray[Any]:
        rows = list(getattr(self.parts, part))
        return self.target.values[rows]


def fit(
    table: Any,
    target: str,
    *,
    output: str | Path | None = None,
    kinds: Mapping[str, str] | None = None,
    group: str | None = None,
    task: str | None = None,
    folder: str | Path | None = None,
    shares: tuple[float, float, float] = (0.6, 0.2, 0.2),
    wanted_accuracy: float = 0.9,
    networks: bool = True,
    fusion: str = "concat_time",
    epochs: int = 40,
    seed: int = 0,
    tell: Callable[[str], None] = print,
) -> Model:
    """Return a model that predicts a column of a table from the others.

    Args:
        table: A pandas or polars data frame, a list of dictionaries, a dictionary of lists, or the path of a
            .csv, .jsonl or .parquet file. Cells hold numbers, categories, dates, texts, lists of numbers, or
            paths of pictures, sounds, videos and series (.npy, .csv).
        target: The column to predict; rows without it are left out.
        output: The bundle's folder; None makes one in the system's folder for temporary files.
        kinds: {column: kind} where you know better than `zimu.data.columns.recognise`.
        group: The column whose rows must not be parted, for instance the patient.
        task: "classify", "regress" or "label" (several labels a row); None tells it from the target.
        folder: What paths in cells are relative to; None takes the table's folder, or the working directory.
        shares: Of train, val and test, where no column says which row is what.
        wanted_accuracy: Of the answers given; less sure ones are withheld.
        networks: Whether networks are trained beside linear models and trees.
        fusion: How the network fuses, a key of `zimu.model.fusion.FUSIONS`.
        epochs: Of the networks, at most.
        seed: Of everything drawn; the same seed gives the same model.
        tell: Is given what is printed.

    Raises:
        ConfigError: The table cannot be read, or there is nothing to learn.
        UnknownNameError: A column, a kind or a task does not exist.
        MissingExtraError: Without the extra `train`.
    """
    for package in _NEEDED:
        if find_spec(package) is None:
            raise MissingExtraError(package, "train")
    from zimu.training.fitting.exporting import check_parity, write_predictor
    from zimu.training.fitting.judging import judge
    from zimu.training.fitting.members import Settings, train_members, weigh_members

    problem = _pose(table, target, kinds, group, task, folder, shares, seed, tell)
    streams = make_streams(problem.records, problem.columns, problem.parts, tell)
    base = _base(problem, streams)
    truth = {p: _standard(problem.truth(p), base) for p in ("train", "val", "test")}
    settings = Settings(networks, fusion, epochs, seed)
    members = train_members(streams, problem.target, truth, settings, tell)
    if not members.specs:
        raise ConfigError("No modality has rows in both the training and the validation part.")
    spec = weigh_members(members, streams, truth["val"], base)
    report = _start_report(problem, streams)
    groups = None if problem.groups is None else [problem.groups[i] for i in problem.parts.test]
    final = members.again(streams, truth)
    spec, fused = judge(spec, members, final, streams, truth, groups, report, wanted_accuracy)
    path = Path(output) if output is not None else Path(tempfile.mkdtemp(prefix="zimu-")) / "model"
    model = write_predictor(path, _used(spec), final, streams, report, "")
    compared = check_parity(model, streams.parts["test"], fused)
    report.given = model.contributions(streams.parts["test"])
    card = report_text(report)
    page = f"# {target}\n\n```\n{card}\n```\n" + (_ENCODERS if streams.frozen is not None else "")
    model = write_predictor(path, _used(spec), final, streams, report, page)
    tell(card)
    tell(f"The model is {path}; {compared} of its answers were compared with those of training.")
    return model


def _pose(
    table: Any,
    target: str,
    kinds: Mapping[str, str] | None,
    group: str | None,
    task: str | None,
    folder: str | Path | None,
    shares: tuple[float, float, float],
    seed: int,
    tell: Callable[[str], None],
) -> _Problem:
    records = read_records(table, folder)
    if target not in records.columns:
        raise unknown_name(f"column of {records.name}:", target, records.columns)
    rows = [i for i, v in enumerate(records.columns[target]) if v is not None]
    if len(rows) < _FEWEST_ROWS:
        raise ConfigError(
            f"{records.name} has {len(rows)} rows with a {target!r}; {_FEWEST_ROWS} are needed at least."
        )
    dropped = len(records) - len(rows)
    records = records.take(rows)
    columns = recognise(records, target=target, group=group, kinds=kinds)
    goal = read_target(target, records.columns[target], task)
    tell(
        f"{records.name}: {len(records)} rows"
        + (f", {dropped} without {target!r} left out" if dropped else "")
    )
    tell(columns_text(columns))
    tell(f"  > {target}  {goal.task}, {goal.reason}")
    chosen = next((c.name for c in columns if c.kind == "group"), None)
    groups = None if chosen is None else list(records.columns[chosen])
    parts = _part(records, columns, goal, groups, shares, seed)
    kept = f", rows of one {chosen!r} together" if chosen else ". No column keeps rows together: see group="
    tell(f"Parted into {len(parts.train)} train, {len(parts.val)} val, {len(parts.test)} test rows{kept}.")
    return _Problem(records, columns, goal, parts, groups)


def _part(
    records: Records,
    columns: list[Column],
    target: Target,
    groups: list[Any] | None,
    shares: tuple[float, float, float],
    seed: int,
) -> Parts:
    raw = records.columns[target.name]
    strata = strata_of(target.values.tolist() if target.task == "regress" else raw, target.task)
    split = next((c.name for c in columns if c.kind == "split"), None)
    if split is not None:
        return given_parts(records.columns[split], strata, groups, seed=seed)
    return split_rows(strata, groups, shares=shares, seed=seed)


def _base(problem: _Problem, streams: Streams) -> PredictorSpec:
    """Return the predictor without members: what it answers to nothing, and in which unit."""
    train = problem.truth("train")
    target = problem.target
    centre, scale = 0.0, 1.0
    if target.task == "regress":
        centre, scale = float(train.mean()), float(train.std()) or 1.0
        prior: tuple[float, ...] = (0.0,)
    elif target.task == "label":
        share = (train.sum(axis=0) + 0.5) / (len(train) + 1)
        prior = tuple(float(p) for p in np.log(share / (1 - share)))
    else:
        counts = np.bincount(train, minlength=len(target.classes)) + 0.5
        prior = tuple(float(p) for p in np.log(counts / counts.sum()))
    return PredictorSpec.model_construct(
        task=target.task,
        target=target.name,
        classes=target.classes,
        prior=prior,
        centre=centre,
        scale=scale,
        streams=streams.specs,
        members=(),
        fusing=FusingSpec(mixes={}),
    )


def _standard(truth: npt.NDArray[Any], base: PredictorSpec) -> npt.NDArray[Any]:
    return (truth - base.centre) / base.scale if base.task == "regress" else truth


def _used(spec: PredictorSpec) -> PredictorSpec:
    """Return the predictor without members that never count."""
    used = {n for mix in spec.fusing.mixes.values() for n in mix.weights}
    return spec.model_copy(update={"members": tuple(m for m in spec.members if m.name in used)})


def _start_report(problem: _Problem, streams: Streams) -> FitReport:
    parts = {p: getattr(problem.parts, p) for p in ("train", "val", "test")}
    report = FitReport(problem.target.task, problem.target.name, {p: len(r) for p, r in parts.items()})
    if problem.groups is not None:
        known = problem.groups
        report.groups = {p: len({str(known[i]) for i in rows}) for p, rows in parts.items()}
    for spec in streams.specs:
        rows = streams.parts["train"][spec.name]
        report.warnings += find_leaks(spec, rows, problem.target, problem.truth("train"))
    if streams.problems:
        shown = "; ".join(streams.problems[:3])
        report.warnings.append(
            f"{len(streams.problems)} cells could not be read and count as absent: {shown}"
        )
    return report
