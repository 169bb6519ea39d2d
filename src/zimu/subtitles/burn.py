"""Subtitles drawn into the pictures of a video; the sound is copied as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from zimu.errors import MediaError
from zimu.media.apart import apart
from zimu.media.mapping import mapping
from zimu.media.opening import best_audio, best_video, file_origin, is_still, open_media
from zimu.subtitles.cue import Cue
from zimu.subtitles.drawing import Overlay, Painter
from zimu.subtitles.flatten import flatten
from zimu.subtitles.fonts import Font, choose_fonts
from zimu.subtitles.mux import whole_file

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.filter import Graph
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

__all__ = ["BURNT", "burn", "check_burn"]

# suffix: (FFmpeg's muxer, encoder and its options)
_H264 = ("libx264", {"preset": "veryfast", "crf": "18"})
_VP9 = ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "6", "crf": "24", "b": "0"})
BURNT = {
    ".mp4": ("mp4", *_H264),
    ".m4v": ("mp4", *_H264),
    ".mov": ("mov", *_H264),
    ".mkv": ("matroska", *_H264),
    ".webm": ("webm", *_VP9),
}
_FULL_RANGE = 2


def check_burn(cues: list[Cue], out: Path, font: Path | None = None) -> list[Font]:
    """Return the fonts for some cues; refuse before the work what would fail after it.

    Raises:
        MissingExtraError: Pillow is not installed.
        MediaError: The suffix is none of `BURNT`.
        SubtitleError: No font has shapes for some characters.
    """
    if out.suffix.lower() not in BURNT:
        raise MediaError(
            f"{out}: no video with the suffix {out.suffix!r} can be written. Use one of: {', '.join(BURNT)}."
        )
    fonts = choose_fonts([line for cue in cues for line in cue.lines], font)
    Painter((64, 48), fonts)
    return fonts


def burn(
    video: Path,
    cues: list[Cue],
    out: Path,
    *,
    font: Path | None = None,
    progress: Callable[[float, float | None], None] = lambda done, total: None,
) -> None:
    """Write a copy of a video with cues drawn into its pictures, whole or not at all.

    Pictures are turned upright and encoded again, H.264 with 8 bits (VP9 for .webm); their times stay. Cues
    that overlap are stacked. The work is done in a process of its own.

    Args:
        video: The video.
        cues: What is drawn; of their tags only the place (`{\\an8}`) is obeyed.
        out: Where to: .mp4, .m4v, .mov, .mkv or .webm.
        font: A font file; without it fonts of the machine that have the characters are taken.
        progress: Is told how many seconds of how many are done.

    Raises:
        MediaError: The video cannot be read or has no moving picture, or the container cannot hold its sound.
        SubtitleError: No font has shapes for some characters.
        MissingExtraError: Pillow is not installed.
    """
    fonts = check_burn(cues, out, font)
    if out.exists() and video.exists() and out.samefile(video):
        raise MediaError(f"{out} is the video itself. Give the copy another name.")
    apart(_burn, video, flatten(cues), out, fonts, name=str(video), progress=progress)


def _burn(
    video: Path,
    cues: list[Cue],
    out: Path,
    fonts: list[Font],
    progress: Callable[[float, float | None], None],
) -> None:
    import av

    first = _first_picture(video)
    with whole_file(out) as beside, open_media(video) as given, mapping(video):
        picture = best_video(given)
        assert picture is not None
        with av.open(f"file:{beside.absolute()}", "w", format=BURNT[out.suffix.lower()][0]) as made:
            _work(given, picture, _Writer(cues, fonts, out, made, first), progress)


def _first_picture(video: Path) -> VideoFrame:
    """Return the first picture, upright: it says the size and the colours of what is written.

    Raises:
        MediaError: There is none.
    """
    with open_media(video) as given, mapping(video):
        picture = best_video(given)
        if picture is not None and not is_still(given):
            for packet in given.demux(picture):
                for frame in _frames(packet):
                    return _Upright(None).turn(frame)
    raise MediaError(f"{video} has no moving picture to draw on.")


def _work(
    given: InputContainer,
    picture: VideoStream,
    writer: _Writer,
    progress: Callable[[float, float | None], None],
) -> None:
    import av

    origin = file_origin(given)
    total = given.duration / av.time_base if given.duration else None
    picture.thread_type = "AUTO"
    sound = best_audio(given)
    writer.add_picture(picture)
    if sound is not None:
        writer.add_sound(sound)
    for packet in given.demux([stream for stream in (picture, sound) if stream is not None]):
        if packet.stream is sound:
            if packet.dts is not None:
                writer.copy(packet)
            continue
        for frame in _frames(packet):
            moment = (frame.pts or 0) * (frame.time_base or Fraction(0)) - origin
            writer.write(frame, round(moment * 1000))
            progress(float(moment), total)
    writer.finish()


def _frames(packet: Any) -> Iterator[VideoFrame]:
    """Yield the pictures of a packet; a damaged one has none, as when captioning."""
    import av

    try:
        yield from packet.decode()
    except av.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise


class _Writer:
    """Draws on frames and encodes them.

    Args:
        cues: None overlaps another.
        fonts: From `choose_fonts`.
        out: The file, for messages.
        made: It, open.
        first: The first picture, upright.
    """

    def __init__(
        self, cues: list[Cue], fonts: list[Font], out: Path, made: OutputContainer, first: VideoFrame
    ) -> None:
        self._cues = iter(cues)
        self._out = out
        self._made = made
        self._first = first
        self._cue = next(self._cues, None)
        self._overlay: Overlay | None = None
        self._upright = _Upright((first.width, first.height))
        self._painter = Painter((first.width, first.height), fonts)
        self._last: int | None = None

    def add_picture(self, picture: VideoStream) -> None:
        """Add the stream of pictures."""
        _, codec, options = BURNT[self._out.suffix.lower()]
        rate = picture.average_rate or picture.guessed_rate or Fraction(25)
        stream: Any = self._made.add_stream(codec, rate=rate, options=dict(options))
        self._stream = stream
        self._stream.width, self._stream.height = self._first.width, self._first.height
        self._base = picture.time_base or Fraction(1, 1000)
        context: Any = self._stream.codec_context
        context.time_base = self._base
        context.pix_fmt = "yuv420p"
        context.thread_type = "AUTO"
        context.color_range, context.colorspace = self._first.color_range, self._first.colorspace
        if picture.sample_aspect_ratio:
            context.sample_aspect_ratio = picture.sample_aspect_ratio

    def add_sound(self, sound: Any) -> None:
        """Add a copy of the stream of sound."""
        try:
            self._sound = self._made.add_stream_from_template(sound)
        except ValueError as error:
            raise MediaError(
                f"{self._out}: a {self._out.suffix} file cannot hold sound in {sound.codec_context.name}. "
                "Choose .mkv."
            ) from error

    def copy(self, packet: Any) -> None:
        """Write a packet of sound."""
        packet.stream = self._sound
        self._made.mux_one(packet)

    def write(self, frame: VideoFrame, moment_ms: int) -> None:
        """Draw on a frame what is shown at its moment, and encode it."""
        import av

        pts = round((frame.pts or 0) * (frame.time_base or self._base) / self._base)
        if self._last is not None:
            pts = max(pts, self._last + 1)  # no encoder takes a picture that comes before the last one
        upright = self._upright.turn(frame)
        planes = upright.to_ndarray().astype(np.uint8, copy=False)
        overlay = self._shown(moment_ms)
        if overlay is not None:
            _lay(overlay, planes, upright.height, is_full=upright.color_range == _FULL_RANGE)
        drawn = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        drawn.pts, drawn.time_base = pts, self._base
        drawn.color_range, drawn.colorspace = upright.color_range, upright.colorspace
        self._last = pts
        self._made.mux(self._stream.encode(drawn))

    def finish(self) -> None:
        """Encode what is left."""
        self._made.mux(self._stream.encode(None))

    def _shown(self, moment_ms: int) -> Overlay | None:
        while self._cue is not None and self._cue.end_ms <= moment_ms:
            self._cue, self._overlay = next(self._cues, None), None
        if self._cue is None or self._cue.start_ms > moment_ms:
            return None
        if self._overlay is None:
            self._overlay = self._painter.paint(self._cue)
        return self._overlay


class _Upright:
    """Turns frames upright, makes their sides even and their format yuv420p.

    Args:
        size: Width and height that all have afterwards; None leaves them as they are.
    """

    def __init__(self, size: tuple[int, int] | None) -> None:
        self._size = size
        self._form: tuple[object, ...] | None = None
        self._graph: Graph | None = None

    def turn(self, frame: VideoFrame) -> VideoFrame:
        turns = round(frame.rotation / 90) % 4
        form = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range, turns)
        if self._graph is None or form != self._form:
            self._graph, self._form = self._build(frame, turns), form
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _build(self, frame: VideoFrame, turns: int) -> Graph:
        from av.filter import Graph

        graph = Graph()
        size = f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base=1/1000"
        colours = f":colorspace={int(frame.colorspace)}:range={int(frame.color_range)}"
        nodes = [graph.add("buffer", size + colours)]
        nodes += [graph.add("transpose", "cclock") for _ in range(turns)]
        nodes += [
            graph.add("pad", "ceil(iw/2)*2:ceil(ih/2)*2"),
            *([graph.add("scale", f"{self._size[0]}:{self._size[1]}")] if self._size else []),
            graph.add("format", "yuv420p"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*nodes).configure()
        return graph


def _lay(overlay: Overlay, planes: npt.NDArray[np.uint8], height: int, *, is_full: bool) -> None:
    """Lay an overlay on a frame in place.

    Args:
        overlay: What is drawn.
        planes: uint8 [H * 3 / 2, W], the planes of yuv420p as PyAV stacks them.
        height: Rows of the picture.
        is_full: Whether white is 255 instead of 235.
    """
    black, white = (0, 255) if is_full else (16, 235)
    rows, columns = overlay.cover.shape
    top, left = overlay.y, overlay.x
    light = black + overlay.light * (white - black)
    luma = planes[top : top + rows, left : left + columns]
    luma[:] = np.rint(luma + overlay.cover * (light - luma)).astype(np.uint8)
    cover = overlay.cover.reshape(rows // 2, 2, columns // 2, 2).mean((1, 3))
    for plane in planes.reshape(-1)[height * planes.shape[1] :].reshape(2, height // 2, -1):
        part = plane[top // 2 : (top + rows) // 2, left // 2 : (left + columns) // 2]
        part[:] = np.rint(part + cover * (128 - part)).astype(np.uint8)
