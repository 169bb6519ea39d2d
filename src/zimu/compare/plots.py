"""The pictures of a comparison, as PNG files and as SVG that takes on the page's colours."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from zimu.compare.table import Row, Table
from zimu.compare.words import Language, method_name, score_name, score_scale

__all__ = ["PLOTS", "draw_matrix", "to_png", "to_svg"]

# Okabe & Ito 2008: told apart by colour-blind people.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_KINDS = {"single": "#999999", "fusion": "#0072b2", "switch": "#009e73", "decision": "#d55e00"}
_KIND_NAMES = {
    "single": ("one modality", "单一模态"),
    "fusion": ("fusion", "融合"),
    "switch": ("training switch", "训练开关"),
    "decision": ("decision level", "决策级"),
}
_CHINESE = ("Noto Sans CJK SC", "WenQuanYi Micro Hei", "PingFang SC", "Microsoft YaHei")
_INK = "#010203"

Figure = Any


def _new(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def draw_scores(table: Table, language: Language) -> Figure:
    """Draw each method's score with its interval, and the best simple baseline as a line."""
    zh, scale = language == "zh", score_scale(table.task)
    rows = table.rows[::-1]
    figure, ((axis,),) = _new(1, 1, (7.5, 1.2 + 0.24 * len(rows)))
    shown: set[str] = set()
    for y, row in enumerate(rows):
        s = row.score
        reach = [[scale * (s.value - s.low)], [scale * (s.high - s.value)]]
        label = _KIND_NAMES[row.kind][zh] if row.kind not in shown else None
        shown.add(row.kind)
        axis.errorbar(scale * s.value, y, xerr=reach, fmt="o", ms=4, color=_KINDS[row.kind], label=label)
    axis.axvline(scale * table.row(table.simple).score.value, ls="--", lw=0.8, color=_INK)
    axis.set_yticks(range(len(rows)), [method_name(r.method, language) for r in rows], fontsize=8)
    of = (
        f"测试集{score_name(table.task, language)}，95 % 区间"
        if zh
        else f"test {score_name(table.task, language)}, with 95 % interval"
    )
    axis.set_xlabel(of)
    axis.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False)
    axis.grid(axis="x", lw=0.3)
    return figure


def draw_contributions(table: Table, language: Language) -> Figure:
    """Draw what each modality gave, a bar a method; the parts of a bar add up to its gain over nothing."""
    zh, scale = language == "zh", score_scale(table.task)
    rows = [r for r in table.rows[::-1] if r.contributions]
    figure, ((axis,),) = _new(1, 1, (7.5, 1.2 + 0.24 * len(rows)))
    names = sorted(rows[0].contributions) if rows else []
    left, right = np.zeros(len(rows)), np.zeros(len(rows))
    for i, name in enumerate(names):
        values = scale * np.array([r.contributions[name] for r in rows])
        start = np.where(values >= 0, right, left)
        axis.barh(
            range(len(rows)),
            values,
            left=start,
            color=_COLOURS[i % len(_COLOURS)],
            label=name,
            hatch=("", "//", "..", "xx", "--", "++")[i % 6],
            edgecolor="white",
            lw=0.3,
        )
        right += np.maximum(values, 0)
        left += np.minimum(values, 0)
    axis.axvline(0, lw=0.8, color=_INK)
    axis.set_yticks(range(len(rows)), [method_name(r.method, language) for r in rows], fontsize=8)
    unit = score_name(table.task, language)
    axis.set_xlabel(
        f"各模态对{unit}的贡献（Shapley 值）" if zh else f"what each modality gave: {unit} (Shapley values)"
    )
    if names:
        axis.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False)
    return figure


def draw_robustness(table: Table, language: Language) -> Figure:
    """Draw the score as noise on one stream grows, to the stream being dead; a panel a stream."""
    zh, scale = language == "zh", score_scale(table.task)
    streams = sorted({c.rsplit(" dead", 1)[0] for r in table.rows for c in r.under if c.endswith(" dead")})
    rows = _shown(table)
    figure, axes = _new(1, len(streams), (3.4 * len(streams) + 1.6, 3.6))
    for axis, stream in zip(axes[0], streams, strict=True):
        levels = _levels(rows, stream)
        for i, row in enumerate(rows):
            names = [f"{stream} noise {level}" for level in levels] + [f"{stream} dead"]
            if not all(n in row.under for n in names):
                continue
            points = [row.score, *(row.under[n] for n in names)]
            y = scale * np.array([p.value for p in points])
            reach = scale * np.array([[p.value - p.low for p in points], [p.high - p.value for p in points]])
            x = np.arange(len(points)) + 0.06 * (i - len(rows) / 2)
            style = ("-", "--", ":", "-.")[i % 4]
            axis.errorbar(
                x,
                y,
                yerr=reach,
                ls=style,
                marker="o",
                ms=3,
                lw=1,
                color=_COLOURS[i % len(_COLOURS)],
                label=method_name(row.method, language),
            )
        ratios = any(level.endswith("dB") for level in levels)
        clean = ("无噪声" if zh else "clean") if ratios else "0"
        axis.set_xticks(range(len(levels) + 2), [clean, *levels, "缺失" if zh else "dead"])
        unit = ("信噪比", "signal to noise") if ratios else ("标准差的倍数", "its own spreads")
        axis.set_xlabel(f"{stream}：噪声（{unit[0]}）" if zh else f"noise on {stream} ({unit[1]})")
        axis.grid(axis="y", lw=0.3)
    axes[0][0].set_ylabel(score_name(table.task, language))
    axes[0][-1].legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _levels(rows: Sequence[Row], stream: str) -> list[str]:
    """Return how much noise a stream got, little first: "0.5" spreads of its own, or "0 dB"."""
    start = f"{stream} noise "
    found = {c.removeprefix(start) for r in rows for c in r.under if c.startswith(start)}
    return sorted(found, key=lambda level: -float(level[:-3]) if level.endswith("dB") else float(level))


def _shown(table: Table) -> list[Row]:
    """Return the rows of the robustness curves: baselines, and the best by validation; six at most."""
    first = [table.simple, table.single, "average", "modality_dropout"]
    sign = 1 if table.task.higher_is_better else -1
    best = sorted((r for r in table.rows if r.kind != "single"), key=lambda r: -sign * r.val_score)
    names = dict.fromkeys(
        [*(n for n in first if any(r.method == n for r in table.rows)), *(r.method for r in best)]
    )
    return [table.row(n) for n in list(names)[:6]]


def draw_costs(table: Table, language: Language) -> Figure:
    """Draw score against milliseconds an answer, numbered; the area of a point grows with the parameters."""
    zh, scale = language == "zh", score_scale(table.task)
    figure, ((axis,),) = _new(1, 1, (8.5, max(4.0, 1.0 + 0.19 * len(table.rows))))
    most = max(r.costs.parameters for r in table.rows)
    for number, row in enumerate(table.rows, 1):
        x, y = row.costs.milliseconds, scale * row.score.value
        label = f"{number}  {method_name(row.method, language)}"
        axis.scatter(
            x, y, 15 + 200 * row.costs.parameters / most, color=_KINDS[row.kind], alpha=0.6, label=label
        )
        # Methods that cost and score the same lie on each other: their numbers go round the point.
        turn = 0.9 * number
        away = (9 * np.cos(turn), 9 * np.sin(turn))
        axis.annotate(str(number), (x, y), fontsize=7, xytext=away, textcoords="offset points", ha="center")
    axis.set_xscale("log")
    axis.set_xlabel(
        "每个样本的处理器毫秒数（对数轴；面积表示参数量）"
        if zh
        else "processor milliseconds a sample (log axis; area: parameters)"
    )
    axis.set_ylabel(score_name(table.task, language))
    axis.grid(lw=0.3)
    axis.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), markerscale=0.6, frameon=False)
    return figure


PLOTS: dict[str, Callable[[Table, Language], Figure]] = {
    "scores": draw_scores,
    "contributions": draw_contributions,
    "robustness": draw_robustness,
    "costs": draw_costs,
}


def draw_matrix(tables: Sequence[Table], language: Language) -> Figure:
    """Draw which method finds what: methods down, cases across, scores as shades with their numbers."""
    zh, scale = language == "zh", score_scale(tables[0].task)
    names = [
        r.method for r in tables[0].rows if all(any(r.method == o.method for o in t.rows) for t in tables)
    ]
    values = scale * np.array([[t.row(n).score.value for t in tables] for n in names])
    figure, ((axis,),) = _new(1, 1, (2.6 + 1.2 * len(tables), 1.2 + 0.26 * len(names)))
    image = axis.imshow(values, aspect="auto", cmap="cividis")
    middle = (values.min() + values.max()) / 2
    for (y, x), value in np.ndenumerate(values):
        axis.text(
            x,
            y,
            f"{value:.1f}",
            ha="center",
            va="center",
            fontsize=8,
            color="black" if value > middle else "white",
        )
    axis.set_xticks(range(len(tables)), [t.case for t in tables], fontsize=8)
    axis.set_yticks(range(len(names)), [method_name(n, language) for n in names], fontsize=8)
    figure.colorbar(
        image,
        label=f"测试集{score_name(tables[0].task, language)}"
        if zh
        else f"test {score_name(tables[0].task, language)}",
    )
    return figure


def to_png(draw: Callable[..., Figure], *of: Any) -> bytes:
    """Return what `draw(*of)` draws, as PNG."""
    out = io.BytesIO()
    with _settings():
        draw(*of).savefig(out, dpi=110, format="png")
    return out.getvalue()


def to_svg(title: str, draw: Callable[..., Figure], *of: Any) -> str:
    """Return what `draw(*of)` draws as an SVG element that takes on the text colour of its page."""
    out = io.StringIO()
    with _settings(title):
        draw(*of).savefig(out, format="svg", transparent=True)
    text = out.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.S)
    for black in (_INK, "#000000"):
        text = text.replace(black, "currentColor")
    # Text without a colour of its own is black in SVG; on a dark page that cannot be read.
    return text.replace("<svg ", f'<svg role="img" aria-label="{title}" style="fill: currentColor" ', 1)


@contextmanager
def _settings(salt: str = "") -> Iterator[None]:
    """Fonts that have Chinese where there are some; in SVG the reader's own fonts show the text."""
    import matplotlib
    from matplotlib import font_manager

    known = {f.name for f in font_manager.fontManager.ttflist}
    if not known & set(_CHINESE):
        # Its list of fonts is kept from when it first ran; one installed since is not in it.
        for path in font_manager.findSystemFonts():
            if re.search(r"wqy|cjk|pingfang|msyh|sourcehan", Path(path).name.lower()):
                font_manager.fontManager.addfont(path)
        known = {f.name for f in font_manager.fontManager.ttflist}
    fonts = ["DejaVu Sans", *(f for f in _CHINESE if f in known)]
    settings: Any = {"font.family": fonts, "svg.fonttype": "none", "svg.hashsalt": salt}
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")
        yield
