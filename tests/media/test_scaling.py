from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from zimu.media.requests import WATCH, FrameRequest
from zimu.media.scaling import LumaScaler, Scaler


def frame(size: tuple[int, int], pixel_format: str) -> av.VideoFrame:
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack((x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)), 2)
    shown = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="rgb24")
    return shown.reformat(format=pixel_format)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p", "yuv444p", "nv12", "gray", "yuv420p10le"])
@pytest.mark.parametrize("size", [(1280, 720), (322, 182), (48, 27), (20, 20)])
def test_a_watch_picture_is_what_the_scaler_of_ffmpeg_would_give(
    pixel_format: str, size: tuple[int, int]
) -> None:
    shown = frame(size, pixel_format)
    ours, theirs = LumaScaler(WATCH).picture(shown), Scaler(WATCH, flags="area").picture(shown)[:, :, 0]
    assert ours.shape == (WATCH.height, WATCH.width) and ours.dtype == np.uint8
    # FFmpeg passes over pixels at the edges of very small pictures in its own way.
    assert np.abs(ours.astype(int) - theirs).mean() < 2.5


def test_a_turned_video_is_watched_upright(make_video: Callable[..., Path], tmp_path: Path) -> None:
    request = FrameRequest(width=30, height=40, colour="gray")
    shown = frame((64, 48), "yuv420p")
    upright = LumaScaler(request).picture(shown)
    assert upright.shape == (40, 30)
    assert upright[0, 0] < upright[-1, -1]
