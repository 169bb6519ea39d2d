"""Score cards: numbers with the conditions under which they hold."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from zimu.errors import unknown_name
from zimu.metrics.bootstrap import Resampling
from zimu.metrics.compute import WORDLESS, Texts, measure_texts, metric_names
from zimu.metrics.frequencies import DocumentFrequencies
from zimu.metrics.intake import Items, pair, warn_of_captions, warn_of_tokens
from zimu.metrics.java import JavaTools
from zimu.metrics.measures import Measure
from zimu.metrics.tokenise import Tokenisation, modes_of

__all__ = ["Conditions", "Score", "ScoreCard", "ScoreSettings", "score", "score_items"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Conditions:
    """What a number rests on; two numbers may be compared only where all of this agrees.

    Attributes:
        items: How many items were scored.
        references: How many references an item has, "5" or "5-6".
        tokenisation: How the captions were split, with versions.
        split: The name of the part of the data, "" where it was not said.
        data: The first 12 digits of the SHA-256 of ids and references.
        frequencies: Where CIDEr's document frequencies are from, "" for these references.
    """

    items: int
    references: str
    tokenisation: str
    split: str
    data: str
    frequencies: str = ""

    def __str__(self) -> str:
        parts = [f"items:{self.items}", f"refs:{self.references}", f"tok:{self.tokenisation}"]
        parts += [f"split:{self.split}"] if self.split else []
        parts += [f"df:{self.frequencies}"] if self.frequencies else []
        return "|".join([*parts, f"data:{self.data}"])


@dataclass(frozen=True)
class ScoreSettings:
    """What is seldom changed.

    Attributes:
        each_alone: Tokenise English captions one by one, independent of their neighbours.
        script: "simplified" or "traditional" unifies Chinese before it is split.
        frequencies: Document frequencies for CIDEr, or the references of another corpus to count them in.
        draws: Bootstrap samples for intervals.
        seed: Seed of everything random.
        java: Where METEOR and SPICE are.
    """

    each_alone: bool = False
    script: str = ""
    frequencies: DocumentFrequencies | Sequence[Sequence[str]] | None = None
    draws: int = 1000
    seed: int = 12345
    java: JavaTools = field(default_factory=JavaTools)


@dataclass(frozen=True)
class Score:
    """One metric's result.

    Attributes:
        name: The metric; "_word" at its end means Chinese by jieba word.
        value: The score of all items together.
        conditions: What the number rests on.
        ids: The items' ids, in order.
        measure: Statistics per item, from which intervals and tests are made.
    """

    name: str
    value: float
    conditions: Conditions
    ids: Sequence[Hashable] = field(repr=False)
    measure: Measure = field(repr=False)
    resampling: Resampling = field(repr=False)

    @cached_property
    def per_item(self) -> dict[Hashable, float]:
        """The score of each item by itself."""
        return dict(zip(self.ids, self.measure.items.tolist(), strict=True))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % bootstrap interval over items."""
        return self.resampling.intervals[self.name]

    @property
    def signature(self) -> str:
        """Name, conditions, interval settings and version in one line."""
        import zimu

        drawn = f"bootstrap:{self.resampling.draws}|seed:{self.resampling.seed}"
        return f"{self.name}|{self.conditions}|{drawn}|zimu:{zimu.__version__}"


@dataclass(frozen=True)
class ScoreCard(Mapping[str, Score]):
    """Scores by name.

    Attributes:
        scores: {name: score}.
        warnings: What a reader should know before believing the numbers.
        captions: What was scored.
    """

    scores: Mapping[str, Score]
    warnings: tuple[str, ...]
    captions: Items = field(repr=False)

    def __getitem__(self, name: str) -> Score:
        if name not in self.scores:
            raise unknown_name("score", name, self.scores)
        return self.scores[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.scores)

    def __len__(self) -> int:
        return len(self.scores)

    def to_dict(self) -> dict[str, Any]:
        """Return values, intervals, signatures, the number of items and the warnings, ready for JSON."""
        return {
            "scores": {
                name: {"value": s.value, "interval": list(s.interval), "signature": s.signature}
                for name, s in self.scores.items()
            },
            "items": len(self.captions.ids),
            "warnings": list(self.warnings),
        }


def score(
    references: Mapping[Any, Any] | Sequence[Any],
    candidates: Mapping[Any, Any] | Sequence[Any],
    *,
    metrics: Sequence[str] = ("bleu", "rouge_l", "cider_d"),
    language: str = "en",
    tokens: bool = False,
    split: str = "",
    settings: ScoreSettings | None = None,
) -> ScoreCard:
    """Score candidate captions against references.

    Args:
        references: {id: [reference, ...]}, or a list of lists.
        candidates: {id: candidate}, or a list as long.
        metrics: Keys of `zimu.metrics.compute.METRICS`.
        language: "en", or "zh": then each score comes by character and, with "_word" at the end of its name,
            by jieba word.
        tokens: The captions are tokens already: texts with blanks between them, or lists of tokens.
        split: The name of the part of the data, for the signature.
        settings: The rest.

    Raises:
        UnknownNameError: A metric or language that Zimu does not know.
        ConfigError: Captions that cannot be scored, or a tool that is not there.
        MissingExtraError: A metric of an extra that is not installed.

    >>> card = score([["a dog runs"], ["two cats"]], ["a dog", "cats"], metrics=["rouge_l"], tokens=True)
    >>> round(card["rouge_l"].value, 3)
    0.698
    """
    names = metric_names([metrics] if isinstance(metrics, str) else metrics)
    settings = settings or ScoreSettings()
    modes_of(language)  # an unknown language is told before the captions are looked at
    items = pair(references, candidates, tokens=tokens)
    card = score_items(items, names, settings, language=language, tokens=tokens, split=split)
    for warning in card.warnings:
        _LOG.warning("%s", warning)
    return card


def score_items(
    items: Items,
    names: Sequence[str],
    settings: ScoreSettings,
    *,
    language: str,
    tokens: bool,
    split: str,
) -> ScoreCard:
    """Score captions that are matched already.

    Args:
        items: The captions.
        names: From `metric_names`.
        settings: The rest.
        language: "en" or "zh".
        tokens: The captions are tokens already.
        split: The name of the part of the data.
    """
    warnings = [*items.warnings, *warn_of_captions(items)]
    measures: dict[str, Measure] = {}
    conditions: dict[str, Conditions] = {}
    data = _data_hash(items)
    for mode in modes_of(language, tokens=tokens, each_alone=settings.each_alone):
        tokenisation = Tokenisation(mode, settings.script)
        wanted = [name for name in names if mode != "zh-word" or name not in WORDLESS]
        frequencies = _frequencies(settings, tokenisation)
        texts = _texts(items, tokenisation, frequencies, settings.java, blanks_count=language != "zh")
        for name, measure in measure_texts(texts, wanted).items():
            key = f"{name}_word" if mode == "zh-word" else name
            measures[key] = measure
            used = frequencies.signature if frequencies and name.startswith("cider") else ""
            conditions[key] = _conditions(items, tokenisation.signature, split, data, used)
        for warning in warn_of_tokens(items, wanted, mode, own_frequencies=frequencies is None):
            warnings += [warning] if warning not in warnings else []
    resampling = Resampling(measures, settings.draws, settings.seed)
    scores = {
        name: Score(name, m.value, conditions[name], items.ids, m, resampling) for name, m in measures.items()
    }
    return ScoreCard(scores, tuple(warnings), items)


def _texts(
    items: Items,
    tokenisation: Tokenisation,
    frequencies: DocumentFrequencies | None,
    java: JavaTools,
    *,
    blanks_count: bool,
) -> Texts:
    flat = iter(tokenisation.split([r for refs in items.references for r in refs]))
    return Texts(
        references=[[next(flat) for _ in refs] for refs in items.references],
        candidates=tokenisation.split(items.candidates),
        raw_references=items.references,
        raw_candidates=items.candidates,
        blanks_count=blanks_count,
        frequencies=frequencies,
        java=java,
    )


def _frequencies(settings: ScoreSettings, tokenisation: Tokenisation) -> DocumentFrequencies | None:
    given = settings.frequencies
    if given is None or isinstance(given, DocumentFrequencies):
        return given.checked(tokenisation.signature) if given else None
    flat = iter(tokenisation.split([r for refs in given for r in refs]))
    counted = DocumentFrequencies.from_references([[next(flat) for _ in refs] for refs in given])
    return DocumentFrequencies(counted.documents, counted.counts, tokenisation.signature)


def _data_hash(items: Items) -> str:
    rows = ["\x1f".join([str(i), *refs]) for i, refs in zip(items.ids, items.references, strict=True)]
    return hashlib.sha256("\x1e".join(rows).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _conditions(items: Items, tokenisation: str, split: str, data: str, frequencies: str) -> Conditions:
    counts = sorted({len(refs) for refs in items.references})
    many = str(counts[0]) if len(counts) == 1 else f"{counts[0]}-{counts[-1]}"
    return Conditions(len(items.ids), many, tokenisation, split, data, frequencies)
