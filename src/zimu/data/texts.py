"""What is said in a manifest: numbers for each language and split, and texts that cannot be right."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from zimu.data.manifest import Sample
from zimu.text.languages import is_han, split

__all__ = ["TextStatistics", "main_script", "plain", "repeated", "shared_between_splits", "statistics"]

_LATIN_WORD = re.compile(r"[A-Za-z]+")
# A Chinese word has about so many characters.
_HAN_A_WORD = 1.6


@dataclass(frozen=True, slots=True)
class TextStatistics:
    """The references of one language in one split.

    Attributes:
        samples: Samples with a reference in this language.
        references: How many references.
        distinct: Share of different ones among them, 0 to 1; case and punctuation do not count.
        most_common: The reference that stands most often.
        most_common_share: Its share of all references.
        tokens: Shortest, mean, 95th percentile and longest, in characters for zh and words else.
        vocabulary: Different tokens.
        once: Share of the vocabulary that stands once.
        unseen: Share of the running tokens that the split "train" does not hold; None for "train" itself and
            where there is none.
    """

    samples: int
    references: int
    distinct: float
    most_common: str
    most_common_share: float
    tokens: tuple[int, float, float, int]
    vocabulary: int
    once: float
    unseen: float | None


def _tokens(text: str, language: str) -> list[str]:
    if language == "zh":
        return split(text, "characters")
    return split(text, "words") if language == "en" else text.lower().split()


def plain(text: str, language: str) -> str:
    """Return a text as it is compared with others: its tokens, without case and punctuation.

    A text without any token of the language stands for itself.
    """
    return " ".join(_tokens(text, language)) or text.strip()


def main_script(text: str) -> str | None:
    """Return "zh" or "en" by what most words of a text are written in, or None for neither.

    >>> main_script("一个DJ在打碟"), main_script("The sign says 出口"), main_script("42")
    ('zh', 'en', None)
    """
    han = sum(map(is_han, text)) / _HAN_A_WORD
    latin = len(_LATIN_WORD.findall(text))
    if not han and not latin:
        return None
    return "zh" if han >= latin else "en"


def statistics(samples: Iterable[Sample]) -> dict[str, dict[str, TextStatistics]]:
    """Return {language: {split: numbers}}."""
    grouped: dict[str, dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        for language, texts in sample.references.items():
            if texts:
                grouped[language][sample.split].append(sample)
    result: dict[str, dict[str, TextStatistics]] = {}
    for language in sorted(grouped):
        counted = {name: _count(part, language) for name, part in grouped[language].items()}
        known = counted["train"][0].keys() if "train" in counted else None
        result[language] = {
            name: _numbers(
                grouped[language][name], language, *counted[name], None if name == "train" else known
            )
            for name in counted
        }
    return result


def _count(samples: Sequence[Sample], language: str) -> tuple[Counter[str], Counter[str], list[int]]:
    """Return how often each token and each whole reference stands, and the lengths."""
    vocabulary: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    lengths: list[int] = []
    for sample in samples:
        for text in sample.references[language]:
            tokens = _tokens(text, language)
            vocabulary.update(tokens)
            whole[plain(text, language)] += 1
            lengths.append(len(tokens))
    return vocabulary, whole, lengths


def _numbers(
    samples: Sequence[Sample],
    language: str,
    vocabulary: Counter[str],
    whole: Counter[str],
    lengths: list[int],
    known: Iterable[str] | None,
) -> TextStatistics:
    common, times = whole.most_common(1)[0]
    shown = next(t for s in samples for t in s.references[language] if plain(t, language) == common)
    running = max(1, vocabulary.total())
    unseen = None
    if known is not None:
        unseen = sum(n for token, n in vocabulary.items() if token not in known) / running
    return TextStatistics(
        samples=len(samples),
        references=len(lengths),
        distinct=len(whole) / len(lengths),
        most_common=shown,
        most_common_share=times / len(lengths),
        tokens=(min(lengths), float(np.mean(lengths)), float(np.percentile(lengths, 95)), max(lengths)),
        vocabulary=len(vocabulary),
        once=sum(n == 1 for n in vocabulary.values()) / max(1, len(vocabulary)),
        unseen=unseen,
    )


def repeated(sample: Sample) -> Iterator[tuple[str, str]]:
    """Yield (language, text) of the references that say what an earlier one of the same sample said."""
    for language, texts in sample.references.items():
        seen: set[str] = set()
        for text in texts:
            key = plain(text, language)
            if key in seen:
                yield language, text
            seen.add(key)


def shared_between_splits(samples: Iterable[Sample]) -> dict[tuple[str, str], dict[str, list[str]]]:
    """Return {(language, plain text): {split: ids}} of the references that stand in two splits or more."""
    found: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(dict)
    for sample in samples:
        for language, texts in sample.references.items():
            for text in {plain(t, language) for t in texts}:
                found[language, text].setdefault(sample.split, []).append(sample.id)
    return {key: splits for key, splits in found.items() if len(splits) > 1}
