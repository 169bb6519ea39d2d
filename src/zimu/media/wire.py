"""What parent and child say to each other: a JSON header and raw numbers; nothing that could be executed."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict
from fractions import Fraction
from io import BufferedReader
from typing import Any, BinaryIO

from zimu.errors import MediaError
from zimu.media.probe import AudioInfo, Probe, VideoInfo
from zimu.media.requests import FrameRequest, MediaRequest, SampleRequest

__all__ = [
    "pack_probe",
    "pack_request",
    "read_message",
    "unpack_probe",
    "unpack_request",
    "write_message",
]

_LENGTHS = struct.Struct("<IQ")

# The child decodes hostile files and may have been taken over by one: it must not make the parent allocate.
_MAX_HEADER = 1 << 20
_MAX_PAYLOAD = 1 << 28


def write_message(
    pipe: BinaryIO, header: dict[str, Any], payload: Any = b"", *, at_once: bool = True
) -> None:
    """Write a message; waits while the other side is busy.

    Args:
        pipe: Where to.
        header: Values that JSON holds; fractions are written as text.
        payload: Bytes, or an array.
        at_once: False lets a small message wait for the next one, or for more than the pipe's buffer holds.
    """
    text = json.dumps(header, default=str).encode()
    body = memoryview(payload).cast("B")
    pipe.write(_LENGTHS.pack(len(text), body.nbytes) + text)
    pipe.write(body)
    if at_once:
        pipe.flush()


def read_message(pipe: BufferedReader) -> tuple[dict[str, Any], bytearray] | None:
    """Return the next message, or None where the other side has ended, mid-message or between two.

    Raises:
        MediaError: What came is no message.
    """
    lengths = pipe.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    header_length, payload_length = _LENGTHS.unpack(lengths)
    if header_length > _MAX_HEADER or payload_length > _MAX_PAYLOAD:
        raise MediaError("The decoder sent what is no message.")
    text, payload = pipe.read(header_length), bytearray(payload_length)
    if len(text) < header_length or pipe.readinto(payload) < payload_length:
        return None
    try:
        header = json.loads(text)
    except ValueError as error:
        raise MediaError("The decoder sent what is no message.") from error
    if not isinstance(header, dict):
        raise MediaError("The decoder sent what is no message.")
    return header, payload


def pack_request(request: MediaRequest) -> dict[str, Any]:
    """Return the request as JSON can hold it."""
    return asdict(request)


def unpack_request(values: dict[str, Any]) -> MediaRequest:
    """Return the request that was packed."""

    def pictures(part: dict[str, Any] | None) -> FrameRequest | None:
        return None if part is None else FrameRequest(**{**part, "box": tuple(part["box"])})

    return MediaRequest.of(
        pictures(values["frames"]),
        None if values["samples"] is None else SampleRequest(**values["samples"]),
        pictures(values["watch"]),
        keyframes=values["keyframes"],
        approximate=values["approximate"],
        start=_fraction(values["start"]),
        end=_fraction(values["end"]),
    )


def pack_probe(probe: Probe) -> dict[str, Any]:
    """Return the probe as JSON can hold it."""
    return asdict(probe)


def unpack_probe(values: dict[str, Any]) -> Probe:
    """Return the probe that was packed."""
    video, audio = values["video"], values["audio"]
    return Probe(
        format=values["format"],
        duration=_fraction(values["duration"]),
        video=None
        if video is None
        else VideoInfo(**{**video, "fps": _fraction(video["fps"]), "start": Fraction(video["start"])}),
        audio=None if audio is None else AudioInfo(**{**audio, "start": Fraction(audio["start"])}),
        is_still=values["is_still"],
    )


def _fraction(value: str | None) -> Fraction | None:
    return None if value is None else Fraction(value)
