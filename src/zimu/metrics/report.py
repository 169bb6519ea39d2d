"""A page about one card: scores, their distributions, best and worst items, n-grams that were missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from html import escape

import numpy as np

from zimu.metrics.card import Score, ScoreCard
from zimu.metrics.grams import ORDERS
from zimu.metrics.tokenise import MODES

__all__ = ["missed_ngrams", "render_report"]

_SHOWN = 10  # items at each end, and n-grams of each order
_FEW = 4  # missed n-grams of each order shown with an item
_BINS = 20
_STYLE = """
:root { color-scheme: light dark; --line: #767676; --bar: #0072b2; --soft: #f2f2f2; }
@media (prefers-color-scheme: dark) { :root { --line: #9a9a9a; --bar: #56b4e9; --soft: #262626; } }
body { font: 16px/1.5 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  max-width: 64rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; } h3 { font-size: 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; } caption { text-align: left; padding-bottom: .3rem; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font-size: .85em; overflow-wrap: anywhere; } figure { margin: 0; }
.warning { border-left: .3rem solid #d55e00; padding: .3rem .8rem; background: var(--soft); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1.5rem; }
.item { background: var(--soft); padding: .6rem .9rem; margin: 0 0 .8rem; overflow-wrap: anywhere; }
.item p { margin: .2rem 0; } .item ul { margin: .2rem 0; padding-left: 1.2rem; }
svg { max-width: 100%; height: auto; } svg text { fill: currentColor; font-size: 11px; }
svg rect { fill: var(--bar); } svg line { stroke: var(--line); }
"""


def render_report(card: ScoreCard, *, mode: str, title: str = "Caption scores") -> str:
    """Return one self-contained HTML page.

    Args:
        card: The scores.
        mode: How captions become tokens for the n-grams, a key of `MODES`.
        title: The page's heading.
    """
    score = card["cider_d"] if "cider_d" in card else next(iter(card.values()))
    parts = [f"<h1>{escape(title)}</h1>"]
    parts += [f'<p class="warning" role="note">{escape(text)}</p>' for text in card.warnings]
    parts += [_scores(card), "<h2>How the items' scores are spread</h2>", '<div class="pair">']
    parts += [_histogram(s) for s in card.values()]
    references, candidates = _tokens(card, mode)
    parts += ["</div>", _ends(card, score, references, candidates), _ngrams(references, candidates)]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + "\n</main>\n</body>\n</html>\n"
    )


def missed_ngrams(
    references: Sequence[Sequence[str]], candidates: Sequence[str]
) -> tuple[list[list[tuple[str, int]]], list[list[tuple[str, int]]]]:
    """Count n-grams that candidates lack, and those that they have without support.

    Args:
        references: Each item's tokenised references.
        candidates: One tokenised text an item.

    Returns:
        Twice, by order from 1, the most frequent as (n-gram, items): those that at least half of an item's
        references (and two, where there are two) have and its candidate lacks; and those that a candidate
        has and none of its references.
    """
    missed: list[Counter[str]] = [Counter() for _ in range(ORDERS)]
    invented: list[Counter[str]] = [Counter() for _ in range(ORDERS)]
    for refs, candidate in zip(references, candidates, strict=True):
        for order in range(ORDERS):
            has = _grams(candidate, order + 1)
            support = Counter(gram for reference in refs for gram in _grams(reference, order + 1))
            needed = max(min(2, len(refs)), (len(refs) + 1) // 2)
            missed[order].update(g for g, n in support.items() if n >= needed and g not in has)
            invented[order].update(has - support.keys())
    return [c.most_common(_SHOWN) for c in missed], [c.most_common(_SHOWN) for c in invented]


def _grams(text: str, order: int) -> set[str]:
    words = text.split()
    return {" ".join(words[i : i + order]) for i in range(len(words) - order + 1)}


def _scores(card: ScoreCard) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td class="n">{s.value:.4f}</td>'
        f'<td class="n">{s.interval[0]:.4f} to {s.interval[1]:.4f}</td></tr>'
        for name, s in card.items()
    )
    signatures = "".join(
        f"<li><code>{escape(s.signature).replace('|', '|<wbr>')}</code></li>" for s in card.values()
    )
    return _table(
        "Scores of all items together, with the 95 % bootstrap interval over items",
        '<th scope="col">Score</th><th scope="col" class="n">Value</th>'
        '<th scope="col" class="n">95 % interval</th>',
        rows,
    ) + (
        "<details><summary>Signatures: the conditions under which the numbers hold</summary>"
        f"<ul>{signatures}</ul></details>"
    )


def _table(caption: str, head: str, rows: str) -> str:
    """Return a table that can be scrolled by keyboard, too, where the page is narrow."""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _histogram(score: Score) -> str:
    values = score.measure.items
    low, high = min(0.0, float(values.min())), float(values.max())
    high = high if high > low else low + 1
    counts, edges = np.histogram(values, _BINS, (low, high))
    width, height, left, base = 360, 170, 40, 130
    step = (width - left - 10) / _BINS
    bars = "".join(
        f'<rect x="{left + i * step:.1f}" y="{base - 100 * n / counts.max():.1f}" width="{step - 1:.1f}" '
        f'height="{100 * n / counts.max():.1f}">'
        f"<title>{edges[i]:.3f} to {edges[i + 1]:.3f}: {n} items</title></rect>"
        for i, n in enumerate(counts.tolist())
    )
    told = f"{score.name}: {len(values)} items, median {np.median(values):.3f}, from {low:.3f} to {high:.3f}"
    return (
        f'<figure><svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(told)}">{bars}<line x1="{left}" y1="{base}" x2="{width - 10}" y2="{base}"/>'
        f'<text x="{left}" y="{base + 15}">{low:.2f}</text>'
        f'<text x="{width - 10}" y="{base + 15}" text-anchor="end">{high:.2f}</text>'
        f'<text x="{left - 5}" y="{base - 95}" text-anchor="end">{counts.max()}</text>'
        f'<text x="{left - 5}" y="{base}" text-anchor="end">0</text>'
        f'<text x="{(left + width) / 2}" y="{base + 32}" text-anchor="middle">'
        f"{escape(score.name)} of an item (upwards: number of items)</text></svg>"
        f"<figcaption>{escape(told)}</figcaption></figure>"
    )


def _tokens(card: ScoreCard, mode: str) -> tuple[list[list[str]], list[str]]:
    split = MODES[mode]
    flat = iter(split([r for refs in card.captions.references for r in refs]))
    references = [[next(flat) for _ in refs] for refs in card.captions.references]
    return references, split(card.captions.candidates)


def _ends(
    card: ScoreCard, score: Score, references: Sequence[Sequence[str]], candidates: Sequence[str]
) -> str:
    order = np.argsort(score.measure.items, kind="stable")
    if not score.measure.higher_is_better:
        order = order[::-1]
    few = min(_SHOWN, len(order))
    best, worst = (
        "".join(_item(card, score, row, references[row], candidates[row]) for row in rows.tolist())
        for rows in (order[::-1][:few], order[:few])
    )
    return (
        f"<h2>Best and worst items by {escape(score.name)}</h2>"
        f'<div class="pair"><section><h3>Best</h3>{best}</section>'
        f"<section><h3>Worst</h3>{worst}</section></div>"
    )


def _item(card: ScoreCard, score: Score, row: int, references: Sequence[str], candidate: str) -> str:
    i: Hashable = card.captions.ids[row]
    told = "".join(f"<li>{escape(r)}</li>" for r in card.captions.references[row])
    text = escape(card.captions.candidates[row]) or "<em>(empty)</em>"
    orders, _ = missed_ngrams([references], [candidate])
    missed = ", ".join(escape(gram) for order in orders for gram, _ in order[:_FEW])
    return (
        f'<div class="item"><p><strong>{escape(str(i))}</strong>, {escape(score.name)} '
        f"{score.measure.items[row]:.3f}</p><p>{text}</p><ul>{told}</ul>"
        f"<p><small>Missed: {missed or 'nothing that the references agree on'}</small></p></div>"
    )


def _ngrams(references: Sequence[Sequence[str]], candidates: Sequence[str]) -> str:
    missed, invented = missed_ngrams(references, candidates)
    return (
        "<h2>N-grams</h2>"
        + _gram_table("In at least half of an item's references, but not in its candidate", missed)
        + _gram_table("In a candidate, but in none of its references", invented)
    )


def _gram_table(heading: str, orders: Sequence[Sequence[tuple[str, int]]]) -> str:
    head = "".join(f'<th scope="col">{n} word{"s" if n > 1 else ""}</th>' for n in range(1, len(orders) + 1))
    cells = [[f"{escape(gram)} ({n})" for gram, n in order] for order in orders]
    rows = "".join(
        "<tr>" + "".join(f"<td>{column[i] if i < len(column) else ''}</td>" for column in cells) + "</tr>"
        for i in range(max(map(len, cells), default=0))
    )
    return _table(f"{heading} (number of items)", head, rows)
