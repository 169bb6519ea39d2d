"""A fitted model at work: rows in, answers out, each with its reasons. NumPy and ONNX Runtime, no torch."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from zimu.bundles.manifest import Bundle
from zimu.bundles.session import Graph
from zimu.data.records import read_records
from zimu.errors import BundleError, ConfigError
from zimu.prediction.answers import Answer, Answers, Explanation
from zimu.prediction.fusing import fuse
from zimu.prediction.opening import Frozen
from zimu.prediction.preparing import Prepared, prepare_rows
from zimu.prediction.specs import MemberSpec, PredictorSpec
from zimu.streams import StreamBatch
from zimu.tasks.shapley import shapley_values
from zimu.tasks.temperature import tempered

__all__ = ["Model", "confidence", "step_inputs"]

Array = npt.NDArray[np.float64]

# Rows answered at once.
_BATCH = 256


class Model:
    """A bundle of task "predict".

    Args:
        bundle: The bundle.
        threads: Threads of ONNX Runtime; 0 takes as many as there are cores, at most 4.

    Raises:
        BundleError: The bundle is of another task, or its parts do not fit each other.
    """

    def __init__(self, bundle: Bundle, threads: int = 0) -> None:
        if bundle.manifest.task != "predict":
            raise BundleError(
                f"{bundle.path} is a bundle of task {bundle.manifest.task!r}; one of task 'predict', "
                "as `zimu fit` makes it, is needed."
            )
        self.bundle = bundle
        try:
            self.spec = PredictorSpec.model_validate_json(bundle.file("predictor"))
        except ValidationError as error:
            where = ".".join(str(p) for p in error.errors()[0]["loc"])
            raise BundleError(f"{bundle.path}: predictor.json is wrong at `{where}`.") from error
        self._threads = threads
        self._graphs: dict[str, Graph] = {}

    @property
    def path(self) -> Path:
        """Where the model lies."""
        return self.bundle.path

    @property
    def report(self) -> dict[str, Any]:
        """What was measured when it was fitted: splits, scores with intervals, calibration, verdicts."""
        found: dict[str, Any] = json.loads(self.bundle.file("report"))
        return found

    def __str__(self) -> str:
        return self.bundle.card()

    def predict(
        self, table: Any, *, folder: str | Path | None = None, explain: bool = False, guard: bool = False
    ) -> Answers:
        """Return an answer for each row.

        Columns that are missing, cells that are empty and files that cannot be read count as absent; where a
        row has nothing at all the answer is what is usual.

        Args:
            table: As `zimu.fit` takes it; the target is not looked at.
            folder: What paths in cells are relative to; None takes that of the file, or the working
                directory.
            explain: Say of each answer what each modality gave to it.
            guard: Decode media in a child process with limits: for files from strangers.

        Raises:
            ConfigError: The table cannot be read, or has none of the model's columns.
        """
        records = read_records(table, folder)
        known = {c for s in self.spec.streams for c in s.columns}
        if not known & set(records.columns):
            raise ConfigError(
                f"{records.name} has none of the model's columns. It needs some of these: "
                f"{', '.join(sorted(known))}."
            )
        rows: list[Answer] = []
        problems: list[str] = []
        scores: list[Array] = []
        for start in range(0, len(records), _BATCH):
            part = records.take(range(start, min(start + _BATCH, len(records))))
            prepared, trouble = prepare_rows(self.spec.streams, part, self._frozen(guard))
            problems += trouble
            found, widths = self.scores(prepared)
            explained: list[Explanation | None] = [None] * len(part)
            if explain:
                explained = self._explain(prepared)
            scores.append(self._probabilities(found))
            rows += self._answers(scores[-1], widths, prepared, explained)
        return Answers(tuple(rows), np.concatenate(scores), tuple(problems))

    def scores(
        self,
        prepared: Mapping[str, Prepared],
        only: frozenset[str] | None = None,
        known: dict[str, Array] | None = None,
    ) -> tuple[Array, npt.NDArray[np.float64]]:
        """Return fused scores [B, K] at their temperature, and half the interval [B] of a regression.

        Args:
            prepared: {stream: rows}.
            only: The streams that are shown; the others count as absent. None: all.
            known: Scores of members that take a summary, filled in: they do not change with `only`.
        """
        shown = frozenset(self.spec.names) if only is None else only
        there = [prepared[n].present & (n in shown) for n in self.spec.names]
        known = {} if known is None else known
        members = {}
        for member in self.spec.members:
            if member.name not in known:
                members[member.name] = self._member(member, prepared, shown)
                if member.takes == "summary":
                    known[member.name] = members[member.name]
        members |= known
        return fuse(self.spec, members, np.stack(there, axis=1))

    def _member(self, member: MemberSpec, prepared: Mapping[str, Prepared], shown: frozenset[str]) -> Array:
        if member.name not in self._graphs:
            self._graphs[member.name] = Graph(self.bundle, member.name, self._threads)
        graph = self._graphs[member.name]
        if member.takes == "summary":
            stream = next(s for s in self.spec.streams if s.name == member.streams[0])
            summary = prepared[stream.name].dense()
            if member.plain and stream.table is not None:
                summary = summary[:, list(stream.table.plain)]
            inputs = {"summary": np.ascontiguousarray(summary)}
        else:
            inputs = step_inputs({n: prepared[n].steps for n in member.streams}, shown)
        return graph(**inputs)["scores"].astype(np.float64)

    def _probabilities(self, scores: Array) -> Array:
        """Return probabilities [B, K], or numbers [B, 1] in the target's unit."""
        if self.spec.task == "regress":
            return scores * self.spec.scale + self.spec.centre
        return tempered(scores, 1.0, several=self.spec.task == "label")

    def _answers(
        self,
        found: Array,
        widths: npt.NDArray[np.float64],
        prepared: Mapping[str, Prepared],
        explained: list[Explanation | None],
    ) -> list[Answer]:
        out = []
        for row, values in enumerate(found):
            present = tuple(n for n in self.spec.names if prepared[n].present[row])
            interval = None
            if self.spec.task == "regress":
                best: Any = float(values[0])
                reach = float(widths[row]) * self.spec.scale
                interval = (best - reach, best + reach)
            elif self.spec.task == "label":
                best = [c for c, p in zip(self.spec.classes, values, strict=True) if p >= 0.5]
            else:
                best = self.spec.classes[int(values.argmax())]
            sure = float("nan") if self.spec.task == "regress" else confidence(values, self.spec.task)
            said = (
                {}
                if self.spec.task == "regress"
                else dict(zip(self.spec.classes, values.tolist(), strict=True))
            )
            value = None if sure < self.spec.threshold else best
            out.append(Answer(value, best, sure, said, interval, present, explained[row]))
        return out

    def contributions(self, prepared: Mapping[str, Prepared], rows: int = 256) -> dict[str, float]:
        """Return how much each modality gave to an answer on average, whether up or down.

        Args:
            prepared: {stream: rows}.
            rows: At most so many are explained.
        """
        some = {n: p.take(np.arange(min(rows, len(p.present)))) for n, p in prepared.items()}
        found = [e.given for e in self._explain(some) if e is not None]
        return {n: float(np.mean([abs(given[n]) for given in found])) for n in self.spec.names}

    def save(self, path: str | Path) -> Path:
        """Copy the bundle to a folder that does not exist yet; return it.

        Raises:
            BundleError: The folder exists, or the bundle is a zip file.
        """
        target = Path(path)
        if target.exists() or not self.path.is_dir():
            raise BundleError(f"{target} exists already, or {self.path} is no folder. Choose a new folder.")
        shutil.copytree(self.path, target)
        return target

    def _explain(self, prepared: Mapping[str, Prepared]) -> list[Explanation | None]:
        """Return what each modality gave to the probability of the best class, or to the number."""
        known: dict[str, Array] = {}
        whole = self._probabilities(self.scores(prepared, None, known)[0])
        best = whole.argmax(axis=1)
        rows = np.arange(len(whole))
        given = shapley_values(
            self.spec.names,
            lambda only: self._probabilities(self.scores(prepared, only, known)[0])[rows, best],
        )
        base = self._probabilities(self.scores(prepared, frozenset(), known)[0])[rows, best]
        return [
            Explanation(float(base[row]), {n: float(given[n][row]) for n in self.spec.names}) for row in rows
        ]

    def _frozen(self, guard: bool) -> Frozen | None:
        contract = self.bundle.manifest.contract
        if contract.video is None or contract.audio is None:
            return None
        graphs = self._graphs

        def run(name: str, key: str, output: str) -> Any:
            def encode(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
                if name not in graphs:
                    graphs[name] = Graph(self.bundle, name, self._threads)
                found: npt.NDArray[np.float32] = graphs[name](**{key: values})[output]
                return found.mean(axis=1) if found.ndim == 3 else found

            return encode

        see, hear = run("see", "frames", "regions"), run("hear", "patches", "features")
        return Frozen(contract.video, contract.audio, see, hear, guard)


def confidence(values: npt.NDArray[np.float64], task: str) -> float:
    """Return how sure an answer is: the best class's probability, or that of all labels being right."""
    if task == "label":
        return float(np.maximum(values, 1 - values).prod())
    return float(values.max())


def step_inputs(streams: Mapping[str, StreamBatch], shown: frozenset[str]) -> dict[str, npt.NDArray[Any]]:
    """Return the inputs of a graph that takes steps; streams that are not shown keep none."""
    out: dict[str, npt.NDArray[Any]] = {}
    for name, batch in streams.items():
        out[name] = np.ascontiguousarray(batch.values, np.float32)
        out[f"{name}_keep"] = batch.keep if name in shown else np.zeros_like(batch.keep)
        out[f"{name}_times"] = np.ascontiguousarray(batch.times, np.float32)
    return out
