"""Score cards: numbers with the conditions under which they hold."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from zimu.errors import ConfigError, unknown_name
from zimu.metrics import tokenise as tk
from zimu.metrics.cider import CiderCounter
from zimu.metrics.corpus import Corpus
from zimu.metrics.errors import error_counts
from zimu.metrics.grams import iter_tables
from zimu.metrics.measures import Measure, bleu_measure, mean_measure, rate_measure
from zimu.metrics.ngrams import BleuCounter
from zimu.metrics.rouge import rouge_l

__all__ = ["METRICS", "Conditions", "Score", "ScoreCard", "score"]

_LOG = logging.getLogger(__name__)
_BLEU = tuple(f"bleu_{n}" for n in range(1, 5))
METRICS: dict[str, tuple[str, ...]] = {
    "bleu": _BLEU,
    **{name: (name,) for name in (*_BLEU, "rouge_l", "cider_d", "cider", "wer", "cer")},
}


@dataclass(frozen=True)
class Conditions:
    """What a number rests on; two numbers may be compared only where all of this agrees.

    Attributes:
        items: How many items were scored.
        references: How many references an item has, "5" or "5-6".
        tokenisation: How the captions were split, with versions.
        split: The name of the part of the data, "" where it was not said.
        data: The first 12 digits of the SHA-256 of ids and references.
        version: Zimu's version.
    """

    items: int
    references: str
    tokenisation: str
    split: str
    data: str
    version: str

    def __str__(self) -> str:
        split = f"|split:{self.split}" if self.split else ""
        return (
            f"items:{self.items}|refs:{self.references}|tok:{self.tokenisation}{split}"
            f"|data:{self.data}|zimu:{self.version}"
        )


@dataclass(frozen=True)
class Score:
    """One metric's result.

    Attributes:
        name: The metric.
        value: The score of all items together.
        measure: Statistics per item, from which intervals and tests are made.
        ids: The items' ids, in order.
        conditions: What the number rests on.
        draws: Bootstrap samples for the interval.
        seed: Seed of the bootstrap.
    """

    name: str
    value: float
    measure: Measure = field(repr=False)
    ids: Sequence[Hashable] = field(repr=False)
    conditions: Conditions
    draws: int = 1000
    seed: int = 12345

    @cached_property
    def per_item(self) -> dict[Hashable, float]:
        """The score of each item by itself."""
        return dict(zip(self.ids, self.measure.items.tolist(), strict=True))

    @cached_property
    def interval(self) -> tuple[float, float]:
        """The 95 % bootstrap interval over items."""
        generator = np.random.default_rng(self.seed)
        counts, items = self.measure.counts, len(self.ids)
        drawn = generator.integers(0, items, (self.draws, items), np.int32)
        sums = np.stack([np.bincount(d, minlength=items) @ counts for d in drawn])
        low, high = np.percentile(self.measure.combine(sums), [2.5, 97.5])
        return float(low), float(high)

    @property
    def signature(self) -> str:
        """Name, conditions and settings in one line."""
        return f"{self.name}|{self.conditions}|bootstrap:{self.draws}|seed:{self.seed}"


@dataclass(frozen=True)
class ScoreCard(Mapping[str, Score]):
    """Scores by name.

    Attributes:
        scores: {name: score}.
        warnings: What a reader should know before believing the numbers.
    """

    scores: Mapping[str, Score]
    warnings: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Score:
        if name not in self.scores:
            raise unknown_name("score", name, self.scores)
        return self.scores[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.scores)

    def __len__(self) -> int:
        return len(self.scores)


def score(
    references: Mapping[Any, Any] | Sequence[Any],
    candidates: Mapping[Any, Any] | Sequence[Any],
    *,
    metrics: Sequence[str] = ("bleu", "rouge_l", "cider_d"),
    language: str = "en",
    tokens: bool = False,
    split: str = "",
) -> ScoreCard:
    """Score candidate captions against references.

    Args:
        references: {id: [reference, ...]}, or a list of lists.
        candidates: {id: candidate}, or a list as long.
        metrics: Keys of `METRICS`.
        language: "en" or "zh".
        tokens: The captions are tokens already: lists of them, or texts with blanks between them.
        split: The name of the part of the data, for the signature.

    Raises:
        UnknownNameError: A metric or language that Zimu does not know.
        ConfigError: Captions that cannot be scored.
    """
    names = _names(metrics)
    if language not in ("en", "zh"):
        raise unknown_name("language", language, ("en", "zh"))
    ids, refs, cands = _pair(references, candidates)
    modes = ["given"] if tokens else {"en": ["ptb"], "zh": ["zh-char", "zh-word"]}[language]
    scores: dict[str, Score] = {}
    for mode in modes:
        conditions = _conditions(ids, refs, tk.describe(mode), split)
        for name, measure in _measures(*_tokenised(refs, cands, mode), names).items():
            key = f"{name}_word" if mode == "zh-word" else name
            scores[key] = Score(key, measure.value, measure, ids, conditions)
    return ScoreCard(scores)


def _names(metrics: Sequence[str]) -> list[str]:
    names: list[str] = []
    for metric in metrics:
        if metric not in METRICS:
            raise unknown_name("metric", metric, METRICS)
        names += [name for name in METRICS[metric] if name not in names]
    return names


def _pair(references: Any, candidates: Any) -> tuple[list[Hashable], list[list[Any]], list[Any]]:
    if isinstance(references, Mapping) != isinstance(candidates, Mapping):
        raise ConfigError("References and candidates must both be dicts, or both be lists.")
    if not isinstance(references, Mapping):
        if len(references) != len(candidates):
            raise ConfigError(
                f"There are {len(references)} lists of references and {len(candidates)} candidates. "
                "Give one candidate a list."
            )
        references, candidates = dict(enumerate(references)), dict(enumerate(candidates))
    ids = [i for i in references if i in candidates]
    if not ids:
        raise ConfigError("References and candidates have no id in common.")
    return ids, [list(references[i]) for i in ids], [candidates[i] for i in ids]


def _tokenised(refs: list[list[Any]], cands: list[Any], mode: str) -> tuple[list[list[str]], list[str]]:
    def text(caption: Any) -> str:
        return caption if isinstance(caption, str) else " ".join(map(str, caption))

    flat = iter(tk.tokenise([text(r) for item in refs for r in item], mode))
    return [[next(flat) for _ in item] for item in refs], tk.tokenise([text(c) for c in cands], mode)


def _measures(refs: list[list[str]], cands: list[str], names: list[str]) -> dict[str, Measure]:
    corpus = Corpus.from_texts(refs, cands)
    bleu = BleuCounter(corpus)
    cider = {
        name: CiderCounter(corpus, defended=name == "cider_d") for name in names if name.startswith("cider")
    }
    if cider or any(name in _BLEU for name in names):
        for table in iter_tables(corpus):
            bleu.take(table)
            for counter in cider.values():
                counter.take(table)
    out: dict[str, Measure] = {}
    for name in names:
        if name in _BLEU:
            out[name] = bleu_measure(bleu.result(), int(name[-1]))
        elif name in cider:
            out[name] = mean_measure(cider[name].result())
        elif name == "rouge_l":
            out[name] = mean_measure(rouge_l(corpus))
        else:
            units = str.split if name == "wer" else list
            counts = error_counts([[units(r) for r in item] for item in refs], [units(c) for c in cands])
            out[name] = rate_measure(counts[:, :3].sum(axis=1), counts[:, 3])
    return out


def _conditions(
    ids: Sequence[Hashable], refs: Sequence[Sequence[Any]], tokenisation: str, split: str
) -> Conditions:
    import zimu

    digest = hashlib.sha256()
    for i, item in zip(ids, refs, strict=True):
        digest.update("\x1f".join([str(i), *map(str, item)]).encode() + b"\x1e")
    counts = sorted({len(item) for item in refs})
    many = str(counts[0]) if len(counts) == 1 else f"{counts[0]}-{counts[-1]}"
    return Conditions(len(ids), many, tokenisation, split, digest.hexdigest()[:12], zimu.__version__)
