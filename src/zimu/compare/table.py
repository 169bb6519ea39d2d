"""The table of a comparison: a row a method, what it scored, cost and gained, and what that means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from zimu.compare.methods import SIMPLE, Method
from zimu.compare.results import Costs, RunResult
from zimu.compare.statistics import Estimate, Gain, Resampler
from zimu.compare.words import Language, verdict
from zimu.metrics.significance import holm
from zimu.tasks import PredictData, Task

__all__ = ["Row", "Table", "make_table", "row_to_dict"]


@dataclass(frozen=True)
class Row:
    """One method.

    Attributes:
        method: Its name.
        kind: "single", "fusion", "switch" or "decision".
        score: On test, with the interval over seeds and samples.
        val_score: Mean over the seeds.
        calibration: Expected calibration error, mean over the seeds.
        costs: Means over the seeds.
        contributions: {stream: what it gave to the score}, means over the seeds.
        under: {condition: score on test}.
        over_simple: Gain over the best simple baseline; None for that one itself.
        over_single: Gain over the best single modality; None for that one itself.
        p_simple: p of `over_simple`, corrected for the number of methods.
        p_single: p of `over_single`, corrected for the number of methods.
    """

    method: str
    kind: str
    score: Estimate
    val_score: float
    calibration: float
    costs: Costs
    contributions: dict[str, float]
    under: dict[str, Estimate]
    over_simple: Gain | None
    over_single: Gain | None
    p_simple: float
    p_single: float


@dataclass(frozen=True)
class Table:
    """A comparison on one case of the data.

    Attributes:
        case: Its name; empty where there is one only.
        task: What was answered.
        rows: Best on validation first, kinds together.
        simple: The best simple baseline, chosen on validation.
        single: The best single modality, chosen on validation.
        seeds: How many.
        samples: Of the test part.
        groups: Of the test part; 0 where each sample stands alone.
    """

    case: str
    task: Task
    rows: tuple[Row, ...]
    simple: str
    single: str
    seeds: int
    samples: int
    groups: int

    def row(self, method: str) -> Row:
        """Return the row of a method."""
        return next(r for r in self.rows if r.method == method)

    def chosen(self) -> Row:
        """Return the method that validation chooses, singles among them."""
        return max(self.rows, key=lambda r: r.val_score if self.task.higher_is_better else -r.val_score)

    def verdicts(self, language: Language = "en") -> dict[str, str]:
        """Return {method: one sentence on whether its gain is real}."""
        return {
            r.method: verdict(r.over_simple, r.p_simple, self.simple, self.task, language)
            for r in self.rows
            if r.over_simple is not None and r.kind != "single"
        }


def make_table(
    case: str,
    task: Task,
    methods: Sequence[Method],
    results: Mapping[str, Sequence[RunResult]],
    test: PredictData,
    draws: int = 4000,
) -> Table:
    """Return the table of all methods that have every seed.

    Args:
        case: Name of the case.
        task: What was answered.
        methods: In the order of choice.
        results: {method: a result a seed, in the order of the seeds}.
        test: For its groups.
        draws: Bootstrap samples.
    """
    seeds = max(map(len, results.values()))
    whole = [m for m in methods if len(results.get(m.name, ())) == seeds]
    resampler = Resampler(seeds, len(test), test.groups, draws)
    items = {m.name: np.stack([r.items for r in results[m.name]]).astype(np.float64) for m in whole}
    val = {m.name: float(np.mean([r.val_score for r in results[m.name]])) for m in whole}
    sign = 1 if task.higher_is_better else -1
    simple = max((m.name for m in whole if m.name in SIMPLE), key=lambda n: sign * val[n])
    single = max((m.name for m in whole if m.kind == "single"), key=lambda n: sign * val[n])
    joined = [m.name for m in whole if m.kind != "single"]
    p_values = []
    gains: list[dict[str, Gain]] = []
    for base in (simple, single):
        against = {
            m.name: resampler.gain(items[m.name], items[base], task.higher_is_better)
            for m in whole
            if m.name != base
        }
        tested = [n for n in joined if n != base]
        p_values.append(dict(zip(tested, holm([against[n].p for n in tested]), strict=True)))
        gains.append(against)
    rows = []
    for m in whole:
        runs = results[m.name]
        rows.append(
            Row(
                m.name,
                m.kind,
                resampler.estimate(items[m.name]),
                val[m.name],
                float(np.mean([r.calibration for r in runs])),
                _mean_costs(runs),
                {s: float(np.mean([r.contributions[s] for r in runs])) for s in runs[0].contributions},
                {
                    c: resampler.estimate(np.stack([r.under[c] for r in runs]).astype(np.float64))
                    for c in runs[0].under
                },
                gains[0].get(m.name),
                gains[1].get(m.name),
                p_values[0].get(m.name, float("nan")),
                p_values[1].get(m.name, float("nan")),
            )
        )
    order = {"single": 0, "fusion": 1, "switch": 2, "decision": 3}
    rows.sort(key=lambda r: (order[r.kind], -sign * r.val_score))
    groups = 0 if test.groups is None else len(np.unique(test.groups))
    return Table(case, task, tuple(rows), simple, single, seeds, len(test), groups)


def _mean_costs(runs: Sequence[RunResult]) -> Costs:
    costs = [r.costs for r in runs]
    return Costs(
        costs[0].parameters,
        float(np.median([c.milliseconds for c in costs])),
        float(np.mean([c.megabytes for c in costs])),
        float(np.mean([c.training_s for c in costs])),
    )


def row_to_dict(row: Row) -> dict[str, object]:
    """Return a row ready for JSON; what is not known is null."""

    def clean(value: object) -> object:
        if isinstance(value, dict):
            return {k: clean(v) for k, v in value.items()}
        if isinstance(value, float):
            return round(value, 6) if np.isfinite(value) else None
        return value

    result = clean(asdict(row))
    assert isinstance(result, dict)
    return result
