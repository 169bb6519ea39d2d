"""Texts as weighted words (for linear models) and as ids (for networks); Chinese by characters.

Source: term weighting by logarithmic frequency and inverse document frequency, Salton & Buckley 1988. Wang &
Manning 2012 (ACL P12-2018) is why pairs of words are counted too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from zimu.text.languages import normalise

__all__ = ["WordsSpec", "fit_words", "split_words", "words_array", "words_ids", "words_weights"]

_WORD = re.compile(r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W_]+(?:['’][^\W_]+)*|[!?！？]")
# 0 is padding and 1 an unknown word.
_FIRST_ID = 2


class WordsSpec(BaseModel):
    """The words that the training part taught, and their weights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    grams: tuple[str, ...] = Field(description="words, and pairs of words joined by a blank")
    weights: tuple[float, ...] = Field(description="inverse document frequency of each")
    tokens: tuple[str, ...] = Field(description="words with an id of their own; the first has id 2")
    longest: int = Field(default=128, ge=1, description="words that a network reads")

    @property
    def vocabulary(self) -> int:
        """How many ids there are."""
        return len(self.tokens) + _FIRST_ID


def split_words(text: str) -> list[str]:
    """Return the words of a text in lower case; each Chinese character is one, so are ! and ?."""
    return _WORD.findall(normalise(text).lower())


def _grams(text: str) -> list[str]:
    words = split_words(text)
    return words + [f"{a} {b}" for a, b in pairwise(words)]


def fit_words(texts: Iterable[str | None], *, most: int = 20000, least: int = 2) -> WordsSpec:
    """Return the words of texts: those of the training part.

    Args:
        texts: None is missing.
        most: At most so many words and pairs, the frequent ones first.
        least: Those in fewer texts are left out.
    """
    held = [t for t in texts if t is not None]
    documents = Counter(g for t in held for g in set(_grams(t)))
    grams = sorted(g for g, n in documents.most_common(most) if n >= least)
    weights = tuple(log((1 + len(held)) / (1 + documents[g])) + 1 for g in grams)
    lengths = sorted(len(split_words(t)) for t in held)
    longest = lengths[int(0.98 * (len(lengths) - 1))] if lengths else 1
    tokens = tuple(g for g in grams if " " not in g)
    return WordsSpec(grams=tuple(grams), weights=weights, tokens=tokens, longest=min(256, max(1, longest)))


def words_weights(
    spec: WordsSpec, texts: Sequence[str | None]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Return the weights of texts as a sparse matrix, each row of length one.

    Returns:
        Where each row begins int64 [B + 1], columns int64 [n], weights float32 [n].
    """
    place = {g: i for i, g in enumerate(spec.grams)}
    begins, columns, values = [0], [], []
    for text in texts:
        counts = Counter(place[g] for g in _grams(text or "") if g in place)
        row = {c: (1 + log(n)) * spec.weights[c] for c, n in sorted(counts.items())}
        length = sum(w * w for w in row.values()) ** 0.5 or 1.0
        columns += list(row)
        values += [w / length for w in row.values()]
        begins.append(len(columns))
    return np.array(begins, np.int64), np.array(columns, np.int64), np.array(values, np.float32)


def words_array(spec: WordsSpec, texts: Sequence[str | None]) -> npt.NDArray[np.float32]:
    """Return the weights of texts as float32 [B, grams]."""
    begins, columns, values = words_weights(spec, texts)
    out = np.zeros((len(texts), len(spec.grams)), np.float32)
    out[np.repeat(np.arange(len(texts)), np.diff(begins)), columns] = values
    return out


def words_ids(spec: WordsSpec, texts: Sequence[str | None]) -> list[npt.NDArray[np.int64]]:
    """Return the ids of each text's first `spec.longest` words; a missing text has none."""
    ids = {t: i for i, t in enumerate(spec.tokens, _FIRST_ID)}
    return [
        np.array([ids.get(w, 1) for w in split_words(t)[: spec.longest]] if t else [], np.int64)
        for t in texts
    ]
