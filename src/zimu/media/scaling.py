"""Decoded frames to small pictures: FFmpeg crops and scales while they are still YUV."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from zimu.media.requests import FrameRequest

if TYPE_CHECKING:
    from av.filter import Graph
    from av.video.frame import VideoFrame

__all__ = ["LumaScaler", "Scaler", "crop_rectangle"]

# Formats whose first plane is luma of 8 bits; those of the second kind use the whole range of 0 to 255.
_LUMA_FIRST = frozenset({"yuv420p", "yuv422p", "yuv444p", "nv12", "nv21"})
_FULL_LUMA_FIRST = frozenset({"yuvj420p", "yuvj422p", "yuvj444p", "gray"})

# FFmpeg's number for luma from 0 to 255.
_FULL_RANGE = 2

# Rows of the picture that are averaged for one row of a luma picture.
_ROWS = 6

_Box = tuple[float, float, float, float]


def _turn_box(box: _Box, quarter_turns: int) -> _Box:
    """Return the box in the stored picture, given in the picture turned counterclockwise by quarters."""
    left, top, right, bottom = box
    for _ in range(quarter_turns % 4):
        left, top, right, bottom = 1 - bottom, left, 1 - top, right
    return left, top, right, bottom


def crop_rectangle(
    width: int, height: int, request: FrameRequest, *, quarter_turns: int = 0, aspect: Fraction = Fraction(1)
) -> tuple[int, int, int, int]:
    """Return x, y, width, height of the part of the stored picture that the request looks at.

    Args:
        width: Pixels of the stored picture.
        height: Pixels of the stored picture.
        request: What is asked for.
        quarter_turns: Counterclockwise turns that make the stored picture upright.
        aspect: Width of a stored pixel over its height.
    """
    left, top, right, bottom = _turn_box(request.box, quarter_turns)
    x, y, wide, high = left * width, top * height, (right - left) * width, (bottom - top) * height
    if request.resize == "crop":
        shape = request.width / request.height
        stored_shape = (1 / shape if quarter_turns % 2 else shape) / float(aspect)
        kept_wide, kept_high = min(wide, high * stored_shape), min(high, wide / stored_shape)
        x, y = x + (wide - kept_wide) / 2, y + (high - kept_high) / 2
        wide, high = kept_wide, kept_high
    cut_wide, cut_high = max(1, round(wide)), max(1, round(high))
    return min(round(x), width - cut_wide), min(round(y), height - cut_high), cut_wide, cut_high


class Scaler:
    """Makes pictures of one request; builds FFmpeg's filter graph anew when the frames change their form.

    Args:
        request: What the pictures look like.
        aspect: Width of a stored pixel over its height.
        flags: FFmpeg's name of the scaling method.
    """

    def __init__(self, request: FrameRequest, aspect: Fraction = Fraction(1), flags: str = "bicubic") -> None:
        self._request = request
        self._flags = flags
        self._aspect = aspect
        self._form: tuple[object, ...] | None = None
        self._graph: Graph | None = None
        self._last: tuple[VideoFrame, npt.NDArray[np.uint8]] | None = None

    def picture(self, frame: VideoFrame) -> npt.NDArray[np.uint8]:
        """Return the frame's picture, uint8 [H, W, C]; asked twice for one frame it gives the same array."""
        if self._last is None or self._last[0] is not frame:
            self._last = (frame, self._scale(frame))
        return self._last[1]

    def _scale(self, frame: VideoFrame) -> npt.NDArray[np.uint8]:
        turns = round(frame.rotation / 90) % 4
        form = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range, turns)
        if form != self._form or self._graph is None:
            self._graph, self._form = self._build(frame, turns), form
        self._graph.vpush(frame)
        small = self._graph.vpull().to_ndarray()
        picture = small.astype(np.uint8, copy=False).reshape(*small.shape[:2], -1)
        if picture.shape[2] == 4:
            picture = _on_white(picture)
        return np.ascontiguousarray(np.rot90(picture, turns)) if turns else picture

    def _build(self, frame: VideoFrame, turns: int) -> Graph:
        from av.filter import Graph

        request = self._request
        x, y, wide, high = crop_rectangle(
            frame.width, frame.height, request, quarter_turns=turns, aspect=self._aspect
        )
        out = (request.height, request.width) if turns % 2 else (request.width, request.height)
        graph = Graph()
        nodes = [
            graph.add(
                "buffer",
                f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base=1/1000"
                f":colorspace={int(frame.colorspace)}:range={int(frame.color_range)}",
            )
        ]
        if (x, y, wide, high) != (0, 0, frame.width, frame.height):
            nodes.append(graph.add("crop", f"{wide}:{high}:{x}:{y}:exact=1"))
        nodes += [
            graph.add("scale", f"{out[0]}:{out[1]}:flags={self._flags}"),
            graph.add("format", _format_of(frame, request)),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*nodes).configure()
        return graph


class LumaScaler:
    """Makes small gray pictures [H, W] for the shot detector: averages of blocks of the luma plane.

    Of tall pictures only some rows are looked at, which is twice as quick as FFmpeg's scaler. That is for
    pictures without a plane of luma of 8 bits.

    Args:
        request: What the pictures look like; of colour "gray".
        aspect: Width of a stored pixel over its height.
    """

    def __init__(self, request: FrameRequest, aspect: Fraction = Fraction(1)) -> None:
        self._request = request
        self._scaler = Scaler(request, aspect, flags="area")
        self._is_whole = request.box == (0.0, 0.0, 1.0, 1.0) and request.resize == "stretch"

    def picture(self, frame: VideoFrame) -> npt.NDArray[np.uint8]:
        """Return the frame's picture, uint8 [H, W]."""
        turns, request = round(frame.rotation / 90) % 4, self._request
        wide, high = (request.height, request.width) if turns % 2 else (request.width, request.height)
        name = frame.format.name
        has_luma = name in _LUMA_FIRST or name in _FULL_LUMA_FIRST
        if not (self._is_whole and has_luma and frame.width >= wide and frame.height >= high):
            return self._scaler.picture(frame)[:, :, 0]
        plane = frame.planes[0]
        # FFmpeg's plane is a buffer, which PyAV's types do not say.
        luma = np.frombuffer(cast(Any, plane), np.uint8).reshape(-1, plane.line_size)[
            : frame.height, : frame.width
        ]
        small = _means(luma, high, wide)
        if name in _LUMA_FIRST and frame.color_range != _FULL_RANGE:
            small = (small - 16) * np.float32(255 / 219)
        picture = np.clip(small + 0.5, 0, 255).astype(np.uint8)
        return np.ascontiguousarray(np.rot90(picture, turns)) if turns else picture


def _means(luma: npt.NDArray[np.uint8], high: int, wide: int) -> npt.NDArray[np.float32]:
    """Return the means of high x wide blocks; of each, all columns and at most `_ROWS` rows."""
    rows, edges, sizes = _blocks(*luma.shape, high, wide)
    sums = np.add.reduce(luma[rows].reshape(high, -1, luma.shape[1]), axis=1, dtype=np.uint16)
    means: npt.NDArray[np.float32] = np.add.reduceat(sums, edges, axis=1, dtype=np.float32)
    means /= sizes
    return means


@lru_cache(maxsize=8)
def _blocks(
    height: int, width: int, high: int, wide: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Return the rows that are looked at, where blocks begin in a row, and of how many pixels each is."""
    count = min(_ROWS, height // high)
    rows = ((np.arange(high * count) + 0.5) * height / (high * count)).astype(np.intp)
    edges = np.arange(wide) * width // wide
    return rows, edges, (count * np.diff(edges, append=width)).astype(np.float32)


def _format_of(frame: VideoFrame, request: FrameRequest) -> str:
    if request.colour == "gray":
        return "gray"
    return "rgba" if any(component.is_alpha for component in frame.format.components) else "rgb24"


def _on_white(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return an RGBA picture laid on white paper: what lies under transparent places is anything."""
    opacity = picture[:, :, 3:].astype(np.uint16)
    colour = picture[:, :, :3] * opacity + 255 * (255 - opacity)
    return ((colour + 127) // 255).astype(np.uint8)
