"""The formats of subtitle files.

To add one, write a module with `read(text) -> Track` and `write(track) -> str`, and name it here.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from zimu.subtitles.cue import Track

__all__ = ["FORMATS", "SUFFIXES", "Format"]


class Format:
    """How a format is read and written; its module is loaded when it is needed.

    Args:
        name: The module's name.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def read(self, text: str) -> Track:
        """Return the track of a text whose line ends are line feeds.

        Raises:
            SubtitleError: The text is not of this format.
        """
        track: Track = self._module().read(text)
        return track

    def write(self, track: Track) -> str:
        """Return the text of a track.

        Raises:
            SubtitleError: The format cannot hold the track.
        """
        text: str = self._module().write(track)
        return text

    def _module(self) -> Any:
        return import_module(f"{__package__}.{self._name}")


FORMATS: dict[str, Format] = {
    name: Format(name) for name in ("srt", "vtt", "ass", "ttml", "lrc", "json", "txt", "tsv")
}

SUFFIXES: dict[str, str] = {
    **{f".{name}": name for name in FORMATS},
    ".ssa": "ass",
    ".dfxp": "ttml",
    ".xml": "ttml",
}
