"""chrF by sacreBLEU (extra `train`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from zimu.errors import MissingExtraError
from zimu.metrics.measures import FloatArray, Measure

__all__ = ["chrf_measure"]


def chrf_measure(references: Sequence[Sequence[str]], candidates: Sequence[str]) -> Measure:
    """Return chrF, 0 to 100 as sacreBLEU prints it.

    Args:
        references: Each item's references as they were written, not tokenised.
        candidates: One text an item.

    Raises:
        MissingExtraError: sacreBLEU is not installed.

    Source: Popović 2015; character n-grams to 6, beta 2, white space left out.
    """
    try:
        from sacrebleu.metrics.chrf import CHRF
    except ImportError as error:
        raise MissingExtraError("sacrebleu", "train") from error
    metric = CHRF()
    most = max(len(item) for item in references)
    # Where items have fewer references sacreBLEU wants None, which its annotations do not say.
    streams: Any = [[item[j] if j < len(item) else None for item in references] for j in range(most)]
    # sacreBLEU's own resampling uses these two; its public methods give no statistics.
    counts = np.array(metric._extract_corpus_statistics(list(candidates), streams), np.float64)

    combine = partial(_combine, metric)
    value = metric.corpus_score(list(candidates), streams).score
    return Measure(value, counts, combine, partial(combine, counts))


def _combine(metric: Any, sums: FloatArray) -> FloatArray:
    return np.array([metric._compute_score_from_stats(row).score for row in sums.tolist()])
