"""The torture set, its second half: damaged files, lying headers, and what is no media at all."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from bench._making import Picture, Sound, make
from bench._torture_files import Case, Expected, Maker

__all__ = ["bad_cases", "sources"]


def sources() -> dict[str, Maker]:
    """Return makers of small whole files, one of each container that people have, to be damaged."""
    both = (Picture(), Sound())
    return {
        "a.mp4": lambda path: make(path, *both),
        "a.mkv": lambda path: make(path, *both),
        "a.ts": lambda path: make(path, Picture("mpeg2video"), Sound("mp2", 48000)),
        "a.avi": lambda path: make(path, Picture("mpeg4"), Sound("libmp3lame", 44100)),
        "a.webm": lambda path: make(path, Picture("libvpx-vp9"), Sound("libopus", 48000)),
        "a.flv": lambda path: make(path, Picture("flv1"), Sound("libmp3lame", 44100)),
        "a.gif": lambda path: make(path, Picture("gif", "rgb8")),
        "a.flac": lambda path: make(path, Sound("flac")),
        "a.mp3": lambda path: make(path, Sound("libmp3lame", 44100)),
    }


def bad_cases() -> Iterator[Case]:
    """Yield the files that may be refused, or must be."""
    yield from _cut()
    yield from _flipped()
    yield from _lies()
    yield from _no_media()


def _changed(source: Maker, change: object) -> Maker:
    def write(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = path.with_name(f"whole {path.name}")
        source(whole)
        path.write_bytes(change(whole.read_bytes()))  # type: ignore[operator]
        whole.unlink()

    return write


def _cut() -> Iterator[Case]:
    for name, source in sources().items():
        for tenth in range(1, 10):
            change = lambda data, tenth=tenth: data[: len(data) * tenth // 10]  # noqa: E731
            yield Case("cut short", f"{tenth} tenths {name}", _changed(source, change), "either")


def _flipped() -> Iterator[Case]:
    for name, source in sources().items():
        for seed in range(8):

            def change(data: bytes, seed: int = seed) -> bytes:
                rng = np.random.default_rng(seed)
                values = np.frombuffer(data, np.uint8).copy()
                places = rng.integers(0, len(values), 1 + 3 * seed)
                values[places] ^= rng.integers(1, 255, len(places), np.uint8)
                return values.tobytes()

            yield Case("bytes flipped", f"flipped {seed} {name}", _changed(source, change), "either")


def _poke(mark: bytes, offset: int, layout: str, *values: object) -> object:
    """Return a change that writes numbers at an offset from the first occurrence of a mark."""

    def change(data: bytes) -> bytes:
        out = bytearray(data)
        at = data.index(mark) + offset
        struct.pack_into(layout, out, at, *values)
        return bytes(out)

    return change


def _false_numbers() -> list[tuple[str, Maker, object]]:
    """Return names, whole files and the changes that make their headers lie."""
    made = sources()
    wav: Maker = lambda path: make(path, Sound("pcm_s16le"))  # noqa: E731
    return [
        ("size in stsd.mp4", made["a.mp4"], _poke(b"avc1", 28, ">HH", 65535, 65535)),
        ("size 0 in stsd.mp4", made["a.mp4"], _poke(b"avc1", 28, ">HH", 0, 0)),
        ("length.mp4", made["a.mp4"], _poke(b"mvhd", 20, ">I", 0xFFFFFFFF)),
        ("time scale 0.mp4", made["a.mp4"], _poke(b"mdhd", 16, ">I", 0)),
        ("samples.mp4", made["a.mp4"], _poke(b"stsz", 12, ">I", 0xFFFFFFF)),
        ("chunks.mp4", made["a.mp4"], _poke(b"stco", 8, ">I", 0xFFFFFFF)),
        ("chunk place.mp4", made["a.mp4"], _poke(b"stco", 12, ">I", 0xFFFFFFF0)),
        ("durations.mp4", made["a.mp4"], _poke(b"stts", 12, ">II", 0xFFFFFF, 0x7FFFFFFF)),
        ("duration 0.mp4", made["a.mp4"], _poke(b"stts", 16, ">I", 0)),
        ("box size.mp4", made["a.mp4"], _poke(b"moov", -4, ">I", 0xFFFFFFFF)),
        ("box size 0.mp4", made["a.mp4"], _poke(b"trak", -4, ">I", 0)),
        ("length.mkv", made["a.mkv"], _poke(b"\x44\x89\x88", 3, ">d", 1e15)),
        ("length nan.mkv", made["a.mkv"], _poke(b"\x44\x89\x88", 3, ">d", float("nan"))),
        ("length below 0.mkv", made["a.mkv"], _poke(b"\x44\x89\x88", 3, ">d", -5e9)),
        ("stamp scale.mkv", made["a.mkv"], _poke(b"\x2a\xd7\xb1\x83", 4, ">BH", 255, 65535)),
        ("size.avi", made["a.avi"], _poke(b"strf", 12, "<II", 65535, 65535)),
        ("rate 0.avi", made["a.avi"], _poke(b"strh", 28, "<II", 0, 0)),
        ("rate.avi", made["a.avi"], _poke(b"strh", 28, "<II", 1, 0xFFFFFFFF)),
        ("frames.avi", made["a.avi"], _poke(b"strh", 40, "<I", 0xFFFFFFFF)),
        ("length.wav", wav, _poke(b"data", 4, "<I", 0xFFFFFFFF)),
        ("length 0.wav", wav, _poke(b"data", 4, "<I", 0)),
        ("rate 1.wav", wav, _poke(b"fmt ", 12, "<I", 1)),
        ("rate 0.wav", wav, _poke(b"fmt ", 12, "<I", 0)),
        ("rate 4 GHz.wav", wav, _poke(b"fmt ", 12, "<I", 0xFFFFFFFF)),
        ("channels 0.wav", wav, _poke(b"fmt ", 10, "<H", 0)),
        ("channels 65535.wav", wav, _poke(b"fmt ", 10, "<H", 65535)),
        ("bits 0.wav", wav, _poke(b"fmt ", 22, "<H", 0)),
        ("size.gif", made["a.gif"], _poke(b"GIF89a", 6, "<HH", 65535, 65535)),
        ("rate.flac", made["a.flac"], _poke(b"fLaC", 18, ">I", 0)),
        ("total.flac", made["a.flac"], _poke(b"fLaC", 22, ">I", 0xFFFFFFFF)),
    ]  # fmt: skip


def _lies() -> Iterator[Case]:
    for name, source, change in _false_numbers():
        yield Case("lying header", f"lie {name}", _changed(source, change), "either")
    for side in (20_000, 60_000):
        yield Case("lying header", f"png of {side}.png", lambda path, side=side: _png(path, side), "either")
    yield Case(
        "lying header",
        "mkv that ends at once.mkv",
        _written(b"\x1a\x45\xdf\xa3\x01" + b"\xff" * 40),
        "refused",
    )


def _png(path: Path, side: int) -> None:
    """Write a picture whose few bytes claim to be gigabytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(100 * (1 + 3 * side)), 9)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def _written(data: bytes | str) -> Maker:
    def write(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)

    return write


def _no_media() -> Iterator[Case]:
    rng = np.random.default_rng(0)
    texts: dict[str, bytes | str] = {
        "empty.mp4": b"", "one byte.mp4": b"\x00", "text.mp4": "This is no video.\n" * 50,
        "文本 文件.mp4": "这不是视频。\n" * 50,
        "noise.mp4": rng.bytes(5000), "noise.mkv": rng.bytes(50_000), "noise.mp3": rng.bytes(5000),
        "zeros.avi": bytes(50_000), "ones.ts": b"\xff" * 50_000,
        "page.mp4": "<!doctype html><title>404</title>" * 20,
        "data.mkv": '{"a": [1, 2, 3]}' * 50, "program.avi": b"\x7fELF\x02\x01\x01" + bytes(4000),
        "subtitles.mp4": "1\n00:00:01,000 --> 00:00:02,000\nHi\n\n" * 20,
        "styled.mkv": "[Script Info]\n[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,A,,0,0,0,,A\n",
        "web.m3u8": "#EXTM3U\n#EXTINF:1,\nhttp://example.invalid/a.ts\n#EXT-X-ENDLIST\n",
        "local.m3u8": "#EXTM3U\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n",
        "list.mp4": "ffconcat version 1.0\nfile '/etc/passwd'\n",
        "call.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "paper.mp4": b"%PDF-1.4\n" + bytes(2000), "table.mp4": "a,b,c\n1,2,3\n" * 100,
        "drawing.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "pictures.dash.mpd": "<MPD><Period/></MPD>",
    }  # fmt: skip
    for name, data in texts.items():
        noisy: Expected = "either" if name.startswith(("noise", "zeros", "ones")) else "refused"
        yield Case("no media", name, _written(data), noisy)
    yield Case("no media", "archive.mp4", _archive, "refused")
    yield Case("no media", "folder.mp4", lambda path: path.mkdir(parents=True), "refused")
    yield Case(
        "no media", "link to nothing.mp4", lambda path: path.symlink_to(path.with_name("gone")), "refused"
    )
    yield Case("no media", "link to itself.mp4", lambda path: path.symlink_to(path.name), "refused")
    if hasattr(os, "mkfifo"):
        yield Case("no media", "pipe.mp4", os.mkfifo, "refused")
    yield Case("no media", "absent.mp4", lambda path: None, "refused")


def _archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello " * 100)
