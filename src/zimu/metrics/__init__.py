"""Scores: captions against references, retrieval, classes and numbers.

The names below are imported on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zimu.metrics.card import Score as Score
    from zimu.metrics.card import ScoreCard as ScoreCard
    from zimu.metrics.card import ScoreSettings as ScoreSettings
    from zimu.metrics.card import score as score
    from zimu.metrics.ceiling import human_ceiling as human_ceiling
    from zimu.metrics.frequencies import DocumentFrequencies as DocumentFrequencies
    from zimu.metrics.ptb import ptb_tokenize as ptb_tokenize
    from zimu.metrics.ranking import retrieval as retrieval
    from zimu.metrics.reward import CiderReward as CiderReward
    from zimu.metrics.significance import compare_cards as compare_cards
    from zimu.metrics.tally import Tally as Tally

_HOMES = {
    "CiderReward": "reward",
    "DocumentFrequencies": "frequencies",
    "Score": "card",
    "ScoreCard": "card",
    "ScoreSettings": "card",
    "Tally": "tally",
    "compare_cards": "significance",
    "human_ceiling": "ceiling",
    "ptb_tokenize": "ptb",
    "retrieval": "ranking",
    "score": "card",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'zimu.metrics' has no attribute {name!r}")
    return getattr(importlib.import_module(f"zimu.metrics.{_HOMES[name]}"), name)
