"""How captions become tokens for scoring, and the name that a signature gives to it."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.metadata import version
from typing import Any

from zimu.errors import ConfigError, unknown_name

__all__ = [
    "MODES",
    "Tokenisation",
    "count_broken",
    "fold_width",
    "is_unsegmented",
    "modes_of",
    "tokenise",
    "unify_script",
]

# Han ideographs: the unified block, extensions A to H, compatibility, and 〇.
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_CHARACTER = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+(?:['’.,:-][^\W_{_HAN}]+)*")
_RUN_OF_HAN = re.compile(rf"[{_HAN}]{{6,}}")
_GAP = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
# The reference shifts all later captions by one where a caption has one of these inside; Zimu takes blanks.
_LINE_BREAKS = "\n\r\v\f\u2028\u2029"
_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


@dataclass(frozen=True)
class Tokenisation:
    """How captions become tokens.

    Attributes:
        mode: A key of `MODES`.
        script: "simplified" or "traditional" to unify Chinese first, "" to leave it.
    """

    mode: str
    script: str = ""

    @cached_property
    def signature(self) -> str:
        """Mode and script, with versions where the result depends on them."""
        parts = [self.mode]
        if self.mode == "zh-word":
            parts.append(f"jieba-{_jieba().__version__}-dict-{_dictionary_hash()}")
        if self.script:
            parts.append(f"{self.script}-opencc-{version('opencc')}")
        return "+".join(parts)

    def split(self, texts: Sequence[str]) -> list[str]:
        """Return texts as tokens with single blanks between them."""
        if self.script:
            texts = unify_script(texts, self.script)
        return tokenise(texts, self.mode)


def modes_of(language: str, *, tokens: bool = False, each_alone: bool = False) -> list[str]:
    """Return the modes in which captions of a language are scored.

    Args:
        language: "en" or "zh".
        tokens: The captions are tokens already.
        each_alone: English captions are tokenised one by one instead of in one run, in which the beginning
            of a caption can change the end of the one before it.

    Raises:
        UnknownNameError: Another language.
    """
    modes = {"en": ["ptb-alone" if each_alone else "ptb"], "zh": ["zh-char", "zh-word"]}
    if language not in modes:
        raise unknown_name("language", language, modes)
    return ["given"] if tokens else modes[language]


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


def is_unsegmented(texts: Sequence[str]) -> bool:
    """Return whether more than a tenth of the texts hold six or more Han characters in a row."""
    sample = [text for text in texts if text][:1000]
    return sum(bool(_RUN_OF_HAN.search(text)) for text in sample) > len(sample) / 10


def _given(texts: Sequence[str]) -> list[str]:
    return list(texts)


def count_broken(texts: Sequence[str]) -> int:
    """Return how many texts have a line break inside, of those that end a line for the English tokeniser."""
    joined = "".join(texts)
    if not any(mark in joined for mark in _LINE_BREAKS):
        return 0
    return sum(any(mark in text.strip() for mark in _LINE_BREAKS) for text in texts)


def _ptb(texts: Sequence[str]) -> list[str]:
    from zimu.metrics.ptb import ptb_tokenize

    return ptb_tokenize(texts)


def _ptb_alone(texts: Sequence[str]) -> list[str]:
    from zimu.metrics.ptb import ptb_tokenize

    return ptb_tokenize(texts, each_alone=True)


def _characters(texts: Sequence[str]) -> list[str]:
    return [" ".join(_CHARACTER.findall(fold_width(text).lower())) for text in texts]


def _words(texts: Sequence[str]) -> list[str]:
    cut = _jieba().lcut
    out = []
    for text in texts:
        # Blanks between Chinese characters are someone else's segmentation.
        words = cut(_GAP.sub("", fold_width(text).lower()))
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
