"""Frames as a model takes them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from zimu.errors import ConfigError
from zimu.features.spec import VideoSpec
from zimu.streams import Frame, Stream

__all__ = ["frames_stream", "spread"]


def spread(count: int, most: int) -> list[int]:
    """Return at most `most` of the indices 0..count-1, evenly spread: the middles of equal parts.

    >>> spread(10, 2)
    [2, 7]
    """
    if count <= most:
        return list(range(count))
    return [((2 * part + 1) * count) // (2 * most) for part in range(most)]


def frames_stream(frames: Sequence[Frame], spec: VideoSpec, *, start: Fraction | int = 0) -> Stream:
    """Return a clip's frames as the contract wants them.

    Args:
        frames: Pictures uint8 [H, W, C] of the size and colour that `spec` names, in time order.
        spec: The contract's part for pictures.
        start: Seconds from the start of the file to the start of the clip.

    Returns:
        float32 [T, C, H, W], (value - mean) / scale; at most `spec.max_frames` of the frames, evenly spread.

    Raises:
        ConfigError: A picture has another size.
    """
    shape = (spec.height, spec.width, 3 if spec.colour == "rgb" else 1)
    chosen = [frames[index] for index in spread(len(frames), spec.max_frames)]
    for frame in chosen:
        if frame.picture.shape != shape:
            raise ConfigError(
                f"A frame at {float(frame.time):.3f} s is {frame.picture.shape}, the contract wants {shape}."
            )
    values = np.empty((len(chosen), shape[2], *shape[:2]), np.float32)
    for row, frame in enumerate(chosen):
        values[row] = frame.picture.transpose(2, 0, 1)
    values -= np.float32(spec.mean)
    values /= np.float32(spec.scale)
    times = np.array([float(frame.time - start) for frame in chosen], np.float64)
    return Stream(values, np.ones(len(chosen), np.bool_), times)
