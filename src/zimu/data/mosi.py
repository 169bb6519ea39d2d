"""CMU-MOSI as the features of Poria et al. 2017: text, voice and face of 2,199 utterances of 93 videos."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from zimu.data.arrays import holdout, load_arrays, one_step
from zimu.errors import ConfigError
from zimu.tasks import PredictData, PredictParts

__all__ = ["read_mosi"]

_VAL_SHARE = 0.2


def read_mosi(
    folder: Path,
    target: Literal["label", "score", "polarity"] = "label",
    seed: int = 0,
    sentences: Path | None = None,
) -> PredictParts:
    """Return the speaker-independent split of the feature set; validation is a fifth of the training videos.

    Text and face features come from networks that were trained with the labels of the 62 training videos, so
    a model does better on validation than on test; it still serves to choose.

    Args:
        folder: Has `mosi.npz`.
        target: "label", negative or positive, or "score", -3 to 3; four utterances without a score are left
            out of the latter; "polarity", the score, which for those four is 1 or -1 as their label says.
        seed: Of the choice of validation videos.
        sentences: Features of the transcripts that no label has touched, a `.npy` file [utterances, ...] in
            the order of `transcripts.txt`; they become the stream "sentence".

    Raises:
        ConfigError: A file is missing or another.
    """
    a = load_arrays(
        folder / "mosi.npz", ["text", "audio", "video", "label", "score", "split", "video_index", "utterance"]
    )
    streams = {name: one_step(a[name].astype(np.float32)) for name in ("text", "audio", "video")}
    if sentences is not None:
        streams["sentence"] = one_step(_sentences(sentences, len(a["split"])))
    ids = [f"{v}_{u}" for v, u in zip(a["video_index"].tolist(), a["utterance"].tolist(), strict=True)]
    classes = ("negative", "positive") if target == "label" else ()
    targets = a["label"].astype(np.int64) if target == "label" else a["score"]
    if target == "polarity":
        targets = np.where(np.isfinite(a["score"]), a["score"], 2.0 * a["label"] - 1.0).astype(np.float32)
    data = PredictData(ids, streams, targets, a["video_index"], classes)
    usable = np.isfinite(a["score"]) if target == "score" else np.ones(len(ids), np.bool_)
    train, test = a["split"] == 0, a["split"] == 1
    held = np.zeros(len(ids), np.bool_)
    held[train] = holdout(a["video_index"][train], _VAL_SHARE, seed)
    return PredictParts(
        data.take(train & ~held & usable), data.take(train & held & usable), data.take(test & usable)
    )


def _sentences(path: Path, count: int) -> npt.NDArray[np.float32]:
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as an npy file: {error}.") from error
    if not isinstance(values, np.ndarray) or values.ndim < 2 or len(values) != count:
        raise ConfigError(f"{path} has not one row for each of the {count} utterances.")
    return values.astype(np.float32).reshape(count, -1)
