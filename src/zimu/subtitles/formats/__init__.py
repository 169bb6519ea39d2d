"""The formats of subtitle files.

To add one, write a module with `read(text) -> Track` and `write(track) -> str`, and name it here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zimu.subtitles.cue import Track
from zimu.subtitles.formats import ass, json, lrc, srt, tsv, ttml, txt, vtt

__all__ = ["FORMATS", "SUFFIXES", "Format"]


@dataclass(frozen=True, slots=True)
class Format:
    """How a format is read and written.

    Attributes:
        read: Gives the track of a text whose line ends are line feeds.
        write: Gives the text of a track.
    """

    read: Callable[[str], Track]
    write: Callable[[Track], str]


FORMATS: dict[str, Format] = {
    "srt": Format(srt.read, srt.write),
    "vtt": Format(vtt.read, vtt.write),
    "ass": Format(ass.read, ass.write),
    "ttml": Format(ttml.read, ttml.write),
    "lrc": Format(lrc.read, lrc.write),
    "json": Format(json.read, json.write),
    "txt": Format(txt.read, txt.write),
    "tsv": Format(tsv.read, tsv.write),
}

SUFFIXES: dict[str, str] = {
    **{f".{name}": name for name in FORMATS},
    ".ssa": "ass",
    ".dfxp": "ttml",
    ".xml": "ttml",
}
