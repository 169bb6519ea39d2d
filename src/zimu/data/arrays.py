"""Arrays of a published file to the streams of samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError
from zimu.streams import Stream, StreamBatch, pad_streams

__all__ = ["holdout", "load_arrays", "one_step", "series_steps"]


def load_arrays(path: Path, names: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """Return arrays of an npz file.

    Raises:
        ConfigError: The file is not there, is no npz file or lacks an array.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in names}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as an npz file: {error}.") from error
    except KeyError as error:
        raise ConfigError(f"{path} has no array {error}. Is it another version of the set?") from error


def one_step(values: npt.NDArray[Any]) -> StreamBatch:
    """Return a stream of one step a sample from values [N, ...]."""
    count = len(values)
    return StreamBatch(values[:, None], np.ones((count, 1), np.bool_), np.zeros((count, 1), np.float32))


def series_steps(
    values: npt.NDArray[Any], lengths: npt.NDArray[np.integer[Any]], rate_hz: float
) -> StreamBatch:
    """Return the streams of clips that lie one after the other in values [sum of lengths, ...]."""
    parts = np.split(values, np.cumsum(lengths)[:-1])
    return pad_streams(
        [
            Stream(p, np.ones(len(p), np.bool_), (np.arange(len(p), dtype=np.float64) + 0.5) / rate_hz)
            for p in parts
        ]
    )


def holdout(groups: npt.NDArray[Any], share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Return which samples [N] are held out so that whole groups, about a share of them, are."""
    names = np.unique(groups)
    count = max(1, round(share * len(names)))
    chosen = np.random.default_rng(seed).choice(len(names), count, replace=False)
    return np.isin(groups, names[chosen])
