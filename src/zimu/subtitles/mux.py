"""A subtitle track put into a copy of a video; pictures and sound are copied, not encoded again."""

from __future__ import annotations

import contextlib
import io
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zimu.errors import MediaError, SubtitleError
from zimu.media.apart import apart
from zimu.media.mapping import mapping, one_line
from zimu.media.opening import file_origin, open_media
from zimu.subtitles.cue import Track
from zimu.subtitles.flatten import flatten
from zimu.subtitles.formats import FORMATS
from zimu.subtitles.markup import render, to_ass

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

__all__ = ["CONTAINERS", "check_container", "mux", "whole_file"]

# suffix: (FFmpeg's muxer, the codec of subtitles that players of it read, its tags of languages)
CONTAINERS = {
    ".mp4": ("mp4", "mov_text", {"zh": "zho", "en": "eng"}),
    ".m4v": ("mp4", "mov_text", {"zh": "zho", "en": "eng"}),
    ".mov": ("mov", "mov_text", {"zh": "chi", "en": "eng"}),
    ".mkv": ("matroska", "subrip", {"zh": "chi", "en": "eng"}),
    ".webm": ("webm", "webvtt", {"zh": "chi", "en": "eng"}),
}
_MS = Fraction(1, 1000)
_ASS_HEADER = FORMATS["ass"].write(Track(())).encode()


@dataclass(frozen=True, slots=True)
class _Plan:
    """One new track: its stream, and its packets with their times in milliseconds of the cues' clock."""

    stream: Stream
    packets: Iterator[tuple[int, Packet[Any]]]


def check_container(out: Path) -> None:
    """Refuse a file whose container holds no subtitles.

    Raises:
        MediaError: The suffix is none of `CONTAINERS`.
    """
    if out.suffix.lower() not in CONTAINERS:
        raise MediaError(
            f"{out}: a file with the suffix {out.suffix!r} takes no subtitle track here. "
            f"Use one of: {', '.join(CONTAINERS)}."
        )


def mux(
    video: Path,
    tracks: list[Track],
    out: Path,
    *,
    progress: Callable[[float, float | None], None] = lambda done, total: None,
) -> list[str]:
    """Write a copy of a video with subtitle tracks that a player can switch on, whole or not at all.

    The work is done in a process of its own.

    Args:
        video: The video, or a sound file; its streams are copied as they are.
        tracks: The subtitles; `Track.language` marks each of them.
        out: Where to; the suffix chooses the container: .mp4, .m4v, .mov, .mkv or .webm.
        progress: Is told how many seconds of how many are done.

    Returns:
        What could not be copied, one line each.

    Raises:
        MediaError: The video cannot be read, or a stream of it does not fit into the container.
        SubtitleError: A cue has a time that no file can hold.
    """
    check_container(out)
    for track in tracks:
        if any(cue.start_ms < 0 or cue.end_ms < cue.start_ms for cue in track.cues):
            raise SubtitleError("A cue starts before 0 or ends before it starts. Repair it with zimu fix.")
    if out.exists() and video.exists() and out.samefile(video):
        raise MediaError(f"{out} is the video itself. Give the copy another name.")
    return apart(_mux, video, tracks, out, name=str(video), progress=progress)


def _mux(
    video: Path, tracks: list[Track], out: Path, progress: Callable[[float, float | None], None]
) -> list[str]:
    import av

    muxer, codec, languages = CONTAINERS[out.suffix.lower()]
    with contextlib.ExitStack() as stack:
        beside = stack.enter_context(whole_file(out))
        given = stack.enter_context(open_media(video))
        stack.enter_context(mapping(video))
        made = stack.enter_context(av.open(f"file:{beside.absolute()}", "w", format=muxer))
        copies, left_out = _copy_streams(given, made, out)
        plans = [_plan(made, track, codec) for track in tracks]
        for plan, track in zip(plans, tracks, strict=True):
            plan.stream.metadata["language"] = languages.get(track.language or "", "und")
        _write(given, made, copies, plans, progress)
    return left_out


@contextlib.contextmanager
def whole_file(out: Path) -> Iterator[Path]:
    """Give a new file beside another, which takes its place if the block ends well and goes if it does not.

    Raises:
        MediaError: It cannot be written there.
    """
    beside = out.with_name(f".{out.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        beside.touch(exist_ok=False)
        yield beside
        beside.replace(out)
    except OSError as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(f"{out}: cannot be written: {one_line(error)}.") from error
    finally:
        beside.unlink(missing_ok=True)


def _copy_streams(
    given: InputContainer, made: OutputContainer, out: Path
) -> tuple[dict[int, Stream], list[str]]:
    """Return {index of a stream: its copy}, and what is left out."""
    copies: dict[int, Stream] = {}
    left_out: list[str] = []
    made.metadata.update(given.metadata)
    for stream in given.streams:
        name = stream.codec_context.name if stream.codec_context is not None else stream.type
        try:
            if stream.type not in ("video", "audio", "subtitle"):
                raise ValueError(stream.type)
            copy: Stream = made.add_stream_from_template(stream)
        except ValueError as error:
            if stream.type in ("video", "audio"):
                raise MediaError(
                    f"{out}: a {out.suffix} file cannot hold {stream.type} in {name}. Choose .mkv."
                ) from error
            left_out.append(f"stream {stream.index} ({stream.type}, {name}) does not fit into {out.suffix}.")
            continue
        copy.metadata.update(stream.metadata)
        copy.disposition = stream.disposition
        copies[stream.index] = copy
    return copies, left_out


def _plan(made: OutputContainer, track: Track, codec: str) -> _Plan:
    import av

    if codec == "mov_text":
        stream = made.add_stream("mov_text")
        context = stream.codec_context
        context.subtitle_header = _ASS_HEADER
        context.time_base = _MS
        context.open()
        return _Plan(stream, _encoded(track, context))
    # The text goes through FFmpeg's own reader of the format, which makes the packets that the muxer expects.
    kind = "ass" if codec == "subrip" and track.format == "ass" else {"subrip": "srt", "webvtt": "vtt"}[codec]
    text = FORMATS[kind].write(replace(track, format=track.format if track.format == kind else None))
    source = av.open(io.BytesIO(text.encode()), "r", format={"vtt": "webvtt"}.get(kind, kind))
    template = made.add_stream_from_template(source.streams.subtitles[0])
    return _Plan(template, _demuxed(source))


def _encoded(track: Track, context: Any) -> Iterator[tuple[int, Packet[Any]]]:
    """Yield packets of MP4's timed text, which knows no overlap."""
    from av.subtitles.subtitle import SubtitleSet

    for number, cue in enumerate(flatten(track.cues)):
        text = render(cue.text, cue.marks, to_ass, lambda part: part.replace("{", "\\{"))
        event = f"{number},0,Default,,0,0,0,,{text}".replace("\n", "\\N").encode()
        shown = SubtitleSet.create(event, 0, cue.end_ms - cue.start_ms, cue.start_ms)
        packet = context.encode_subtitle(shown)
        packet.time_base = _MS
        packet.pts = packet.dts = cue.start_ms
        packet.duration = cue.end_ms - cue.start_ms
        yield cue.start_ms, packet


def _demuxed(source: InputContainer) -> Iterator[tuple[int, Packet[Any]]]:
    with source:
        for packet in source.demux(subtitles=0):
            if packet.pts is not None:
                yield round(packet.pts * packet.time_base * 1000), packet


def _write(
    given: InputContainer,
    made: OutputContainer,
    copies: dict[int, Stream],
    plans: list[_Plan],
    progress: Callable[[float, float | None], None],
) -> None:
    import av

    origin = file_origin(given)
    total = given.duration / av.time_base if given.duration else None
    waiting = [(next(plan.packets, None), plan) for plan in plans]
    wanted = [stream for stream in given.streams if stream.index in copies]
    for packet in given.demux(wanted) if wanted else ():
        if packet.dts is None and packet.pts is None:
            continue
        stamp = packet.dts if packet.dts is not None else packet.pts
        now = (stamp or 0) * packet.time_base - origin
        # A track is written as far as the pictures have come, so that a player finds both together.
        waiting = [(_advance(made, plan, first, now, origin), plan) for first, plan in waiting]
        packet.stream = copies[packet.stream.index]
        made.mux_one(packet)
        progress(float(now), total)
    for first, plan in waiting:
        _advance(made, plan, first, None, origin)


def _advance(
    made: OutputContainer,
    plan: _Plan,
    first: tuple[int, Packet[Any]] | None,
    now: Fraction | None,
    origin: Fraction,
) -> tuple[int, Packet[Any]] | None:
    """Write what starts by now; return the packet that comes next."""
    while first is not None and (now is None or first[0] <= now * 1000):
        packet = first[1]
        shift = round(origin / packet.time_base)
        packet.pts = packet.dts = (packet.pts or 0) + shift
        packet.stream = plan.stream
        made.mux_one(packet)
        first = next(plan.packets, None)
    return first
