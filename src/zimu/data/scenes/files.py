"""A scene as an MP4 file: H.264 and AAC, whole or not at all."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zimu.data.scenes.motion import Array
from zimu.data.scenes.pictures import FRAME_HZ
from zimu.data.scenes.sounds import RATE_HZ

__all__ = ["write_clip"]

# One thread: files must not depend on the number of cores. Several processes make scenes instead.
_PICTURE_OPTIONS = {"preset": "ultrafast", "crf": "25", "threads": "1", "x264-params": "threads=1"}
# The default coder takes four times as long.
_SOUND_OPTIONS = {"aac_coder": "fast"}
_SOUND_BITS = 32_000


def write_clip(path: Path, frames: npt.NDArray[np.uint8], samples: Array) -> None:
    """Write pictures and sound that begin together.

    Args:
        path: The .mp4 file; it appears when it is whole.
        frames: uint8 [T, H, W, 3], ten a second; H and W are even.
        samples: float32 [n], 16 kHz.
    """
    import av

    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with av.open(str(beside), "w", format="mp4") as container:
            video = container.add_stream("libx264", rate=FRAME_HZ, options=_PICTURE_OPTIONS)
            video.height, video.width, video.pix_fmt = frames.shape[1], frames.shape[2], "yuv420p"
            audio = container.add_stream("aac", rate=RATE_HZ, layout="mono", options=_SOUND_OPTIONS)
            audio.bit_rate = _SOUND_BITS
            for number, picture in enumerate(frames):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, FRAME_HZ)
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
            sound = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = RATE_HZ, 0, Fraction(1, RATE_HZ)
            container.mux(audio.encode(sound))
            container.mux(audio.encode(None))
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
