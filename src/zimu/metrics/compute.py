"""Metrics by name, computed together so that what they share is done once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from zimu.errors import unknown_name
from zimu.metrics.cider import CiderCounter
from zimu.metrics.corpus import Corpus
from zimu.metrics.errors import error_counts
from zimu.metrics.frequencies import DocumentFrequencies
from zimu.metrics.grams import iter_tables
from zimu.metrics.java import JavaTools
from zimu.metrics.measures import Measure, bleu_measure, mean_measure, rate_measure
from zimu.metrics.ngrams import BleuCounter
from zimu.metrics.rouge import RougeCounter, rouge_l

__all__ = ["METRICS", "WORDLESS", "Texts", "measure_texts", "metric_names"]

_BLEU = tuple(f"bleu_{order}" for order in range(1, 5))
_SINGLE = (*_BLEU, "rouge_l", "cider_d", "cider", "wer", "cer", "chrf", "meteor", "spice")
# What can be asked for, and the scores that each gives.
METRICS: dict[str, tuple[str, ...]] = {"bleu": _BLEU, **{name: (name,) for name in _SINGLE}}
# These look at characters, so the splitting into words does not concern them.
WORDLESS = ("cer", "chrf")


@dataclass(frozen=True)
class Texts:
    """The captions of M items.

    Attributes:
        references: Each item's references as tokens with single blanks between them.
        candidates: One text an item, the same way.
        raw_references: The references as they were written.
        raw_candidates: The candidates as they were written.
        blanks_count: Whether a blank is a character for CER; not so in Chinese.
        frequencies: Document frequencies for CIDEr, where they are not those of the references.
        java: Where METEOR and SPICE are.
    """

    references: Sequence[Sequence[str]]
    candidates: Sequence[str]
    raw_references: Sequence[Sequence[str]]
    raw_candidates: Sequence[str]
    blanks_count: bool = True
    frequencies: DocumentFrequencies | None = None
    java: JavaTools = field(default_factory=JavaTools)


def metric_names(metrics: Sequence[str]) -> list[str]:
    """Return the names of the scores that `metrics` gives, each once.

    Raises:
        UnknownNameError: A metric that Zimu does not know.

    >>> metric_names(["cider_d", "bleu"])
    ['cider_d', 'bleu_1', 'bleu_2', 'bleu_3', 'bleu_4']
    """
    names: list[str] = []
    for metric in metrics:
        if metric not in METRICS:
            raise unknown_name("metric", metric, METRICS)
        names += [name for name in METRICS[metric] if name not in names]
    return names


def measure_texts(texts: Texts, names: Sequence[str]) -> dict[str, Measure]:
    """Compute scores.

    Args:
        texts: The captions.
        names: From `metric_names`.

    Raises:
        MissingExtraError: chrF was asked for and sacreBLEU is not installed.
        ConfigError: METEOR or SPICE was asked for and cannot be run.
    """
    found = _by_ngrams(texts, names)
    for name in names:
        if name in ("wer", "cer"):
            found[name] = _error_measure(texts, name)
        elif name == "chrf":
            from zimu.metrics.chrf import chrf_measure

            found[name] = chrf_measure(texts.raw_references, texts.raw_candidates)
        elif name == "meteor":
            from zimu.metrics.meteor import meteor_measure, running_meteor

            found[name] = meteor_measure(running_meteor(texts.java), texts.references, texts.candidates)
        elif name == "spice":
            from zimu.metrics.spice import spice_measure

            found[name] = spice_measure(texts.java, texts.references, texts.candidates)
    return {name: found[name] for name in names}


def _by_ngrams(texts: Texts, names: Sequence[str]) -> dict[str, Measure]:
    """Return BLEU, ROUGE-L and CIDEr, as far as asked for, from one pass over the n-gram tables."""
    wanted = {name for name in names if name in (*_BLEU, "rouge_l", "cider_d", "cider")}
    if not wanted:
        return {}
    corpus = Corpus.from_texts(texts.references, texts.candidates)
    bleu = BleuCounter(corpus) if wanted & set(_BLEU) else None
    rouge = RougeCounter(corpus) if "rouge_l" in wanted and corpus.by_blank is None else None
    cider = {
        name: CiderCounter(corpus, defended=name == "cider_d", frequencies=texts.frequencies)
        for name in sorted(wanted & {"cider_d", "cider"})
    }
    counters = [counter for counter in (bleu, rouge, *cider.values()) if counter]
    for table in iter_tables(corpus, prune=texts.frequencies is None):
        for counter in counters:
            counter.take(table)
    found = {name: mean_measure(counter.result()) for name, counter in cider.items()}
    if bleu:
        counts = bleu.result()
        found |= {name: bleu_measure(counts, int(name[-1])) for name in _BLEU}
    if "rouge_l" in wanted:
        found["rouge_l"] = mean_measure(rouge.result() if rouge else rouge_l(corpus))
    return found


def _error_measure(texts: Texts, name: str) -> Measure:
    references, candidates = texts.references, texts.candidates
    if name == "cer" and not texts.blanks_count:
        references = [[r.replace(" ", "") for r in item] for item in references]
        candidates = [c.replace(" ", "") for c in candidates]
    read = Corpus.from_texts if name == "wer" else Corpus.from_characters
    counts = error_counts(read(references, candidates))
    return rate_measure(counts[:, :3].sum(axis=1), counts[:, 3])
