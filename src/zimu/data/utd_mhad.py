"""UTD-MHAD: 27 actions of 8 subjects as a skeleton (30 Hz) and a worn sensor (about 50 Hz)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zimu.data.arrays import holdout, load_arrays, series_steps
from zimu.streams import StreamBatch
from zimu.tasks import PredictData, PredictParts

__all__ = ["read_utd_mhad"]

SKELETON_HZ, INERTIAL_HZ = 30.0, 50.0
_TRAIN_SUBJECTS = (1, 3, 5, 7)


def read_utd_mhad(folder: Path, *, thin: Mapping[str, int] | None = None, seed: int = 0) -> PredictParts:
    """Return the cross-subject protocol: subjects 1, 3, 5, 7 train, 2, 4, 6, 8 test (Chen et al. 2015).

    Validation is a fifth of the training clips, drawn by subject and action, since four subjects are too few
    to set one aside. The four trials of a subject's action are a group: what is fitted on some of them and
    judged on the others has seen them. Joints are taken relative to where each was in the first frame: the
    place of a joint tells people apart better than actions (validation 36.8 % with it, 66.7 % without).

    Args:
        folder: Has `skeleton_inertial.npz`.
        thin: {"skeleton" or "inertial": how many successive steps become one, their mean}.
        seed: Of the choice of the validation part.

    Raises:
        ConfigError: The file is missing or another.
    """
    names = ["skeleton", "skeleton_scale", "inertial", "skeleton_length", "inertial_length"]
    a = load_arrays(folder / "skeleton_inertial.npz", [*names, "action", "subject", "trial", "action_name"])
    joints = a["skeleton"].astype(np.float32) * np.float32(a["skeleton_scale"])
    starts = np.cumsum(a["skeleton_length"]) - a["skeleton_length"]
    joints -= np.repeat(joints[starts], a["skeleton_length"], axis=0)
    streams = {
        "skeleton": _steps(joints, a["skeleton_length"], SKELETON_HZ, (thin or {}).get("skeleton", 1)),
        "inertial": _steps(
            a["inertial"].astype(np.float32),
            a["inertial_length"],
            INERTIAL_HZ,
            (thin or {}).get("inertial", 1),
        ),
    }
    action, subject = a["action"].astype(np.int64) - 1, a["subject"].astype(np.int64)
    ids = [f"a{x + 1}_s{s}_t{t}" for x, s, t in zip(action, subject, a["trial"], strict=True)]
    group = action * 10 + subject
    data = PredictData(ids, streams, action, group, tuple(a["action_name"].tolist()))
    train = np.isin(subject, _TRAIN_SUBJECTS)
    held = np.zeros(len(ids), np.bool_)
    held[train] = holdout(group[train], 0.2, seed)
    return PredictParts(data.take(train & ~held), data.take(train & held), data.take(~train))


def _steps(
    values: npt.NDArray[np.float32], lengths: npt.NDArray[np.integer], rate_hz: float, thin: int
) -> StreamBatch:
    """Return clips that stand one after the other as steps; the last few that fill no mean are left out."""
    if thin == 1:
        return series_steps(values, lengths, rate_hz)
    clips = np.split(values, np.cumsum(lengths)[:-1])
    means = [c[: len(c) // thin * thin].reshape(-1, thin, *c.shape[1:]).mean(1) for c in clips]
    return series_steps(np.concatenate(means), np.array([len(m) for m in means]), rate_hz / thin)
