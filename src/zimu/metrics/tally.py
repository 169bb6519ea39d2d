"""Counting captions in several shards or processes, with the digits of counting them at once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from zimu.errors import ConfigError
from zimu.metrics.card import ScoreCard, ScoreSettings, score

__all__ = ["Tally"]


class Tally:
    """Collects items; tallies of shards can be pickled, sent and merged.

    A tally keeps the captions, since CIDEr's document frequencies, and the English tokeniser's look at the
    next caption, need all of them; counting is done in `card`. The order of adding and merging is the order
    of the items. Another order changes no score by more than its last bits.

    Args:
        tokens: Lists in the place of texts are tokens, and texts are tokens with blanks between them.

    >>> one, two = Tally(tokens=True), Tally(tokens=True)
    >>> one.add("a", ["a dog runs"], "a dog")
    >>> two.add("b", ["two cats"], "two cats")
    >>> one.merge(two).card(metrics=["rouge_l"])["rouge_l"].conditions.items
    2
    """

    def __init__(self, *, tokens: bool = False) -> None:
        self._tokens = tokens
        self._references: dict[Hashable, Sequence[Any]] = {}
        self._candidates: dict[Hashable, Any] = {}

    def __len__(self) -> int:
        return len(self._references)

    def add(self, i: Hashable, references: Sequence[Any], candidate: Any) -> None:
        """Add one item.

        Raises:
            ConfigError: The id was added before.
        """
        if i in self._references:
            raise ConfigError(f"Item {i!r} was counted already. Give every item once.")
        self._references[i] = references
        self._candidates[i] = candidate

    def merge(self, other: Tally) -> Tally:
        """Return the items of this tally followed by those of another.

        Raises:
            ConfigError: An item is in both, or only one of them has tokens.
        """
        if self._tokens != other._tokens:
            raise ConfigError("One tally holds tokens and the other plain text. Count both the same way.")
        out = Tally(tokens=self._tokens)
        for tally in (self, other):
            for i, references in tally._references.items():
                out.add(i, references, tally._candidates[i])
        return out

    def card(
        self,
        *,
        metrics: Sequence[str] = ("bleu", "rouge_l", "cider_d"),
        language: str = "en",
        split: str = "",
        settings: ScoreSettings | None = None,
    ) -> ScoreCard:
        """Score all items; see `zimu.score`."""
        return score(
            self._references,
            self._candidates,
            metrics=metrics,
            language=language,
            tokens=self._tokens,
            split=split,
            settings=settings,
        )
