"""Parting a table: groups stay whole, classes keep their shares, the same seed gives the same parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError

__all__ = ["Parts", "given_parts", "split_rows", "strata_of"]

_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}
# Numbers are parted by their fifths, so that no part gets all the large ones.
_FIFTHS = 5


@dataclass(frozen=True, slots=True)
class Parts:
    """Which rows are trained on, chosen on, and looked at once.

    Attributes:
        train: Row numbers, rising.
        val: Row numbers, rising.
        test: Row numbers, rising.
    """

    train: tuple[int, ...]
    val: tuple[int, ...]
    test: tuple[int, ...]


def strata_of(targets: Sequence[Any], task: str) -> list[int]:
    """Return the stratum of each row: its class, the fifth its number lies in, its first label.

    Args:
        targets: A class, a number, or a list of labels for each row.
        task: "classify", "regress" or "label".
    """
    if task == "regress":
        values = np.asarray(targets, np.float64)
        edges = np.quantile(values, np.arange(1, _FIFTHS) / _FIFTHS)
        return [int(s) for s in np.searchsorted(edges, values)]
    keys = [str(sorted(map(str, t))[:1]) if task == "label" else str(t) for t in targets]
    order = {key: number for number, key in enumerate(sorted(set(keys)))}
    return [order[key] for key in keys]


def split_rows(
    strata: Sequence[int],
    groups: Sequence[Any] | None = None,
    *,
    shares: tuple[float, float, float] = (0.6, 0.2, 0.2),
    seed: int = 0,
) -> Parts:
    """Part rows into train, val and test.

    Groups are dealt out one after another, large ones first, each to the part whose classes it completes
    best; without groups every row is its own.

    Args:
        strata: The stratum of each row, see `strata_of`.
        groups: The group of each row; rows of one group never stand in two parts. None in a row is a group
            of its own.
        shares: Of train, val and test; they sum to 1.
        seed: Of the order among groups of one size.

    Raises:
        ConfigError: The shares do not sum to 1, or there are fewer groups than parts.
    """
    if abs(sum(shares) - 1) > 1e-6 or min(shares) < 0:
        raise ConfigError(f"The shares {shares} must not be negative and must sum to 1.")
    members = _members(len(strata), groups)
    wanted_parts = [i for i in range(3) if shares[i] > 0]
    if len(members) < len(wanted_parts):
        raise ConfigError(
            f"{len(members)} groups cannot be parted into {len(wanted_parts)}. More groups are needed, "
            "or a column `split` that says which row belongs where."
        )
    counts = _counts(members, strata)
    parts = _deal(counts, np.asarray(shares), np.random.default_rng(seed))
    rows: list[list[int]] = [[], [], []]
    for group, part in enumerate(parts):
        rows[part].extend(members[group])
    return Parts(*(tuple(sorted(r)) for r in rows))


def _members(count: int, groups: Sequence[Any] | None) -> list[list[int]]:
    if groups is None:
        return [[row] for row in range(count)]
    by_group: dict[object, list[int]] = {}
    for row, group in enumerate(groups):
        by_group.setdefault(("row", row) if group is None else str(group), []).append(row)
    return list(by_group.values())


def _counts(members: Sequence[Sequence[int]], strata: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return [groups, strata], how many rows of each stratum a group has."""
    counts = np.zeros((len(members), max(strata) + 1))
    for group, rows in enumerate(members):
        for row in rows:
            counts[group, strata[row]] += 1
    return counts


def _deal(
    counts: npt.NDArray[np.float64], shares: npt.NDArray[np.float64], generator: np.random.Generator
) -> list[int]:
    """Return the part of each group: where rows of its strata are missing most."""
    wanted = shares[:, None] * counts.sum(0)[None, :]
    have = np.zeros_like(wanted)
    order = generator.permutation(len(counts))
    # Large groups first: the small ones mend what the large ones broke.
    order = order[np.argsort(-counts.sum(1)[order], kind="stable")]
    parts = [0] * len(counts)
    scale = 1 / np.maximum(counts.sum(0), 1)
    for group in order:
        missing = (wanted - have) * scale
        # A part that has reached its size gets no more, whatever class it lacks.
        need = missing @ (counts[group] * scale) + 1e-3 * (wanted - have).sum(1) / counts.sum()
        need[shares == 0] = -np.inf
        parts[group] = int(np.argmax(need))
        have[parts[group]] += counts[group]
    return parts


def given_parts(
    names: Sequence[Any], strata: Sequence[int], groups: Sequence[Any] | None = None, *, seed: int = 0
) -> Parts:
    """Return the parts that a column names; where it names no validation rows, a fifth of train becomes them.

    Args:
        names: "train", "val" or "test" (or another word for it) for each row.
        strata: The stratum of each row.
        groups: The group of each row.
        seed: See `split_rows`.

    Raises:
        ConfigError: A name is unknown, or no row is for training or none for testing.
    """
    parts = [_NAMES.get(str(name).lower()) for name in names]
    if None in parts:
        wrong = names[parts.index(None)]
        raise ConfigError(f"The split {wrong!r} is unknown. Known: {', '.join(_NAMES)}.")
    rows = {p: [i for i, part in enumerate(parts) if part == p] for p in ("train", "val", "test")}
    if not rows["train"] or not rows["test"]:
        raise ConfigError("The column of splits must name rows for train and for test.")
    if not rows["val"]:
        train = rows["train"]
        inner = split_rows(
            [strata[i] for i in train],
            None if groups is None else [groups[i] for i in train],
            shares=(0.8, 0.2, 0.0),
            seed=seed,
        )
        rows["train"], rows["val"] = [train[i] for i in inner.train], [train[i] for i in inner.val]
    return Parts(tuple(rows["train"]), tuple(rows["val"]), tuple(rows["test"]))
