"""One self-contained page: tables, pictures, and in words what is known and what is noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from zimu.compare.plots import PLOTS, draw_matrix, to_svg
from zimu.compare.table import Row, Table
from zimu.compare.words import Language, additive_note, as_score, method_name, score_name

__all__ = ["column_titles", "headings", "render_page", "row_cells"]

_STYLE = """
:root { color-scheme: light dark; --line: #767676; --soft: #f2f2f2; }
@media (prefers-color-scheme: dark) { :root { --line: #9a9a9a; --soft: #262626; } }
body { font: 16px/1.5 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  max-width: 72rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; } h3 { font-size: 1rem; }
.scroll { overflow-x: auto; } figure { margin: 0; } figure svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .2rem .7rem .2rem 0; border-bottom: 1px solid var(--line); }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
thead th { vertical-align: bottom; } .warning { border-left: .3rem solid #d55e00; padding: .3rem .8rem;
  background: var(--soft); }
"""

_WORDS: dict[str, tuple[str, str]] = {
    "method": ("Method", "方法"),
    "score": ("Test score", "测试得分"),
    "interval": ("95 % interval", "95 % 区间"),
    "simple": ("Over {0}", "相对 {0}"),
    "single": ("Over {0}", "相对 {0}"),
    "p": ("p (Holm)", "p（Holm）"),
    "parameters": ("Parameters", "参数量"),
    "ms": ("ms", "毫秒"),
    "mb": ("MB", "MB"),
    "ece": ("ECE", "ECE"),
    "scores": ("Scores", "得分"),
    "contributions": ("What each modality gave", "各模态的贡献"),
    "robustness": ("One modality under noise, or dead", "某一模态有噪声或缺失"),
    "costs": ("What it costs", "代价"),
    "matrix": ("Which method finds what", "哪种方法能学到什么"),
    "in_words": ("In words", "结论"),
    "chosen": ("Validation chooses {0}: {1} on test.", "按验证集选出 {0}：测试集 {1}。"),
    "rests": (
        "Seeds: {0}; test samples: {1}{2}. Every method has the same encoders, budget, splits and seeds. "
        "Intervals and p are over seeds and samples, p corrected for the number of methods (Holm). "
        "Milliseconds are processor time a sample, 64 at once; MB is a training step of 64 samples.",
        "{0} 个随机种子，{1} 个测试样本{2}。所有方法使用相同的编码器、训练预算、划分和种子。"
        "区间与 p 值同时对种子和样本重抽样，p 值按方法个数做 Holm 校正。"
        "毫秒为每样本处理器时间（一次 64 个）；MB 为一次 64 样本训练步的内存。",
    ),
    "groups": (" in {0} groups, drawn as a whole", "（{0} 组，整组抽取）"),
}


def headings(key: str, language: Language, *values: object) -> str:
    """Return one of the page's texts."""
    return _WORDS[key][language == "zh"].format(*values)


def render_page(
    name: str, tables: Sequence[Table], language: Language = "en", notes: Mapping[str, str] | None = None
) -> str:
    """Return one HTML page.

    Args:
        name: Of the comparison.
        tables: One a case.
        language: "en" or "zh".
        notes: {case: a sentence about its data}.
    """
    parts = [f"<h1>{escape(name)}</h1>"]
    if len(tables) > 1:
        parts += [
            f"<h2>{headings('matrix', language)}</h2>",
            _figure(to_svg(f"{name} matrix", draw_matrix, tables, language)),
        ]
    if any(t.case == "xor" for t in tables):
        parts.append(f'<p class="warning" role="note">{escape(additive_note(language))}</p>')
    for table in tables:
        parts += _case(table, language, (notes or {}).get(table.case, ""))
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(name)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + "\n</main>\n</body>\n</html>\n"
    )


def _case(table: Table, language: Language, note: str) -> list[str]:
    groups = headings("groups", language, table.groups) if table.groups else ""
    best = table.chosen()
    parts = [f"<h2>{escape(table.case)}</h2>"] if table.case else []
    parts += [f"<p>{escape(note)}</p>"] if note else []
    parts.append(f"<p>{escape(headings('rests', language, table.seeds, table.samples, groups))}</p>")
    chosen = headings("chosen", language, best.method, as_score(table.task, best.score.value))
    parts.append(f"<p><strong>{escape(chosen)}</strong></p>")
    parts.append(_table(table, language))
    parts.append(f"<h3>{headings('in_words', language)}</h3><ul>")
    parts += [
        f"<li><strong>{escape(method_name(m, language))}</strong>: {escape(said)}</li>"
        for m, said in table.verdicts(language).items()
    ]
    parts.append("</ul>")
    for key, draw in PLOTS.items():
        title = headings(key, language)
        parts.append(f"<h3>{escape(title)}</h3>")
        parts.append(_figure(to_svg(f"{title} {table.case}".strip(), draw, table, language)))
    return parts


def _figure(svg: str) -> str:
    return f'<figure class="scroll">{svg}</figure>'


def _table(table: Table, language: Language) -> str:
    head = "".join(
        f'<th scope="col"{"" if i == 0 else " class=n"}>{escape(title)}</th>'
        for i, title in enumerate(column_titles(table, language))
    )
    body = "".join(_row(table, r, language) for r in table.rows)
    label = escape(headings("scores", language))
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label} {escape(table.case)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(table: Table, row: Row, language: Language) -> str:
    cells = row_cells(table, row)
    numbers = "".join(f'<td class="n">{escape(c)}</td>' for c in cells)
    return f'<tr><th scope="row">{escape(method_name(row.method, language))}</th>{numbers}</tr>'


def column_titles(table: Table, language: Language) -> list[str]:
    """Return what stands over a method's name and over each of `row_cells`."""
    return [
        headings("method", language),
        score_name(table.task, language),
        headings("interval", language),
        headings("simple", language, method_name(table.simple, language)),
        headings("p", language),
        headings("single", language, method_name(table.single, language)),
        headings("p", language),
        *(headings(key, language) for key in ("parameters", "ms", "mb", "ece")),
    ]


def row_cells(table: Table, row: Row) -> list[str]:
    """Return a row's numbers as they are printed."""
    task, cells = table.task, [as_score(table.task, row.score.value)]
    cells.append(f"{as_score(task, row.score.low)}–{as_score(task, row.score.high)}")
    for gain, p in ((row.over_simple, row.p_simple), (row.over_single, row.p_single)):
        if gain is None:
            cells += ["", ""]
        else:
            value = as_score(task, gain.value)
            cells += [value if value.startswith("-") else f"+{value}", "" if p != p else f"{p:.3f}"]
    costs = row.costs
    return [
        *cells,
        f"{costs.parameters:,}",
        f"{costs.milliseconds:.2f}",
        f"{costs.megabytes:.1f}",
        "" if row.calibration != row.calibration else f"{row.calibration:.3f}",
    ]
