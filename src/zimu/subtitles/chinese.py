"""Where a Chinese line breaks: between words, after punctuation; never before a particle or closing mark."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from zimu.subtitles.measure import clusters
from zimu.text.languages import is_han

__all__ = [
    "CLOSERS",
    "OPENERS",
    "PARTICLES",
    "frequency",
    "gap_cost",
    "is_lone_particle",
    "split",
    "without_final_stop",
]

_FAULT = 200.0


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# JIS X 4051 and GB/T 15834: what may not begin a line, and what may not end one.
CLOSERS = frozenset("，。、；：？！）】》〉」』〕〗”’…—～·％％℃,.;:?!)]}%‰»›々ーっッゃゅょャュョ゛゜")
OPENERS = frozenset("（【《〈「『〔〖“‘([{«‹￥＄$#@")
PARTICLES = _words("的 了 吗 吧 呢 啊 呀 嘛 地 得 着 过 们 啦 哦 哇 么 嗎 著 過 們 麼")

_CONJUNCTIONS = _words(
    "和 与 及 或 或者 而 而且 并 并且 但 但是 可是 不过 因为 所以 如果 虽然 然后 以及 于是 因此 同时 当 還是"
    " 还是 就是 只是 與 並 並且 不過 因為 雖然 然後 於是 同時 當"
)
_PREPOSITIONS = _words("在 从 從 对 對 向 把 被 给 給 用 以 为 為 跟 往 由 于 於 按 比 将 將 让 讓 叫 使")
_ADVERBS = _words(
    "不 也 都 就 没 沒 没有 沒有 很 更 最 太 非常 还 還 再 又 才 只 正在 已经 已經 要 会 會 能 可以 是"
)
_CLASSIFIERS = _words(
    "个 只 条 张 位 名 辆 本 件 座 把 支 匹 头 群 对 双 块 片 颗 棵 朵 台 架 艘 种 次 年 月 日 号 点 分 秒 岁"
    " 元 米 人 天 家 间 层 個 隻 條 張 輛 頭 對 雙 塊 顆 臺 種 號 點 歲 間 層"
)
_DETERMINERS = _words(
    "这 那 每 某 另 各 该 本 这个 那个 这些 那些 每个 另一个 这种 這 這個 那個 這些 每個 這種"
)
_NUMBERED = _words(
    "一个 两个 三个 几个 一名 两名 一位 一只 两只 一条 一群 一些 一种 一個 兩個 一隻 兩隻 一條 一種"
)
_PRONOUNS = _words("我 你 他 她 它 我们 你们 他们 她们 它们 我們 你們 他們 她們 谁 誰")
# What a break costs after a mark.
_PAUSES = {**dict.fromkeys("。！？!?…；", 0.0), **dict.fromkeys("，,：:—", 2.0), "、": 5.0}
_NUMERAL = re.compile(r"[\d０-９][\d０-９.,:：．]*|[零一二三四五六七八九十百千万亿两几萬億兩幾]+")
_RUN = re.compile(r"[^\W_]+(?:[-'’.&_/+:,][^\W_]+)*", re.UNICODE)


@lru_cache(maxsize=1)
def _jieba() -> Any:
    import jieba

    # jieba logs the loading of its dictionary to standard error by default.
    jieba.setLogLevel(logging.WARNING)
    return jieba


def split(chunk: str) -> list[str]:
    """Split a text without blanks into words, numbers, Latin runs and single marks.

    >>> split("他有3.5米高，iPhone在这里。")
    ['他', '有', '3.5', '米', '高', '，', 'iPhone', '在', '这里', '。']
    """
    out: list[str] = []
    for is_word, run in _runs(chunk):
        if is_word:
            out += _jieba().lcut(run)
        else:
            out.append(run)
    return out


def frequency(word: str) -> int:
    """Return how often a word stands in jieba's corpus, 0 where it is no word of its dictionary."""
    jieba = _jieba()
    jieba.initialize()
    return int(jieba.dt.FREQ.get(word, 0))


def _runs(chunk: str) -> list[tuple[bool, str]]:
    """Return (whether the run is of ideographs, run) in order."""
    out: list[tuple[bool, str]] = []
    position = 0
    while position < len(chunk):
        end = position
        while end < len(chunk) and is_han(chunk[end]):
            end += 1
        if end > position:
            out.append((True, chunk[position:end]))
        else:
            end = _run_end(chunk, position)
            out.append((False, chunk[position:end]))
        position = end
    return out


def _run_end(chunk: str, start: int) -> int:
    """Return where the number, Latin run or single character that starts here ends."""
    match = _RUN.match(chunk, start)
    if match and not is_han(chunk[start]):
        end = match.end()
        for i in range(start, end):
            if chunk[i] > "\u2fff":  # the run of letters reaches into another script
                end = i
                break
        if end > start:
            return end
    return start + len(next(clusters(chunk[start : start + 64])))


def gap_cost(words: Sequence[str], i: int, has_blank: bool) -> float:
    """Return what a break between word `i` and the next costs.

    Args:
        words: All words and marks of the text.
        i: The word before the gap; it is not the last.
        has_blank: Whether a blank stands in the gap.
    """
    left, right = words[i], words[i + 1]
    if right[0] in CLOSERS or left[-1] in OPENERS:
        return _FAULT
    if is_lone_particle(right + "".join(words[i + 2 : i + 3])):
        return _FAULT
    if left[-1] in _PAUSES:
        return _PAUSES[left[-1]]
    if right in PARTICLES:
        return _FAULT
    if left.isascii() and right.isascii():  # a Latin name of several words
        return 80.0 if has_blank else _FAULT
    if has_blank:  # a blank in Chinese stands for a comma
        return 2.0
    return _between(words, i)


def is_lone_particle(line: str) -> bool:
    """Return whether a line begins with a particle that a mark or nothing follows.

    >>> is_lone_particle("吗？"), is_lone_particle("过了一会儿")
    (True, False)
    """
    return line[0] in PARTICLES and (len(line) == 1 or line[1] in CLOSERS)


def _between(words: Sequence[str], i: int) -> float:
    """Return the cost between two words with nothing between them."""
    left, right = words[i], words[i + 1]
    if _NUMERAL.fullmatch(left) and (right in _CLASSIFIERS or _NUMERAL.fullmatch(right)):
        return _FAULT
    if left in _PREPOSITIONS or left in _CONJUNCTIONS or left in _ADVERBS or _NUMERAL.fullmatch(left):
        return 40.0
    if left in _DETERMINERS or left in _PRONOUNS or left in _NUMBERED:
        return 30.0
    if left in _CLASSIFIERS and i and _NUMERAL.search(words[i - 1]):
        return 24.0
    if right in _CONJUNCTIONS:
        return 4.0
    if right in _PREPOSITIONS:
        return 6.0
    return 26.0 if left == "的" else 12.0


def without_final_stop(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return Chinese lines without a full stop or comma at their ends; an ellipsis stays."""
    out = []
    for line in lines:
        while line[-1:] in ("。", "，", ",", "、") or (line.endswith(".") and not line.endswith("..")):
            line = line[:-1].rstrip()
        out.append(line)
    return tuple(line for line in out if line)
