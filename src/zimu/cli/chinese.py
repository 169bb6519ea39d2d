"""Error messages in Chinese, where the language setting is Chinese.

The code says what is wrong in English, once. `errors_zh.tsv` has a row a message, with `{}` where a value
stands; the message that an error carries is matched against the rows, and the values move over.
"""

from __future__ import annotations

import locale
import os
import re
from functools import cache
from importlib import resources

__all__ = ["in_chinese", "prefers_chinese"]


def prefers_chinese() -> bool:
    """Return whether the language setting is Chinese: the first of LC_ALL, LC_MESSAGES, LANG that is set."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value.lower().startswith("zh")
    # Windows sets none of them.
    return (locale.getlocale()[0] or "").startswith(("zh", "Chinese"))


def in_chinese(message: str) -> str:
    """Return an error's message in Chinese; one that no row fits stays as it is.

    >>> in_chinese("talk.mp4 is empty (0 bytes).")
    'talk.mp4 是空文件（0 字节）。'
    """
    for pattern, chinese in _rows():
        if match := pattern.fullmatch(message):
            values = [in_chinese(value) if " " in value else value for value in match.groups()]
            return _fill(chinese, values)
    return message


def _fill(chinese: str, values: list[str]) -> str:
    """Put values in; not by `str.format`, since a message may hold braces of its own."""
    return re.sub(r"\{(\d)\}", lambda found: values[int(found[1])], chinese)


@cache
def _rows() -> list[tuple[re.Pattern[str], str]]:
    """Return pattern and Chinese of each row, those with the most fixed text first."""
    text = resources.files(__package__).joinpath("errors_zh.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    rows.sort(key=lambda row: -len(row[0].replace("{}", "")))
    return [
        (re.compile("(.*?)".join(map(re.escape, english.split("{}"))), re.DOTALL), chinese)
        for english, chinese in rows
    ]
