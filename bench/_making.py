"""Small media files of every kind, made with PyAV: pictures that drift, sound that hums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Picture", "Sound", "make"]

# Encoders that take no finer clock than their frame rate.
_FIXED_CLOCK = frozenset(
    {"flv1", "gif", "mpeg1video", "mpeg2video", "mpeg4", "wmv1", "wmv2", "apng", "dvvideo"}
)
_QUICK: dict[str, dict[str, str]] = {
    "libx264": {"preset": "ultrafast"},
    "libx264rgb": {"preset": "ultrafast"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:pools=1"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    "libsvtav1": {"preset": "12", "svtav1-params": "lp=1"},
}


@dataclass(frozen=True)
class Picture:
    """A video stream.

    Attributes:
        codec: FFmpeg's encoder.
        pixels: FFmpeg's pixel format.
        size: Width and height.
        times: Seconds of the frames.
        start: Seconds added to all of them.
        rotation: Degrees, in the container's matrix.
        aspect: Shape of a pixel.
        interlaced: Mark the frames as interlaced, top field first.
        options: The encoder's.
    """

    codec: str = "libx264"
    pixels: str = "yuv420p"
    size: tuple[int, int] = (64, 48)
    times: Sequence[float] = tuple(i / 10 for i in range(10))
    start: float = 0
    rotation: int = 0
    aspect: Fraction | None = None
    interlaced: bool = False
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sound:
    """An audio stream.

    Attributes:
        codec: FFmpeg's encoder.
        rate_hz: Samples a second.
        layout: FFmpeg's name of the channels.
        seconds: Length.
        start: Seconds of the first sample.
        loudness: Of the tone; 0 is silence.
        options: The encoder's.
    """

    codec: str = "aac"
    rate_hz: int = 16000
    layout: str = "mono"
    seconds: float = 1
    start: float = 0
    loudness: float = 0.5
    options: Mapping[str, str] = field(default_factory=dict)


def make(
    path: Path,
    *streams: Picture | Sound,
    container: str | None = None,
    options: Mapping[str, str] | None = None,
    stamps: Any = None,
) -> Path:
    """Write a file with the streams.

    Args:
        path: Where to.
        streams: In the file's order.
        container: FFmpeg's muxer, where the suffix does not say it.
        options: The muxer's.
        stamps: Called with (stream number, packet) before each packet is written; may change its time stamps.
    """
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format=container, container_options=dict(options or {})) as file:
        added = [_add(file, stream) for stream in streams]
        packets = [
            (number, packet)
            for number, (plan, stream) in enumerate(zip(streams, added, strict=True))
            for packet in (_pictures if isinstance(plan, Picture) else _sound)(plan, stream)
        ]
        # Muxers wait for both streams; in the order of time none waits long.
        for number, packet in sorted(packets, key=_moment):
            if stamps is not None:
                stamps(number, packet)
            file.mux_one(packet)
    return path


def _moment(pair: tuple[int, Any]) -> float:
    stamp = pair[1].dts if pair[1].dts is not None else pair[1].pts
    return float("inf") if stamp is None else float(stamp * pair[1].time_base)


def _add(file: Any, plan: Picture | Sound) -> Any:
    options = {**_QUICK.get(plan.codec, {}), **plan.options}
    if isinstance(plan, Sound):
        stream = file.add_stream(plan.codec, rate=plan.rate_hz, options=options)
        stream.layout = plan.layout
        if plan.codec in ("aac", "libmp3lame", "ac3", "eac3", "libopus", "mp2"):
            stream.bit_rate = 96_000 if plan.codec != "mp2" else 64_000
        return stream
    rate = 25 if plan.codec in ("dvvideo", "mpeg1video", "mpeg2video") else 10
    stream = file.add_stream(plan.codec, rate=rate, options=options)
    stream.width, stream.height, stream.pix_fmt = *plan.size, plan.pixels
    context = stream.codec_context
    context.time_base = Fraction(1, rate) if plan.codec in _FIXED_CLOCK else Fraction(1, 1000)
    context.thread_count = 1
    if plan.aspect is not None:
        context.sample_aspect_ratio = plan.aspect
    if plan.rotation:
        stream.set_display_rotation(plan.rotation)
    return stream


def _pictures(plan: Picture, stream: Any) -> list[Any]:
    import av

    clock = stream.codec_context.time_base
    width, height = plan.size
    y, x = np.mgrid[0:height, 0:width]
    still = np.stack([x * 7 % 256, y * 5 % 256, (x + y) * 3 % 256], -1).astype(np.uint8)
    packets, last = [], -1
    for time in plan.times:
        shown = np.roll(still, round(time * 16), 1) if width < 2000 else still
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(shown), format="rgb24")
        if plan.pixels != "rgb24":
            frame = frame.reformat(format=plan.pixels)
        last = max(last + 1, round((time + plan.start) / clock))
        frame.pts, frame.time_base = last, clock
        packets += stream.encode(frame)
    return [*packets, *stream.encode(None)]


def _sound(plan: Sound, stream: Any) -> list[Any]:
    import av

    count = round(plan.seconds * plan.rate_hz)
    wave = np.float32(plan.loudness * np.sin(np.arange(count) * 2 * np.pi * 440 / plan.rate_hz))
    channels = stream.layout.nb_channels
    packed = np.repeat(wave, channels).reshape(1, -1)
    packets: list[Any] = []
    if count:
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=plan.layout)
        frame.sample_rate, frame.time_base = plan.rate_hz, Fraction(1, plan.rate_hz)
        frame.pts = round(plan.start * plan.rate_hz)
        packets += stream.encode(frame)
    return [*packets, *stream.encode(None)]
