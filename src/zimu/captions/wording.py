"""Which sounds a viewer is told of, and in which words: the table `wording.csv` of a bundle of task "tag".

One row a class of the classifier. Classes with the same words are one sound to the viewer. `parent` names
classes that say less, separated by semicolons ("dog barking" says more than "animal sounds"): of the two only
the one that says more is told. Sounds of one `family` are told one at a time, since a classifier that hears
one of them often hears its neighbours too. The family "speech" holds the classes by which speech is known;
speech itself is not worded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.errors import BundleError

__all__ = ["COLUMNS", "SPEECH_FAMILY", "Sound", "Wording", "read_wording"]

COLUMNS = (
    "index",
    "name",
    "shown",
    "en",
    "zh",
    "threshold",
    "minimum_s",
    "parent",
    "family",
    "with_speech",
)
SPEECH_FAMILY = "speech"
_LANGUAGES = ("en", "zh")
_YES_NO = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Sound:
    """One thing that a viewer can be told.

    Attributes:
        texts: {language: words}, without brackets.
        classes: The classifier's classes that mean it, by index.
        names: Their names.
        thresholds: Score of each class, 0 to 1, from which on the sound is taken as heard.
        minimum_s: Shorter than this it is not told; seconds.
        wider: The sounds that say less, by index in `Wording.sounds`, all the way up.
        family: Sounds of one family are told one at a time.
        with_speech: Whether it is told when it begins while somebody speaks.
    """

    texts: Mapping[str, str]
    classes: tuple[int, ...]
    names: tuple[str, ...]
    thresholds: tuple[float, ...]
    minimum_s: float
    wider: frozenset[int]
    family: str
    with_speech: bool


class Wording:
    """The sounds of a table, and a classifier's scores seen as scores of sounds.

    Attributes:
        sounds: What can be told.
        class_names: The classifier's classes in its order.
        speech: The classes by which speech is known.
        thresholds: {class: score from which on it is taken as heard}.
    """

    def __init__(
        self, sounds: tuple[Sound, ...], class_names: tuple[str, ...], speech: tuple[int, ...]
    ) -> None:
        self.sounds = sounds
        self.class_names = class_names
        self.speech = speech
        self.thresholds = {c: t for s in sounds for c, t in zip(s.classes, s.thresholds, strict=True)}
        self._columns = np.array([c for s in sounds for c in s.classes], np.int64)
        self._thresholds = np.array([t for s in sounds for t in s.thresholds], np.float32)
        self._first = np.cumsum([0] + [len(s.classes) for s in sounds[:-1]])

    def levels(
        self, scores: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return what a classifier's scores say of each sound.

        Args:
            scores: float32 [P, classes].

        Returns:
            The highest score of each sound's classes [P, sounds], and the highest of score over threshold
            [P, sounds]: 1 or more is heard.
        """
        chosen = scores[:, self._columns]
        return (
            np.maximum.reduceat(chosen, self._first, axis=1),
            np.maximum.reduceat(chosen / self._thresholds, self._first, axis=1),
        )

    def speech_score(self, scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the highest score [P] of the classes of speech."""
        if not self.speech:
            return np.zeros(len(scores), np.float32)
        found: npt.NDArray[np.float32] = scores[:, list(self.speech)].max(1)
        return found


def read_wording(content: bytes, where: str = "wording.csv") -> Wording:
    """Read a table.

    Args:
        content: CSV in UTF-8 with the columns `COLUMNS`.
        where: The file's name, for messages.

    Raises:
        BundleError: It lacks a column, or a row is wrong; the row and column are named.
    """
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    if missing := [c for c in COLUMNS if c not in (reader.fieldnames or ())]:
        raise BundleError(f"{where} lacks the column {missing[0]!r}. Wanted: {', '.join(COLUMNS)}.")
    rows = [_check_row(row, number, where) for number, row in enumerate(reader)]
    if not any(row["shown"] for row in rows):
        raise BundleError(f"{where} shows no class. Put `yes` in the column `shown` of at least one row.")
    names = [row["name"] for row in rows]
    if len(set(names)) < len(names):
        raise BundleError(f"{where} names a class twice: {max(names, key=names.count)!r}.")
    return _gather(rows, where)


def _check_row(row: Mapping[str, str], number: int, where: str) -> dict[str, Any]:
    def wrong(column: str, wanted: str) -> BundleError:
        return BundleError(
            f"{where}, row {number + 2}, column {column}: found {row[column]!r}, wanted {wanted}."
        )

    if row["index"] != str(number):
        raise wrong("index", f"{number}: one row a class, in the classifier's order")
    out: dict[str, Any] = {"name": row["name"], "parent": row["parent"], "family": row["family"]}
    for column in ("shown", "with_speech"):
        if row[column] not in _YES_NO:
            raise wrong(column, "yes or no")
        out[column] = _YES_NO[row[column]]
    if not out["shown"]:
        return out
    for column in (*_LANGUAGES, "family"):
        if not row[column].strip():
            raise wrong(column, "words, since the class is shown")
        out[column] = row[column]
    for column, low, high in (("threshold", 0.001, 1.0), ("minimum_s", 0.0, 3600.0)):
        try:
            out[column] = float(row[column])
        except ValueError:
            raise wrong(column, "a number") from None
        if not low <= out[column] <= high:
            raise wrong(column, f"a number from {low:g} to {high:g}")
    return out


def _gather(rows: list[dict[str, Any]], where: str) -> Wording:
    """Make one sound of the rows that have the same words."""
    members: dict[tuple[str, ...], list[int]] = {}
    for index, row in enumerate(rows):
        if row["shown"]:
            members.setdefault(tuple(row[language] for language in _LANGUAGES), []).append(index)
    sound_of = {index: number for number, group in enumerate(members.values()) for index in group}
    by_name = {row["name"]: index for index, row in enumerate(rows)}
    sounds = []
    for number, (words, group) in enumerate(members.items()):
        first = rows[group[0]]
        for index in group:
            for column in ("family", "with_speech", "minimum_s"):
                if rows[index][column] != first[column]:
                    raise BundleError(
                        f"{where}, row {index + 2}, column {column}: differs from that of {first['name']!r}, "
                        "which has the same words."
                    )
        wider = {sound_of[p] for index in group for p in _ancestors(rows, index, by_name, where)} - {number}
        sounds.append(
            Sound(
                texts=dict(zip(_LANGUAGES, words, strict=True)),
                classes=tuple(group),
                names=tuple(rows[i]["name"] for i in group),
                thresholds=tuple(rows[i]["threshold"] for i in group),
                minimum_s=first["minimum_s"],
                wider=frozenset(wider),
                family=first["family"],
                with_speech=first["with_speech"],
            )
        )
    speech = tuple(i for i, row in enumerate(rows) if row["family"] == SPEECH_FAMILY)
    return Wording(tuple(sounds), tuple(row["name"] for row in rows), speech)


def _ancestors(rows: list[dict[str, Any]], index: int, by_name: Mapping[str, int], where: str) -> list[int]:
    """Return the shown classes above a class."""
    found: list[int] = []
    waiting = [index]
    while waiting:
        here = waiting.pop()
        for parent in filter(None, (p.strip() for p in rows[here]["parent"].split(";"))):
            above = by_name.get(parent)
            if above is None or above == index or not rows[above]["shown"]:
                raise BundleError(
                    f"{where}, row {here + 2}, column parent: {parent!r} is no other shown class above it."
                )
            if above not in found:
                found.append(above)
                waiting.append(above)
    return found
