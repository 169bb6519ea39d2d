"""How captions become tokens for scoring, and the name that a signature gives to it."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from zimu.errors import ConfigError, unknown_name

__all__ = ["MODES", "describe", "fold_width", "is_unsegmented", "tokenise", "unify_script"]

# Han ideographs: the unified block, extensions A to H, compatibility, and 〇.
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_CHARACTER = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+(?:['’.,:-][^\W_{_HAN}]+)*")
_RUN_OF_HAN = re.compile(rf"[{_HAN}]{{6,}}")
_GAP = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def fold_width(text: str) -> str:
    """Return the text with full-width forms U+FF01 to U+FF5E and U+3000 as their ASCII forms.

    >>> fold_width("３Ｄ电影！")
    '3D电影!'
    """
    return text.translate(_WIDTH)


def unify_script(texts: Sequence[str], script: str) -> list[str]:
    """Return Chinese texts in one script by OpenCC.

    Args:
        texts: Texts in simplified or traditional characters.
        script: "simplified" or "traditional".

    Raises:
        ConfigError: Another script.
    """
    profiles = {"simplified": "t2s", "traditional": "s2t"}
    if script not in profiles:
        raise ConfigError(f"Unknown script {script!r}. Write simplified or traditional.")
    from opencc import OpenCC

    convert = OpenCC(profiles[script]).convert
    return [convert(text) for text in texts]


def tokenise(texts: Sequence[str], mode: str) -> list[str]:
    """Return texts as tokens with single blanks between them.

    Args:
        texts: Captions.
        mode: A key of `MODES`.

    Raises:
        UnknownNameError: No such mode.
    """
    if mode not in MODES:
        raise unknown_name("tokenisation", mode, MODES)
    return MODES[mode](texts)


def describe(mode: str) -> str:
    """Return what a signature says of a mode, with versions where the result depends on them."""
    if mode == "zh-word":
        jieba = _jieba()
        return f"zh-word-jieba-{jieba.__version__}-dict-{_dictionary_hash()}"
    return mode


def is_unsegmented(texts: Sequence[str]) -> bool:
    """Return whether more than a tenth of the texts hold six or more Han characters in a row."""
    sample = [text for text in texts if text][:1000]
    return sum(bool(_RUN_OF_HAN.search(text)) for text in sample) > len(sample) / 10


def _given(texts: Sequence[str]) -> list[str]:
    return list(texts)


def _ptb(texts: Sequence[str]) -> list[str]:
    from zimu.metrics.ptb import ptb_tokenize

    return ptb_tokenize(list(texts))


def _ptb_alone(texts: Sequence[str]) -> list[str]:
    from zimu.metrics.ptb import ptb_tokenize

    return ptb_tokenize(list(texts), each_alone=True)


def _characters(texts: Sequence[str]) -> list[str]:
    return [" ".join(_CHARACTER.findall(text.lower())) for text in texts]


def _words(texts: Sequence[str]) -> list[str]:
    cut = _jieba().lcut
    out = []
    for text in texts:
        # Blanks between Chinese characters are someone else's segmentation.
        words = cut(_GAP.sub("", text.lower()))
        out.append(" ".join(word for word in words if any(c.isalnum() for c in word)))
    return out


# What a mode does to captions. "given" are tokens already; the others drop punctuation and lower the case.
MODES: dict[str, Callable[[Sequence[str]], list[str]]] = {
    "given": _given,
    "ptb": _ptb,
    "ptb-alone": _ptb_alone,
    "zh-char": _characters,
    "zh-word": _words,
}


@lru_cache(maxsize=1)
def _jieba() -> Any:
    import jieba

    jieba.setLogLevel(logging.WARNING)  # it reports the loading of its dictionary by default
    jieba.initialize()
    return jieba


@lru_cache(maxsize=1)
def _dictionary_hash() -> str:
    with _jieba().get_dict_file() as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:8]
