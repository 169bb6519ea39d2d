"""A scene without a clip, drawn where training would decode a file: a third of the cost, the same arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from zimu.data.manifest import Sample
from zimu.data.scenes import FRAME_HZ, FRAME_SIZE, RATE_HZ, Facts, facts_arrays
from zimu.errors import ConfigError
from zimu.features.spec import AudioSpec, VideoSpec
from zimu.streams import Stream

__all__ = ["draw_sample", "is_drawn"]


def is_drawn(sample: Sample) -> bool:
    """Whether the sample is a scene whose clip was not written."""
    return "facts" in sample.extra and not sample.path.is_file()


def draw_sample(sample: Sample, video: VideoSpec | None, audio: AudioSpec | None) -> dict[str, Stream]:
    """Return pictures uint8 [T, H, W, 3] and sound float16 [n, 1] of a scene.

    Pictures are means of whole blocks of pixels. What H.264 and AAC would change is not imitated; the
    recipe's validation and test clips are files, so that what it costs is seen.

    Raises:
        ConfigError: The recipe wants a size, a rate or a part of the picture that blocks do not give.
    """
    pictures, samples = facts_arrays(Facts.from_json(sample.extra["facts"]))
    out = {}
    if video is not None:
        _check(video)
        side, step = FRAME_SIZE // video.width, round(FRAME_HZ / video.rate_hz)
        small = _shrink(pictures[::step], side)
        out["video"] = _stream(small, np.arange(len(small)) * step / FRAME_HZ)
    if audio is not None:
        if audio.rate_hz != RATE_HZ:
            raise ConfigError(f"Scenes without clips sound at {RATE_HZ} Hz. Set audio.rate_hz to that.")
        times = (np.arange(len(samples)) + 0.5) / RATE_HZ
        out["audio"] = _stream(samples[:, None].astype(np.float16), times)
    return out


def _check(video: VideoSpec) -> None:
    whole = video.width == video.height and FRAME_SIZE % video.width == 0 and FRAME_HZ % video.rate_hz == 0
    plain = video.colour == "rgb" and video.box == (0.0, 0.0, 1.0, 1.0)
    if not (whole and plain and video.max_frames >= 5 * video.rate_hz):
        raise ConfigError(
            f"Scenes without clips give whole square colour pictures whose width divides {FRAME_SIZE}, at a "
            f"rate that divides {FRAME_HZ}. Change [video] of the recipe, or write the clips of all parts."
        )


def _shrink(pictures: npt.NDArray[np.uint8], side: int) -> npt.NDArray[np.uint8]:
    """Return the rounded means of blocks of side × side pixels."""
    total = np.zeros((len(pictures), pictures.shape[1] // side, pictures.shape[2] // side, 3), np.uint16)
    for row in range(side):
        for column in range(side):
            total += pictures[:, row::side, column::side]
    return ((total + side * side // 2) // (side * side)).astype(np.uint8)


def _stream(values: npt.NDArray[np.generic], times: npt.NDArray[np.float64]) -> Stream:
    return Stream(values, np.ones(len(values), np.bool_), times)
