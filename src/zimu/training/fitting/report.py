"""What a fit found, in words and numbers: splits, columns, every system with its interval, verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from zimu.data.columns import Column
from zimu.training.fitting.evaluating import METRICS, Difference, Score

__all__ = ["FitReport", "columns_text", "report_text"]

_WORDS = {
    "accuracy": "accuracy",
    "label_accuracy": "label accuracy",
    "log_loss": "log loss",
    "mean_absolute_error": "mean abs. error",
    "root_mean_squared_error": "RMS error",
    "area_under_roc": "area under ROC",
}


@dataclass
class FitReport:
    """Everything that was measured.

    Attributes:
        task: "classify", "regress" or "label".
        target: The column that was predicted.
        rows: {"train", "val", "test": how many}.
        groups: {part: how many groups}; empty where rows stand alone.
        systems: {name: {metric: score}} on the test part.
        best_single: The single modality that is best on test: the hardest to beat.
        fusing: {metric: the fused model against the best single modality}; empty with one modality.
        against_usual: {metric: the fused model against what is usual}.
        calibration: Expected calibration error before and after, and the temperature.
        abstention: What the threshold gives on validation and test.
        interval: Coverage and width of a regression's intervals on test.
        given: {modality: mean size of what it gave to a test answer}.
        notes: {member: what was chosen}.
        warnings: What the user should look at.
    """

    task: str
    target: str
    rows: dict[str, int]
    groups: dict[str, int] = field(default_factory=dict)
    systems: dict[str, dict[str, Score]] = field(default_factory=dict)
    best_single: str = ""
    fusing: dict[str, Difference] = field(default_factory=dict)
    against_usual: dict[str, Difference] = field(default_factory=dict)
    calibration: dict[str, float] = field(default_factory=dict)
    abstention: dict[str, float | None] = field(default_factory=dict)
    interval: dict[str, float] = field(default_factory=dict)
    given: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def columns_text(columns: Sequence[Column]) -> str:
    """Return what each column holds and why, one line each."""
    name = min(28, max(len(c.name) for c in columns)) if columns else 0
    lines = []
    for column in columns:
        missing = f", {column.missing:.0%} missing" if column.missing > 0 else ""
        used = " " if column.is_input else "-"
        lines.append(f"  {used} {column.name[:28]:{name}}  {column.kind:10}  {column.reason}{missing}")
    return "\n".join(lines)


def report_text(report: FitReport) -> str:
    """Return the report for people."""
    parts = [_systems(report), *_verdicts(report)]
    if report.calibration:
        c = report.calibration
        parts.append(
            f"Calibration: expected error on test {c['before']:.3f} before, {c['after']:.3f} after "
            f"(temperature {c['temperature']:.2f}, learned on validation)."
        )
    if report.abstention:
        parts.append(_abstention(report.abstention))
    if report.interval:
        i = report.interval
        parts.append(
            f"Intervals: ±{i['width']:.4g} shall hold {i['wanted']:.0%} of new targets; on test they held "
            f"{i['held']:.0%}."
        )
    if len(report.given) > 1:
        unit = "" if report.task == "regress" else " points of probability"
        scale = 1 if report.task == "regress" else 100
        said = ", ".join(f"{n} {v * scale:.3g}" for n, v in sorted(report.given.items(), key=lambda x: -x[1]))
        parts.append(f"What each modality gave to a test answer on average: {said}{unit}.")
    parts += [f"Look at this: {w}" for w in report.warnings]
    return "\n".join(parts)


def _systems(report: FitReport) -> str:
    first, second = METRICS[report.task]
    rows = report.rows["test"]
    groups = f" of {report.groups['test']} groups" if report.groups else ""
    width = max(len(n) for n in report.systems)
    lines = [f"On {rows} test rows{groups} (95 % intervals):"]
    metrics = [first, second]
    if any("area_under_roc" in scores for scores in report.systems.values()):
        metrics.append("area_under_roc")
    lines.append("  " + " " * width + "".join(f" {_WORDS[m]:>17}" for m in metrics))
    for name, scores in report.systems.items():
        lines.append(f"  {name:{width}}" + "".join(f" {_score(scores[m], m):>17}" for m in metrics))
    return "\n".join(lines)


def _score(score: Score, metric: str) -> str:
    if "accuracy" in metric:
        return f"{100 * score.value:.1f} ({100 * score.low:.1f}–{100 * score.high:.1f})"
    if metric in ("log_loss", "area_under_roc"):
        return f"{score.value:.3f} ({score.low:.2f}–{score.high:.2f})"
    return f"{score.value:.4g} ({score.low:.3g}–{score.high:.3g})"


def _verdicts(report: FitReport) -> list[str]:
    out = []
    if report.fusing:
        out.append(_verdict(f"the best single modality ({report.best_single})", report.fusing, "Fusing"))
    else:
        out.append("There is one modality, so nothing was fused.")
    area = report.systems["fused"].get("area_under_roc")
    unsure = all(d.word == "noise" for d in report.against_usual.values())
    if unsure and (area is None or area.low <= 0.5):
        out.append("These rows cannot show that the model is better than always answering what is usual.")
    return out


def _verdict(other: str, differences: Mapping[str, Difference], subject: str) -> str:
    """Return in words whether a difference is one."""
    first, second = differences.items()
    told = "; ".join(f"{_WORDS[m]} {_difference(d, m)}" for m, d in (first, second))
    words = {first[1].word, second[1].word}
    if len(words) == 2 and "noise" in words:
        # One score moved, and the other shows nothing: say which.
        named = _WORDS[second[0] if first[1].word == "noise" else first[0]]
        extent = f"helped by {named} only" if "better" in words else f"made it worse by {named} only"
    elif words == {"better"}:
        extent = "helped"
    elif words == {"worse"}:
        extent = "made it worse"
    elif words == {"noise"}:
        extent = "made no difference that these rows can show: it is noise"
    else:
        extent = "helped by one score and hurt by the other"
    return f"{subject} {extent}. Against {other}: {told}."


def _difference(difference: Difference, metric: str) -> str:
    scale = 100 if "accuracy" in metric else 1
    value, low, high = (scale * x for x in (difference.value, difference.low, difference.high))
    unit = " points" if scale == 100 else " lower" if value >= 0 else " higher"
    shown = value if scale == 100 else abs(value)
    sign = "+" if scale == 100 and value > 0 else ""
    return f"{sign}{shown:.3g}{unit} (gain {low:.3g} to {high:.3g})"


def _abstention(a: Mapping[str, float | None]) -> str:
    if a["threshold"] is None:
        return (
            f"Abstaining: no threshold reaches an accuracy of {a['wanted']:.0%} on validation, "
            "so every row is answered."
        )
    if a["accuracy"] is None:
        return f"Abstaining below a confidence of {a['threshold']:.2f}: on test no row is answered."
    if a["threshold"] == 0:
        return f"Abstaining: validation reaches {a['wanted']:.0%} without it, so every row is answered."
    return (
        f"Abstaining below a confidence of {a['threshold']:.2f} (for an accuracy of {a['wanted']:.0%} on "
        f"validation): on test {a['coverage']:.0%} are answered, {a['accuracy']:.1%} of them right."
    )
