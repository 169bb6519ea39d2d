"""The torture set, its first half: files that are odd and right, and must be captioned."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
from bench._making import Picture, Sound, make

__all__ = ["Case", "good_cases"]

Expected = Literal["captioned", "refused", "either"]
Maker = Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """One file of the set.

    Attributes:
        kind: What is odd about it.
        name: Its path in the set's folder.
        make: Writes it.
        expected: What has to come of it.
    """

    kind: str
    name: str
    make: Maker
    expected: Expected = "captioned"


# encoder: pixel format: containers
_VIDEO = """libx264:yuv420p:mp4 mov mkv avi ts flv m4v 3gp nut m2ts
libx265:yuv420p:mp4 mkv mov ts
libvpx:yuv420p:webm mkv
libvpx-vp9:yuv420p:webm mp4 mkv
libsvtav1:yuv420p:mp4 mkv webm ivf obu
mpeg4:yuv420p:avi mp4 mkv mov
mpeg2video:yuv420p:ts mpg vob mkv m2v
mpeg1video:yuv420p:mpg m1v
mjpeg:yuvj420p:avi mov mkv mjpeg
prores_ks:yuv422p10le:mov mkv
ffv1:yuv420p:mkv avi nut
rawvideo:yuv420p:y4m avi nut mkv
wmv2:yuv420p:wmv asf avi
h263:yuv420p:3gp avi
jpeg2000:yuv420p:mkv mov
rv10:yuv420p:rm
rv20:yuv420p:rm
wmv1:yuv420p:wmv
qtrle:rgb24:mov
huffyuv:yuv422p:avi
ffvhuff:yuv420p:avi
flv1:yuv420p:flv
msmpeg4v2:yuv420p:avi
msmpeg4:yuv420p:avi
msvideo1:rgb555le:avi
cinepak:rgb24:avi
svq1:yuv410p:mov
h261:yuv420p:h261
h263p:yuv420p:avi
dvvideo:yuv420p:dv
utvideo:yuv420p:avi
magicyuv:yuv420p:avi
zmbv:bgr0:avi
flashsv:bgr24:flv
snow:yuv420p:avi
asv1:yuv420p:avi
png:rgb24:mov
speedhq:yuv420p:nut
cfhd:yuv422p10le:mov
rpza:rgb555le:mov
roqvideo:yuvj444p:roq"""
_SIZES = {"h261": (176, 144), "h263": (176, 144), "dvvideo": (720, 576), "roqvideo": (64, 64)}

# encoder: rate: containers
_AUDIO = """pcm_s16le:16000:wav w64 mka nut avi mov
pcm_u8:16000:wav voc
pcm_s24le:16000:wav
pcm_s32le:16000:wav
pcm_f32le:16000:wav
pcm_f64le:16000:wav
pcm_alaw:16000:wav
pcm_mulaw:16000:wav au
adpcm_ms:16000:wav
adpcm_ima_wav:16000:wav
adpcm_swf:11025:flv
adpcm_adx:16000:adx
pcm_s16be:16000:aiff caf au
aac:16000:m4a aac mp4 mka
libmp3lame:44100:mp3
mp2:48000:mp2
flac:16000:flac oga
libopus:48000:opus webm ogg
alac:16000:m4a caf
ac3:48000:ac3
eac3:48000:eac3
tta:16000:tta
wavpack:16000:wv
g722:16000:g722
g726:8000:wav
libopencore_amrnb:8000:amr
dfpwm:16000:dfpwm
nellymoser:8000:flv
real_144:8000:rm"""

# suffix: encoder: pixel format
_STILLS = """png:png:rgb24
png:png:rgb48be
png:png:gray
png:png:monob
png:png:rgba
jpg:mjpeg:yuvj420p
jpg:mjpeg:yuvj444p
webp:libwebp:bgra
bmp:bmp:bgr24
tiff:tiff:rgb24
ppm:ppm:rgb24
tga:targa:bgr24
sgi:sgi:rgb24
qoi:qoi:rgb24
jp2:jpeg2000:rgb24
pcx:pcx:rgb24
dpx:dpx:rgb24"""

_DEPTHS = """libx264:yuv420p10le libx264:yuv422p libx264:yuv422p10le libx264:yuv444p libx264:yuv444p10le
libx264:gray libx264:nv12 libx264rgb:rgb24 libx265:yuv420p10le libx265:yuv444p12le libx265:gray10le
libvpx-vp9:yuva420p libsvtav1:yuv420p10le
ffv1:yuv420p12le ffv1:yuv444p16le ffv1:gray16le ffv1:gbrp10le ffv1:yuva444p10le ffv1:bgra
ffv1:yuv411p ffv1:yuv410p
prores_ks:yuva444p10le qtrle:argb png:rgba64be rawvideo:yuyv422 rawvideo:rgb565le rawvideo:uyvy422"""

_LAYOUTS = ["mono", "stereo", "2.1", "3.0", "quad", "4.0", "5.0", "5.1", "6.1", "7.1", "hexadecagonal"]
_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 176400, 192000)

_NAMES = (
    "中文 名字.mp4", "文件夹 一/子 文件夹/视频（最终版）.mp4", "it's \"quoted\".mp4", "100%d %s.mp4",
    "-dash.mp4", "a#b?c&d=e.mp4", "http:__colon: x.mp4", "back\\slash.mp4", "emoji \U0001f3ac.mp4",
    "עברית.mp4", "no suffix", "wrong suffix.txt", "UPPER.MP4", ".hidden.mp4", "two  blanks .mp4",
    "[a]{b}(c)*.mp4", "字" * 60 + ".mp4", "$HOME `x`;&.mp4", "line\nfeed.mp4", "e\u0301.mp4",
    "pipe|file.mp4", "concat:a.mp4",
)  # fmt: skip

_TEN = tuple(i / 10 for i in range(10))


def good_cases() -> Iterator[Case]:
    """Yield the files that must be captioned, leaving out those for which this FFmpeg has no encoder."""
    yield from (*_codecs(), *_stills(), *_shapes(), *_clocks(), *_amounts(), *_sounds(), *_names())


def _plan(kind: str, name: str, *streams: Picture | Sound, **settings: object) -> Iterator[Case]:
    import av

    if {stream.codec for stream in streams} <= av.codecs_available:
        yield Case(kind, name, lambda path: make(path, *streams, **settings))  # type: ignore[arg-type]


def _codecs() -> Iterator[Case]:
    for row in _VIDEO.splitlines():
        codec, pixels, suffixes = row.split(":")
        times = tuple(i / 25 for i in range(10)) if codec == "dvvideo" else _TEN
        for suffix in suffixes.split():
            picture = Picture(codec, pixels, _SIZES.get(codec, (64, 48)), times)
            yield from _plan("codec and container", f"{codec}.{suffix}", picture)
    for row in _AUDIO.splitlines():
        codec, rate, suffixes = row.split(":")
        for suffix in suffixes.split():
            yield from _plan("sound only", f"{codec}.{suffix}", Sound(codec, int(rate)))
    for sound, suffix in (
        ("aac", "mp4"),
        ("libopus", "mkv"),
        ("libmp3lame", "avi"),
        ("mp2", "ts"),
        ("flac", "mkv"),
    ):
        rate = 48000 if sound in ("libopus", "mp2", "libmp3lame") else 16000
        yield from _plan("picture and sound", f"x264 {sound}.{suffix}", Picture(), Sound(sound, rate))
    fragments = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    yield from _plan("codec and container", "fragmented.mp4", Picture(), Sound(), options=fragments)
    yield from _plan(
        "codec and container", "faststart.mp4", Picture(), Sound(), options={"movflags": "faststart"}
    )
    yield from _plan("codec and container", "raw.h264", Picture(), container="h264")
    yield from _plan("codec and container", "raw.hevc", Picture("libx265"), container="hevc")


def _stills() -> Iterator[Case]:
    for row in _STILLS.splitlines():
        suffix, codec, pixels = row.split(":")
        picture = Picture(codec, pixels, times=(0,))
        yield from _plan(
            "still picture", f"{pixels}.{suffix}", picture, container="image2", options={"update": "1"}
        )
    one = Picture("png", "rgb24", (1, 1), (0,))
    yield from _plan("still picture", "one pixel.png", one, container="image2", options={"update": "1"})
    yield from _plan("animation", "animated.gif", Picture("gif", "rgb8"))
    yield from _plan("animation", "one picture.gif", Picture("gif", "rgb8", times=(0,)))
    yield from _plan("animation", "animated.apng", Picture("apng", "rgba"))
    yield from _plan("animation", "animated.avif", Picture("libsvtav1"))


def _shapes() -> Iterator[Case]:
    sizes = [
        (2, 2),
        (2, 64),
        (64, 2),
        (16, 400),
        (400, 16),
        (61, 47),
        (63, 1),
        (4096, 16),
        (16, 4096),
    ]
    for size in sizes:
        yield from _plan("odd size", f"{size[0]}x{size[1]}.mkv", Picture("ffv1", "yuv444p", size, _TEN[:3]))
    yield from _plan("odd size", "1x63.mov", Picture("png", "rgb24", (1, 63), _TEN[:3]))
    yield from _plan("odd size", "61x47.mp4", Picture(pixels="yuv444p", size=(61, 47)))
    yield from _plan("odd size", "one of 4K.mp4", Picture(size=(3840, 2160), times=(0, 0.5)))
    yield from _plan("odd size", "one of 8K.mp4", Picture("mjpeg", "yuvj420p", (7680, 4320), (0,)))
    for angle in (90, 180, 270, 45, -90):
        yield from _plan("rotation", f"turned {angle}.mp4", Picture(rotation=angle))
    for aspect in (Fraction(4, 3), Fraction(1, 10), Fraction(10), Fraction(255, 1)):
        name = f"pixels {aspect.numerator} to {aspect.denominator}.mkv"
        yield from _plan("pixel shape", name, Picture(aspect=aspect))
    for pair in _DEPTHS.split():
        codec, pixels = pair.split(":")
        suffix = "mov" if codec in ("prores_ks", "qtrle", "png") else "nut" if codec == "rawvideo" else "mkv"
        yield from _plan("depth, colour, alpha", f"{codec} {pixels}.{suffix}", Picture(codec, pixels))
    flags = {"flags": "+ildct+ilme"}
    for codec, suffix in (("mpeg2video", "ts"), ("libx264", "mkv"), ("mpeg4", "avi"), ("mpeg2video", "mpg")):
        plan = Picture(codec, interlaced=True, options=flags)
        yield from _plan("interlaced", f"interlaced {codec}.{suffix}", plan)


def _clocks() -> Iterator[Case]:
    rates = {
        "slides": (0, 0.001, 0.7, 0.99), "burst": (0, *(0.5 + i / 1000 for i in range(20)), 0.9),
        "slowing": tuple(1 - 0.5**i for i in range(10)),
        "two rates": (*_TEN[:5], *(0.5 + i / 50 for i in range(20))),
        "long hole": (0, 0.1, 90, 90.1),
    }  # fmt: skip
    for name, times in rates.items():
        for suffix in ("mkv", "mp4"):
            yield from _plan("variable rate", f"{name}.{suffix}", Picture(times=times), Sound())
    for start in (0.5, 2, 10, 3600, 95440):
        for suffix in ("mkv", "mp4", "ts"):
            both = (Picture(start=start), Sound(start=start))
            yield from _plan("start offset", f"from {start}.{suffix}", *both)
    yield from _plan("start offset", "late picture.mkv", Picture(start=2), Sound(seconds=3))
    yield from _plan("start offset", "late sound.mp4", Picture(), Sound(start=2))
    kept = {"avoid_negative_ts": "disabled"}
    for suffix in ("mkv", "mp4", "ts", "mov"):
        plans = (Picture(start=-0.5), Sound(start=-0.5))
        yield from _plan("negative time stamps", f"negative.{suffix}", *plans, options=kept)
    for name, change in _STAMPS.items():
        for suffix in ("avi", "nut", "mkv", "ts"):
            plan = Picture("mpeg2video" if suffix == "ts" else "mpeg4")
            for case in _plan("broken time stamps", f"{name}.{suffix}", plan, stamps=change):
                yield Case(case.kind, case.name, _unless_refused(case.make), "either")


def _unless_refused(maker: Maker) -> Maker:
    """Return a maker that leaves the file as far as the muxer went before it refused the stamps."""

    def attempt(path: Path) -> None:
        import av

        try:
            maker(path)
        except (av.FFmpegError, ValueError):
            if not path.exists():
                path.write_bytes(b"")

    return attempt


def _without(number: int, packet: object) -> None:
    if packet.pts and packet.pts % 3:  # type: ignore[attr-defined]
        packet.pts = None  # type: ignore[attr-defined]


def _leap(number: int, packet: object) -> None:
    if packet.pts and packet.pts > 5:  # type: ignore[attr-defined]
        packet.pts = packet.dts = packet.pts + 40_000_000  # type: ignore[attr-defined]


def _same(number: int, packet: object) -> None:
    packet.pts = 7  # type: ignore[attr-defined]


def _backwards(number: int, packet: object) -> None:
    if packet.pts is not None:  # type: ignore[attr-defined]
        packet.pts = 1000 - packet.pts  # type: ignore[attr-defined]


_STAMPS = {"missing": _without, "leap": _leap, "all the same": _same, "backwards": _backwards}


def _amounts() -> Iterator[Case]:
    for suffix in ("mp4", "mkv", "avi", "ts", "webm"):
        codec = "libvpx" if suffix == "webm" else "libx264"
        yield from _plan("one frame", f"one frame.{suffix}", Picture(codec, times=(0,)))
    for suffix in ("mp4", "mkv", "avi"):
        for case in _plan("no frames", f"no frames.{suffix}", Picture(times=()), Sound(seconds=0)):
            yield Case(case.kind, case.name, _unless_refused(case.make), "refused")
        yield from _plan("no frames", f"no frames but sound.{suffix}", Picture(times=()), Sound())
        yield from _plan("no sound", f"no samples.{suffix}", Picture(), Sound(seconds=0))
        yield from _plan("no sound", f"silent.{suffix}", Picture(), Sound(loudness=0))
        yield from _plan("lengths", f"longer sound.{suffix}", Picture(times=_TEN[:2]), Sound(seconds=5))
        yield from _plan("lengths", f"longer picture.{suffix}", Picture(), Sound(seconds=0.1))
    for count in (2, 3, 8):
        tracks = [Sound(rate_hz=16000 + 8000 * (i % 3)) for i in range(count)]
        yield from _plan("several tracks", f"{count} tracks.mkv", Picture(), *tracks)
        yield from _plan("several tracks", f"{count} tracks.mp4", Picture(), *tracks)
    yield from _plan(
        "several tracks", "two pictures.mkv", Picture(), Picture("mpeg4", size=(32, 32)), Sound()
    )


def _sounds() -> Iterator[Case]:
    for rate in _RATES:
        yield from _plan("sampling rate", f"{rate}.wav", Sound("pcm_s16le", rate))
        yield from _plan("sampling rate", f"{rate} with picture.mkv", Picture(), Sound("flac", rate))
    for layout in _LAYOUTS:
        yield from _plan("channels", f"{layout}.wav", Sound("pcm_s16le", 48000, layout))
        if layout != "hexadecagonal":
            yield from _plan(
                "channels", f"{layout} with picture.mkv", Picture(), Sound("flac", 48000, layout)
            )
    for count in (1, 3, 100):
        yield from _plan("sound only", f"{count} samples.wav", Sound("pcm_s16le", seconds=count / 16000))
    yield from _plan("sound only", "silence.wav", Sound("pcm_s16le", loudness=0))
    yield from _plan("sound only", "overdriven.wav", Sound("pcm_f32le", loudness=1000))
    yield Case("sound only", "not a number.wav", _nan_wav)


def _nan_wav(path: Path) -> None:
    make(path, Sound("pcm_f32le"))
    data = bytearray(path.read_bytes())
    values = np.full(200, np.nan, "<f4").tobytes() + struct.pack("<2f", float("inf"), float("-inf"))
    data[2000 : 2000 + len(values)] = values
    path.write_bytes(data)


def _names() -> Iterator[Case]:
    for name in _NAMES:
        yield Case("names", name, lambda path: make(path, Picture(), Sound(), container="mp4"))
