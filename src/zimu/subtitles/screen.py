"""Subtitles that are part of the picture, read back into cues with their times.

Text is read a few times a second, and only where the strokes of the picture have changed. Pictures with the
same text in a row make a cue; its ends are then found among all frames between two readings, by when the
contrast between the letters and what is around them comes and goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from fractions import Fraction
from pathlib import Path
from statistics import mean
from typing import Literal

import numpy as np
import numpy.typing as npt

from zimu.errors import MediaError
from zimu.media.guard import iter_media_guarded
from zimu.media.opening import check_file
from zimu.media.probe import probe
from zimu.media.requests import FrameRequest
from zimu.streams import Frame
from zimu.subtitles.cue import Cue, clean_lines
from zimu.subtitles.measure import guess_language
from zimu.subtitles.ocr import TextLine, TextReader, rows_of
from zimu.timing import to_ms

__all__ = ["PLACES", "ScreenText", "read_screen"]

Place = Literal["bottom", "top", "all"]
# Left, top, right, bottom of the part of the picture that is read.
PLACES: dict[str, tuple[float, float, float, float]] = {
    "bottom": (0, 0.6, 1, 1),
    "top": (0, 0, 1, 0.4),
    "all": (0, 0, 1, 1),
}
_WIDTH = 640
# Pieces less certain than this are clutter more often than words.
_LEAST_CONFIDENCE = 0.6
# Two readings are of the same text if they agree in this share of their characters.
_SAME = 0.7
# What is kept of two pictures' strokes for the text to be taken as unchanged.
_UNCHANGED = 0.9
# Text that stays longer is the sign of a channel or a title.
_LONGEST_S = 20
_Gray = npt.NDArray[np.float32]
_Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Sight:
    """What one picture shows: its time, its luma, the text in it."""

    time: Fraction
    gray: _Gray
    lines: tuple[TextLine, ...]

    @property
    def text(self) -> str:
        return "\n".join(rows_of(self.lines))


@dataclass(slots=True)
class _Run:
    """Pictures in a row that show the same text."""

    sights: list[_Sight] = field(default_factory=list)
    start: Fraction = Fraction(0)
    end: Fraction = Fraction(0)

    def text(self) -> str:
        """Return the reading that is surest, all its pictures together."""
        votes: dict[str, float] = {}
        for sight in self.sights:
            votes[sight.text] = votes.get(sight.text, 0) + mean(one.confidence for one in sight.lines)
        return max(votes, key=lambda text: votes[text])

    def confidence(self) -> float:
        return mean(one.confidence for sight in self.sights for one in sight.lines)


class ScreenText:
    """Collects cues from all frames of a video, given in order.

    Args:
        reader: Reads the text of a picture.
        rate_hz: Readings a second.
    """

    def __init__(self, reader: TextReader, rate_hz: float = 4.0) -> None:
        self._reader = reader
        self._step = Fraction(1) / Fraction(rate_hz).limit_denominator(1000)
        self._last: _Sight | None = None
        self._between: list[tuple[Fraction, _Gray]] = []
        self._run: _Run | None = None
        self._newest = Fraction(0)
        self.readings = 0

    def push(self, frame: Frame) -> Iterator[Cue]:
        """Take the next frame, uint8 [H, W, 3]; yield the cues that have ended."""
        gray = frame.picture.astype(np.float32).mean(axis=2)
        self._newest = frame.time
        if self._last is not None and frame.time < self._last.time + self._step:
            self._between.append((frame.time, gray))
            return
        sight = _Sight(frame.time, gray, self._lines(frame.picture, gray))
        yield from self._take(sight)
        self._last, self._between = sight, []

    def finish(self, end: Fraction) -> Iterator[Cue]:
        """Yield the cue that is on the screen at the end of the video."""
        if self._run is not None:
            self._run.end = max(end, self._newest)
            yield from self._cue(self._run)
            self._run = None

    def _lines(self, picture: npt.NDArray[np.uint8], gray: _Gray) -> tuple[TextLine, ...]:
        if self._last is not None and _kept(self._last.gray, gray) >= _UNCHANGED:
            return self._last.lines
        self.readings += 1
        return tuple(line for line in self._reader.read(picture) if line.confidence >= _LEAST_CONFIDENCE)

    def _take(self, sight: _Sight) -> Iterator[Cue]:
        run = self._run
        if run is not None and sight.lines and _same(run.sights[-1].text, sight.text):
            run.sights.append(sight)
            return
        if run is not None:
            run.end = self._change(run.sights[-1], sight, ends=True)
            yield from self._cue(run)
        self._run = None
        if sight.lines:
            start = sight.time if self._last is None else self._change(sight, self._last, ends=False)
            self._run = _Run([sight], start)

    def _change(self, shown: _Sight, other: _Sight, *, ends: bool) -> Fraction:
        """Return the time of the first frame between two pictures with (or, at an end, without) the text."""
        text, around = _letters(shown)
        with_text, without = (_contrast(s.gray, text, around) for s in (shown, other))
        middle = (with_text + without) / 2
        frames = [*self._between, ((other if ends else shown).time, (other if ends else shown).gray)]
        for time, gray in frames:
            has_text = (_contrast(gray, text, around) > middle) == (with_text > without)
            if has_text != ends:
                return time
        return frames[-1][0]

    def _cue(self, run: _Run) -> Iterator[Cue]:
        lines = clean_lines(run.text())
        if not lines or run.end - run.start > _LONGEST_S:
            return
        languages = {guess_language(line) for line in lines}
        language = languages.pop() if len(languages) == 1 else "mul"
        start, end = to_ms(run.start), max(to_ms(run.end), to_ms(run.start) + 1)
        yield Cue(start, end, lines, "speech", language, round(run.confidence(), 3))


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    first, second = ("".join(text.split()) for text in (one, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= _SAME


def _strokes(gray: _Gray) -> npt.NDArray[np.bool_]:
    """Return where the picture jumps between bright and dark, as at the edges of letters: bool [H, W - 1]."""
    return np.abs(np.diff(gray, axis=1)) > 60


def _kept(before: _Gray, after: _Gray) -> float:
    """Return the share of strokes that two pictures have in common; 1 where neither has any."""
    one, other = _strokes(before), _strokes(after)
    both, either = np.count_nonzero(one & other), np.count_nonzero(one | other)
    return both / either if either else 1.0


def _letters(sight: _Sight) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return masks of the letters and of what is around them, bool [H, W]."""
    text, around = np.zeros(sight.gray.shape, bool), np.zeros(sight.gray.shape, bool)
    for line in sight.lines:
        left, top, right, bottom = line.box
        part = sight.gray[max(0, top) : bottom, max(0, left) : right]
        if part.size == 0:
            continue
        bright = part > (float(part.max()) + float(part.min())) / 2
        letters = bright if bright.mean() < 0.5 else ~bright
        text[max(0, top) : bottom, max(0, left) : right] |= letters
        around[max(0, top) : bottom, max(0, left) : right] |= ~letters
    return text, around & ~text


def _contrast(gray: _Gray, text: npt.NDArray[np.bool_], around: npt.NDArray[np.bool_]) -> float:
    if not text.any() or not around.any():
        return 0.0
    return float(gray[text].mean() - gray[around].mean())


def read_screen(
    path: Path,
    reader: TextReader,
    *,
    place: Place = "bottom",
    rate_hz: float = 4.0,
    progress: Callable[[float, float | None], None] = lambda done, total: None,
) -> list[Cue]:
    """Return the subtitles that are part of a video's picture.

    Args:
        path: The video.
        reader: Reads the text of a picture, for instance `RapidReader()`.
        place: The part of the picture that is read.
        rate_hz: Readings a second. The ends of cues are found to the frame; a text that is on the screen for
            a shorter time than between two readings may be missed.
        progress: Is told how many seconds of how many are done.

    Raises:
        MediaError: The file cannot be read, or has no moving picture.
    """
    check_file(path)
    found = probe(path)
    if found.video is None or found.is_still:
        raise MediaError(f"{path} has no moving picture to read subtitles from.")
    left, top, right, bottom = PLACES[place]
    shape = found.video.height * (bottom - top) / max(1, found.video.width * (right - left))
    request = FrameRequest(None, _WIDTH, max(16, round(_WIDTH * shape)), box=(left, top, right, bottom))
    total = float(found.duration) if found.duration else None
    screen, cues = ScreenText(reader, rate_hz), list[Cue]()
    with iter_media_guarded(path, frames=request, samples=None) as stream:
        for item in stream:
            if isinstance(item, Frame):
                cues += screen.push(item)
                progress(float(item.time), total)
        cues += screen.finish(stream.end)
    return _joined(cues)


def _joined(cues: Sequence[Cue]) -> list[Cue]:
    """Join cues of the same text that touch: a reading between them failed."""
    out: list[Cue] = []
    for cue in cues:
        if out and cue.start_ms - out[-1].end_ms <= 100 and _same(out[-1].text, cue.text):
            sure = max((out[-1], cue), key=lambda one: one.confidence)
            out[-1] = Cue(out[-1].start_ms, cue.end_ms, sure.lines, cue.kind, sure.language, sure.confidence)
        else:
            out.append(cue)
    return out
