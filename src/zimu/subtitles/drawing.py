"""The lines of a cue as they lie on a picture: white with a black edge, centred, drawn with Pillow."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from zimu.errors import MissingExtraError
from zimu.subtitles.cue import Cue
from zimu.subtitles.fonts import Font

if TYPE_CHECKING:
    from PIL import ImageDraw, ImageFont

__all__ = ["Overlay", "Painter"]

# Shares of the picture: height of a character, width of the longest line, distance from the edge.
_SIZE, _WIDEST, _MARGIN = 0.06, 0.92, 0.05
_SMALLEST = 8
# A line that is too long is drawn smaller, down to this; then it is broken.
_SHRUNK = 0.7
_PIECE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]|[^\\s\u2e80-\u9fff]+\\s*|\\s+")
_PLACE = re.compile(r"\\an?([1-9])")


@dataclass(frozen=True, slots=True)
class Overlay:
    """A grey picture with its transparency, to be laid on a frame.

    Attributes:
        x: Columns from the left of the frame, even.
        y: Rows from the top, even.
        light: float32 [H, W], 0 black to 1 white; H and W are even.
        cover: float32 [H, W], 0 clear to 1 opaque.
    """

    x: int
    y: int
    light: npt.NDArray[np.float32]
    cover: npt.NDArray[np.float32]


class Painter:
    """Draws cues for pictures of one size.

    Args:
        size: Width and height of the pictures.
        fonts: For each character the first that has it is taken.

    Raises:
        MissingExtraError: Pillow is not installed.
    """

    def __init__(self, size: tuple[int, int], fonts: Sequence[Font]) -> None:
        try:
            import PIL.ImageFont
        except ImportError as error:
            raise MissingExtraError("Pillow", "burn") from error
        self._size = size
        self._fonts = fonts
        self._load = PIL.ImageFont.truetype
        self._loaded: dict[tuple[int, int], Any] = {}

    def paint(self, cue: Cue) -> Overlay:
        """Return a cue's overlay: at the bottom, or where `{\\an8}` and its like say."""
        from PIL import Image, ImageDraw

        width, height = self._size
        pixels = max(_SMALLEST, round(min(height * _SIZE, width * _SIZE * 0.75)))
        widest = max(self._width(line, pixels) for line in cue.lines)
        if widest > width * _WIDEST:
            pixels = max(_SMALLEST, int(pixels * max(_SHRUNK, width * _WIDEST / widest)))
        lines = [part for line in cue.lines for part in self._wrapped(line, pixels)]
        edge, step = max(1, round(pixels / 12)), round(pixels * 1.25)
        high = _even(step * len(lines) + 2 * edge + pixels // 2, height)
        image = Image.new("LA", (_even(width, width), high))
        pen = ImageDraw.Draw(image)
        for number, line in enumerate(lines):
            left = (width - self._width(line, pixels)) / 2
            self._line(pen, line, (left, edge + number * step + pixels), pixels, edge)
        layers = (np.asarray(image, np.float32) / 255).astype(np.float32, copy=False)
        return Overlay(0, self._top(cue, high), layers[..., 0], layers[..., 1])

    def _top(self, cue: Cue, high: int) -> int:
        places = [int(found[1]) for mark in cue.marks if (found := _PLACE.search(mark.tag))]
        height = self._size[1]
        margin = height * _MARGIN
        row = (places[0] - 1) // 3 if places else 0
        top = (height - margin - high, (height - high) / 2, margin)[row]
        return max(0, min(round(top), height - high)) // 2 * 2

    def _line(
        self, pen: ImageDraw.ImageDraw, line: str, at: tuple[float, float], pixels: int, edge: int
    ) -> None:
        """Draw a line from its left end on its base line."""
        x, y = at
        for font, run in self._runs(line, pixels):
            pen.text((x, y), run, (255, 255), font, "ls", stroke_width=edge, stroke_fill=(0, 255))
            x += font.getlength(run)

    def _wrapped(self, line: str, pixels: int) -> list[str]:
        """Return a line in parts that fit; they end at blanks, or after any wide character."""
        parts = [""]
        for piece in _PIECE.findall(line):
            if parts[-1] and self._width((parts[-1] + piece).rstrip(), pixels) > self._size[0] * _WIDEST:
                parts.append("")
            parts[-1] += piece
        return [part.rstrip() for part in parts]

    def _width(self, line: str, pixels: int) -> float:
        return sum(font.getlength(run) for font, run in self._runs(line, pixels))

    def _runs(self, line: str, pixels: int) -> list[tuple[ImageFont.FreeTypeFont, str]]:
        """Return the line in pieces of one font each; one with letters from right to left stays whole."""
        if any(unicodedata.bidirectional(c) in ("R", "AL") for c in line):
            choice = [max(range(len(self._fonts)), key=lambda n: self._held(n, line))] * len(line)
        else:
            choice = [self._font_of(c) for c in line]
        pieces = groupby(zip(choice, line, strict=True), key=lambda pair: pair[0])
        return [(self._font(n, pixels), "".join(c for _, c in pairs)) for n, pairs in pieces]

    def _held(self, number: int, line: str) -> int:
        return sum(ord(c) in self._fonts[number].characters for c in line)

    def _font_of(self, character: str) -> int:
        return next((n for n, font in enumerate(self._fonts) if ord(character) in font.characters), 0)

    def _font(self, number: int, pixels: int) -> Any:
        if (number, pixels) not in self._loaded:
            self._loaded[number, pixels] = self._load(str(self._fonts[number].path), pixels)
        return self._loaded[number, pixels]


def _even(length: int, most: int) -> int:
    return min(length + length % 2, most // 2 * 2)
