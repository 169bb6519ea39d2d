"""Simplified or traditional: which script a text is in, and putting it into the other."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from zimu.errors import unknown_name
from zimu.text.languages import is_han

__all__ = ["SCRIPTS", "evidence", "main_script", "to_script"]

SCRIPTS = {"simplified": "t2s", "traditional": "s2t"}
# Characters that belong to both scripts though one of them has another form too (后 and 後): no evidence.
# Computed from OpenCC 1.4.2's STCharacters (those that map to themselves among others), commoner ones, and
# TSCharacters likewise.
_BOTH = frozenset(
    "僵熏曲淀漓郁酸适雇雕面采里谷辟荐胄背胜胡苔苹虫跖腊腌范蒙蚝舍芸蔑蝎表耇藤蜡豆象膻致准凌几凶出厂厘划刮制千升卜占卷"
    "只台叶吁吃合吊同后向吣布帘席冢冬呆周哄岩岳庵克党具坐坯它家弦回困夫夸娘局咨咸咽尸彩唇奸志念干幸广喂巨征御借堤姜噪狸"
    "玩确硷私秋种筑筱症琅矩糊系焰皂穗璇累浚挂挨挽栗核涂涌杆杠杯杰松板沈沾扇才扎托扣极果泛注恤拐拿游折抵戚捆捍据搜斗斤斫"
    "旋昆溪愈愿札朱朴梁暗棱欲柜澄檗万丑丰伙了于云亘仆仇价仿俊修余佛佣乾著藉徵覆昇於瞭夥么俱像剋喆麼"
)


@lru_cache(maxsize=2)
def _converter(name: str) -> Any:
    import opencc

    return opencc.OpenCC(name)


@lru_cache(maxsize=20_000)
def _script_of(character: str) -> str | None:
    """Return the only script that a character belongs to, or None where it belongs to both."""
    if character in _BOTH:
        return None
    if _converter("t2s").convert(character) != character:
        return "traditional"
    if _converter("s2t").convert(character) != character:
        return "simplified"
    return None


def evidence(text: str) -> dict[str, int]:
    """Return how many characters belong to one script only; none where kana tell that it is Japanese.

    >>> evidence("這是后面")
    {'simplified': 0, 'traditional': 1}
    """
    counts = {"simplified": 0, "traditional": 0}
    if any("\u3040" <= c <= "\u30ff" for c in text):
        return counts
    for character in text:
        script = _script_of(character) if is_han(character) else None
        if script:
            counts[script] += 1
    return counts


def main_script(texts: Iterable[str]) -> str | None:
    """Return the script of most evidence, or None where there is none."""
    totals = {"simplified": 0, "traditional": 0}
    for text in texts:
        for script, count in evidence(text).items():
            totals[script] += count
    best = max(totals, key=lambda script: totals[script])
    return best if totals[best] else None


def to_script(text: str, script: str) -> str:
    """Return a text in a script, phrase by phrase.

    Raises:
        UnknownNameError: No such script.
    """
    if script not in SCRIPTS:
        raise unknown_name("script", script, SCRIPTS)
    return str(_converter(SCRIPTS[script]).convert(text))
