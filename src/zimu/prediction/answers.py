"""What a model said of some rows, how sure it is, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.data.tables import write_rows

__all__ = ["Answer", "Answers", "Explanation"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What each modality gave to an answer.

    Attributes:
        base: The answer to nothing: a probability, or a number in the target's unit.
        given: {modality: what it added}; they sum to the answer less `base`.
    """

    base: float
    given: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one row.

    Attributes:
        value: The class, the labels, or the number; None where the model abstains.
        best: The same, whether it abstains or not.
        confidence: The probability of `best`, 0 to 1; NaN for a number.
        probabilities: {class: probability}; empty for a number.
        interval: Where the number lies with the model's stated coverage; None for classes.
        present: The modalities that the row had.
        explanation: Where it was asked for.
    """

    value: Any
    best: Any
    confidence: float
    probabilities: Mapping[str, float]
    interval: tuple[float, float] | None
    present: tuple[str, ...]
    explanation: Explanation | None = None

    def row(self) -> dict[str, Any]:
        """Return the answer as a row of plain values."""
        out: dict[str, Any] = {"answer": self.value, "best": self.best}
        if self.interval is not None:
            out |= {"low": self.interval[0], "high": self.interval[1]}
        else:
            out |= {"confidence": self.confidence, "probabilities": dict(self.probabilities)}
        out["present"] = list(self.present)
        if self.explanation is not None:
            out |= {"base": self.explanation.base, "given": dict(self.explanation.given)}
        return out


@dataclass(frozen=True)
class Answers(Sequence[Answer]):
    """What is said of the rows of a table, in its order.

    Attributes:
        rows: One a row.
        scores: float64 [B, K] probabilities, or [B, 1] numbers.
        problems: What could not be read, one line each; it counted as absent.
    """

    rows: tuple[Answer, ...]
    scores: npt.NDArray[np.float64] = field(repr=False)
    problems: tuple[str, ...] = ()

    def __getitem__(self, index: Any) -> Any:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Answer]:
        return iter(self.rows)

    @property
    def values(self) -> list[Any]:
        """The answers alone; None where the model abstains."""
        return [a.value for a in self.rows]

    def write(self, path: str | Path) -> int:
        """Write a .csv, .jsonl or .parquet file, one line a row; return their number."""
        path = Path(path)
        rows = [a.row() for a in self.rows]
        if path.suffix.lower() != ".jsonl":
            # A cell holds a text: what has parts of its own is written as JSON.
            rows = [{n: _cell(v) for n, v in row.items()} for row in rows]
        return write_rows(rows, path)


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | tuple) else value
