"""Writes the measured tables of docs/*/fusion.md anew, from the results that lie beside the recipes.

    python recipes/compare/tables.py

A table stands between `<!-- measured FAMILY -->` and `<!-- end -->`; its rows are the family's methods, its
columns the comparisons whose `results.json` is here.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent

FAMILIES: dict[str, tuple[str, ...]] = {
    "data": ("early",),
    "joins": ("concat_time", "aligned", "concat_width", "sum", "gated_sum", "film"),
    "products": ("tensor", "low_rank", "bilinear", "mcb", "mlb", "mfb", "mfh", "mutan", "block"),
    "attention": ("dot_attention", "additive_attention", "co_attention", "hierarchical"),
    "transformers": ("transformer", "mult", "bottleneck"),
    "experts": ("product_of_experts", "mixture_of_experts"),
    "decisions": (
        *("average", "weighted", "log_linear", "majority", "stacking", "dempster_shafer"),
        *("late_average", "late_weighted", "late_log_linear"),
    ),
    "switches": (
        *("concat_width", "modality_dropout", "no_modality_dropout", "zero_filling"),
        *("ogm_ge", "gradient_blending"),
    ),
}
# {recipe, case: (English, Chinese, decimals, what a score is multiplied by)}
COLUMNS: dict[tuple[str, str], tuple[str, str, int, float]] = {
    ("known_answers", "xor"): ("XOR, %", "异或，%", 1, 100),
    ("known_answers", "copy_and_xor"): ("copy and XOR, %", "复制加异或，%", 1, 100),
    ("handwritten", ""): ("handwritten, %", "手写数字，%", 1, 100),
    ("digits", ""): ("digits, %", "音视频数字，%", 1, 100),
    ("utd_mhad", ""): ("UTD-MHAD, %", "UTD-MHAD，%", 1, 100),
    ("mosi", ""): ("MOSI, %", "MOSI，%", 1, 100),
    ("mosi_sentences", ""): ("MOSI, sentences, %", "MOSI 句子，%", 1, 100),
    ("scenes", ""): ("scenes, CIDEr-D", "场景，CIDEr-D", 2, 1),
    ("grid", ""): ("GRID, errors %", "GRID，词错误率 %", 1, 100),
}


def read_scores() -> dict[tuple[str, str], dict[str, float]]:
    """Return {(recipe, case): {method: test score}} of the results that are here."""
    found = {}
    for recipe, case in COLUMNS:
        path = HERE / recipe / "results.json"
        if path.is_file():
            for table in json.loads(path.read_text("utf-8"))["cases"]:
                if table["case"] == case:
                    found[recipe, case] = {m["method"]: m["score"]["value"] for m in table["methods"]}
    return found


def table(family: str, scores: dict[tuple[str, str], dict[str, float]], chinese: bool) -> str:
    """Return a family's table as Markdown; columns in which none of its methods stands are left out."""
    methods = FAMILIES[family]
    columns = [c for c in COLUMNS if c in scores and set(methods) & set(scores[c])]
    lines = ["| | " + " | ".join(COLUMNS[c][chinese] for c in columns) + " |"]
    lines.append("|---|" + "---:|" * len(columns))
    singles = ("best single modality", "最好的单一模态")[chinese]
    rows = [(singles, [max_single(c, scores[c]) for c in columns])]
    rows += [(f"`{m}`", [scores[c].get(m) for c in columns]) for m in methods]
    for name, values in rows:
        if any(v is not None for v in values):
            cells = [
                "" if v is None else f"{v * COLUMNS[c][3]:.{COLUMNS[c][2]}f}"
                for c, v in zip(columns, values, strict=True)
            ]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def max_single(column: tuple[str, str], scores: dict[str, float]) -> float:
    """Return the test score of the best single modality; of errors the lowest."""
    best = min if "GRID" in COLUMNS[column][0] else max
    return best(v for m, v in scores.items() if m.startswith("only "))


def main() -> None:
    """Rewrite both pages."""
    scores = read_scores()
    for language in ("en", "zh"):
        path = HERE.parents[1] / "docs" / language / "fusion.md"
        text = path.read_text("utf-8")
        for family in FAMILIES:
            made = f"<!-- measured {family} -->\n{table(family, scores, language == 'zh')}\n<!-- end -->"
            text = re.sub(
                rf"<!-- measured {family} -->.*?<!-- end -->", lambda _, m=made: m, text, flags=re.S
            )
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
