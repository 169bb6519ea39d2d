"""What the numbers say, in words, English and Chinese."""

from __future__ import annotations

from typing import Literal

from zimu.compare.statistics import Gain
from zimu.tasks import Task

__all__ = [
    "LANGUAGES",
    "Language",
    "additive_note",
    "as_score",
    "method_name",
    "score_name",
    "score_scale",
    "verdict",
]

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

_SURE = 0.05


# {score: (what it is multiplied by, decimals)}: shares are printed in percent, the others as they are.
_PRINTED = {
    "accuracy": (100.0, 1),
    "f1": (100.0, 1),
    "wer": (100.0, 1),
    "cider_d": (1.0, 2),
    "mean_absolute_error": (1.0, 3),
}


def score_scale(task: Task) -> float:
    """Return what a score is multiplied by where it is shown."""
    return _PRINTED[task.score][0]


def as_score(task: Task, value: float) -> str:
    """Return a score as it is printed: shares in percent, others as they are."""
    scale, decimals = _PRINTED[task.score]
    return f"{scale * value:.{decimals}f}"


def score_name(task: Task, language: Language) -> str:
    """Return the score with its unit."""
    names = {
        "accuracy": ("accuracy, %", "准确率（%）"),
        "f1": ("F1 by sample, %", "逐样本 F1（%）"),
        "cider_d": ("CIDEr-D", "CIDEr-D"),
        "wer": ("word error rate, %", "词错误率（%）"),
        "mean_absolute_error": ("mean absolute error", "平均绝对误差"),
    }
    return names[task.score][language == "zh"]


def method_name(name: str, language: Language) -> str:
    """Return how a method is called; single modalities in words, others by their name in the recipe."""
    if name.startswith("only ") and language == "zh":
        return f"仅 {name.removeprefix('only ')}"
    return name


def verdict(gain: Gain | None, p: float, base: str, task: Task, language: Language) -> str:
    """Return one sentence: better, worse, or noise.

    Args:
        gain: Over the base.
        p: Corrected.
        base: What it is compared with.
        task: For the unit.
        language: "en" or "zh".
    """
    if gain is None:
        return ""
    size = f"{as_score(task, abs(gain.value))} {_unit(task, language)}".strip()
    between = f"{as_score(task, gain.low)} … {as_score(task, gain.high)}"
    if p >= _SURE:
        if language == "zh":
            sign = "+" if gain.value >= 0 else "−"
            return f"与 {base} 相差 {sign}{size}（{between}），p = {p:.2f}：属于噪声。"
        sign = "+" if gain.value >= 0 else "−"
        return f"{sign}{size} against {base} ({between}), p = {p:.2f}: noise."
    if language == "zh":
        return f"比 {base} {'好' if gain.value > 0 else '差'} {size}（{between}），p = {_p(p)}。"
    return f"{'Better' if gain.value > 0 else 'Worse'} than {base} by {size} ({between}), p = {_p(p)}."


def _p(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def _unit(task: Task, language: Language) -> str:
    if score_scale(task) == 1.0:
        return ""
    return ("points", "个百分点")[language == "zh"]


def additive_note(language: Language) -> str:
    """Return why methods that add cannot answer XOR."""
    if language == "zh":
        return (
            "为什么相加的方法解不了异或：如果得分是各模态各自一份之和 F(a, b) = f(a) + g(b)，那么 "
            "F(0,0) + F(1,1) = F(0,1) + F(1,0) 恒成立；异或却要求左边两项为负、右边两项为正。"
            "编码器再强也没用，因为缺的是两个模态的乘积项。"
        )
    return (
        "Why methods that add fail at XOR: where each modality adds its share, F(a, b) = f(a) + g(b), "
        "F(0,0) + F(1,1) = F(0,1) + F(1,0) always holds; XOR wants both terms on the left negative and "
        "both on the right positive. No encoder helps, since what is missing is a term with both in it."
    )
