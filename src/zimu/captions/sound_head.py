"""A head that knows a few sounds better than the network under it does.

A bundle of task "tag" may carry one: a linear layer over the network's features, trained on recordings of
some kinds of sound. Where it is sure of a kind, the kind's class is heard, unless the network itself is sure
of something that does not go with that kind: of what it was not trained on the head knows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zimu.captions.wording import Wording
from zimu.errors import BundleError

__all__ = ["SoundHead", "read_head"]

_Array = npt.NDArray[np.float32]
# Where the network hears speech so surely, more has to speak for a kind: breath and clicks of a voice are
# like small sounds. Chosen on folds 3 and 4 of ESC-10 by a head of 1 and 2.
_SPOKEN, _UNDER_SPEECH = 0.5, 0.65
_NAMES = ("weights", "bias", "classes", "related", "heard", "foreign")


@dataclass(frozen=True, slots=True)
class SoundHead:
    """A linear layer over the square roots of features: near 1 where a kind is, near 0 where it is not.

    Attributes:
        weights: float32 [K, D].
        bias: float32 [K].
        classes: int64 [K], the class of the network by which each kind is told.
        related: bool [K, C], the classes that the network may hear where the kind is.
        heard: From which value on a kind is heard.
        foreign: Where the network scores a class that is not related so high, the head is not believed.
    """

    weights: _Array
    bias: _Array
    classes: npt.NDArray[np.int64]
    related: npt.NDArray[np.bool_]
    heard: float
    foreign: float

    def evidence(self, features: _Array) -> _Array:
        """Return how much speaks for each kind, float32 [P, K], from features [P, D], none negative."""
        found: _Array = np.sqrt(np.maximum(features, 0)) @ self.weights.T + self.bias
        return np.maximum(found, 0)

    def rescore(self, scores: _Array, features: _Array, wording: Wording) -> _Array:
        """Return scores [P, C] in which the kinds that the head is sure of are heard.

        Args:
            scores: The network's, float32 [P, C].
            features: float32 [P, D].
            wording: Says from which score on a class is heard.
        """
        spoken = wording.speech_score(scores) >= _SPOKEN
        found = self.evidence(features) * np.where(spoken, _UNDER_SPEECH, 1.0)[:, None]
        out = scores.copy()
        likeliest = found.argmax(1)
        for kind in np.unique(likeliest).tolist():
            column = int(self.classes[kind])
            others = np.where(self.related[kind], 0, scores).max(1)
            is_told = (likeliest == kind) & (others < self.foreign)
            level = np.where(is_told, found[:, kind] / self.heard, 0)
            told = np.minimum(1, level * wording.thresholds.get(column, 1.0))
            out[:, column] = np.maximum(out[:, column], told)
        return out


def read_head(content: bytes, wording: Wording, where: str = "head") -> SoundHead:
    """Read a head from safetensors.

    Args:
        content: The file.
        wording: The table of the same bundle.
        where: The file's name, for messages.

    Raises:
        BundleError: It lacks an array, or does not fit the table.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
    except (SafetensorError, ValueError) as error:
        raise BundleError(f"{where} is no safetensors file: {error}.") from error
    if missing := [name for name in _NAMES if name not in arrays]:
        raise BundleError(f"{where} lacks the array {missing[0]!r}. Wanted: {', '.join(_NAMES)}.")
    head = SoundHead(
        arrays["weights"].astype(np.float32),
        arrays["bias"].astype(np.float32),
        arrays["classes"].astype(np.int64),
        arrays["related"].astype(np.bool_),
        float(arrays["heard"]),
        float(arrays["foreign"]),
    )
    kinds, classes = len(head.classes), len(wording.class_names)
    fits = (
        head.related.shape == (kinds, classes)
        and head.weights.ndim == 2
        and len(head.weights) == len(head.bias) == kinds
        and ((head.classes >= 0) & (head.classes < classes)).all()
        and head.heard > 0
    )
    if not fits:
        raise BundleError(f"{where} does not fit wording.csv, which has {classes} rows. Make it again.")
    return head
