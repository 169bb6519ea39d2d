"""What a model writes for clips that it was not trained on, and what that is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from zimu.data.manifest import Sample
from zimu.metrics.cider import cider
from zimu.metrics.corpus import Corpus
from zimu.metrics.errors import error_counts, error_rate
from zimu.metrics.ngrams import bleu
from zimu.metrics.rouge import rouge_l
from zimu.search.beam import Hypothesis, SearchOptions, search
from zimu.search.stepper import Stepper
from zimu.streams import Stream, pad_streams
from zimu.text.languages import split
from zimu.text.vocabulary import Vocabulary
from zimu.training.batches import Arrays

__all__ = ["Validation", "caption_samples", "score_captions", "validate"]

# Clips that must be there before their captions are called alike, and clips that must share one.
_FEWEST, _ALIKE = 10, 3
LOWER_IS_BETTER = ("nll", "wer")


@dataclass(frozen=True)
class Validation:
    """Captions of a set of samples with their scores.

    Attributes:
        scores: {"cider_d_en": value, ...}, by the model's own tokens; "distinct_en" is the share of captions
            that no other clip got, "commonest_en" the share of the most common one. Training adds "nll_en",
            see `zimu.training.likelihood`.
        captions: {language: {id: text}}.
    """

    scores: Mapping[str, float]
    captions: Mapping[str, Mapping[str, str]]

    def objective(self, metric: str) -> float:
        """Return the mean of a metric over the languages, turned so that more is better."""
        values = [v for k, v in self.scores.items() if k.rpartition("_")[0] == metric]
        mean = sum(values) / len(values)
        return -mean if metric in LOWER_IS_BETTER else mean

    def has_collapsed(self) -> bool:
        """Whether one caption serves a tenth of the clips or more, or fewer than a fifth are distinct.

        A handful of clips cannot tell: two of them may show the same.
        """
        return any(
            round(self.scores[f"commonest_{language}"] * len(texts)) >= max(_ALIKE, 0.1 * len(texts))
            or self.scores[f"distinct_{language}"] < 0.2
            for language, texts in self.captions.items()
            if len(texts) >= _FEWEST and f"distinct_{language}" in self.scores
        )


def caption_samples(
    stepper: Stepper,
    streams: Sequence[Mapping[str, Stream]],
    vocabulary: Vocabulary,
    language: str,
    options: SearchOptions,
) -> list[Hypothesis]:
    """Return the best hypothesis of each clip.

    Args:
        stepper: The model.
        streams: One mapping a clip, of one batch.
        vocabulary: The model's.
        language: Of the captions.
        options: How to search.
    """
    batch = {n: pad_streams([s[n] for s in streams]) for n in streams[0]}
    return [found[0] for found in search(stepper, batch, vocabulary.start(language), options)]


def score_captions(
    references: Sequence[Sequence[str]], captions: Sequence[str], splitter: str
) -> dict[str, float]:
    """Return scores of captions by the model's own tokens, for choosing and watching; reports use `zimu
    score`.

    Args:
        references: A clip's references.
        captions: One a clip.
        splitter: How the language's texts become tokens.
    """
    tokens = [split(c, splitter) for c in captions]
    wanted = [[split(r, splitter) for r in refs] for refs in references]
    corpus = Corpus.from_tokens(wanted, tokens)
    counts = Counter(captions)
    return {
        "cider_d": float(cider(corpus).mean()),
        "bleu_4": bleu(corpus).corpus[3],
        "rouge_l": float(rouge_l(corpus).mean()),
        "wer": error_rate(error_counts(corpus)),
        "distinct": sum(n == 1 for n in counts.values()) / len(captions),
        "commonest": max(counts.values()) / len(captions),
    }


def validate(
    stepper: Stepper,
    samples: Sequence[Sample],
    arrays: Arrays,
    vocabulary: Vocabulary,
    options: SearchOptions,
    batch_size: int = 50,
) -> Validation:
    """Caption samples in each language and score what has references."""
    scores: dict[str, float] = {}
    captions: dict[str, dict[str, str]] = {k: {} for k in vocabulary.languages}
    for part in _parts(len(samples), batch_size):
        streams = [arrays(i, None) for i in part]
        for language in vocabulary.languages:
            found = caption_samples(stepper, streams, vocabulary, language, options)
            for i, hypothesis in zip(part, found, strict=True):
                captions[language][samples[i].id] = vocabulary.decode(hypothesis.tokens, language)
    for language, texts in captions.items():
        scored = [s for s in samples if s.references.get(language)]
        if scored:
            splitter = vocabulary.splitters[language]
            values = score_captions(
                [s.references[language] for s in scored], [texts[s.id] for s in scored], splitter
            )
            scores |= {f"{k}_{language}": v for k, v in values.items()}
    return Validation(scores, captions)


def _parts(count: int, size: int) -> Iterator[range]:
    for first in range(0, count, size):
        yield range(first, min(first + size, count))
