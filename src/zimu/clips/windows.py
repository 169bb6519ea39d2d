"""Frames and samples as they come to clips: one a shot, or one a window of fixed length.

The clips cover the file without a hole. Memory is bounded by the longest clip, not by the file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from zimu.clips.keeping import FrameKeeper
from zimu.clips.shots import ShotDetector
from zimu.errors import ConfigError
from zimu.streams import Clip, Frame, Samples
from zimu.timing import Span, to_seconds

__all__ = ["Windows", "iter_clips"]

# One stream may lag behind the other by this much in a file; after that it is taken to have ended.
_MAX_LAG_S = 30

# The last picture is not taken to stay longer than this.
_MAX_GUESS_S = Fraction(2)


@dataclass(frozen=True, slots=True)
class Windows:
    """How a file is cut into clips.

    Attributes:
        window_s: Seconds a clip; None cuts at shots, told from watch frames.
        min_s: No cut follows another sooner.
        max_s: A longer shot is cut here; without watch frames, the length of every clip.
        max_frames: Frames that a clip keeps, evenly spread; 0 keeps none.
        keep_samples: Whether a clip keeps its sound.
    """

    window_s: float | None = None
    min_s: float = 1.0
    max_s: float = 10.0
    max_frames: int = 8
    keep_samples: bool = True

    def __post_init__(self) -> None:
        if self.window_s is not None and not self.window_s > 0:
            raise ConfigError(f"window_s is {self.window_s}. It must be above 0, or None to cut at shots.")
        if not 0 <= self.min_s <= self.max_s or not self.max_s > 0:
            raise ConfigError(
                f"min_s is {self.min_s} and max_s is {self.max_s}. 0 <= min_s <= max_s must hold."
            )
        if self.max_frames < 0:
            raise ConfigError(f"max_frames is {self.max_frames}. It must be at least 0.")


class _Boundaries:
    """Decides where clips end, as cuts and time pass by."""

    def __init__(self, windows: Windows, start: Fraction) -> None:
        fixed = windows.window_s
        self._min = to_seconds(windows.min_s) if fixed is None else Fraction(0)
        self._max = to_seconds(windows.max_s if fixed is None else fixed)
        self._cuts: deque[Fraction] = deque()
        self._holes: deque[Span] = deque()
        self.start = start

    def cut(self, times: Iterable[Fraction]) -> None:
        self._cuts.extend(times)

    def skip(self, hole: Span) -> None:
        """Make one clip of a long stretch in which the file holds nothing."""
        self._holes.append(hole)

    @property
    def sure(self) -> Fraction:
        """The running clip reaches at least here unless a cut ends it."""
        return self.start + self._max

    def ends_until(self, settled: Fraction) -> Iterator[Fraction]:
        """Yield the ends of clips that no later cut can move, all at most `settled`.

        A shot a little longer than the longest clip is left whole, so that no crumb is left over.
        """
        while (end := self._next_end(settled)) is not None:
            self.start = end
            yield end

    def last_ends(self, end: Fraction) -> Iterator[Fraction]:
        """Yield the ends that are left when the file ends."""
        yield from self.ends_until(end)
        if end > self.start:
            yield end

    def _next_end(self, settled: Fraction) -> Fraction | None:
        while self._cuts and self._cuts[0] < self.start + max(self._min, Fraction(1, 1000)):
            self._cuts.popleft()
        while self._holes and self._holes[0].end <= self.start:
            self._holes.popleft()
        latest = self.start + self._max + self._min
        if self._holes and self._holes[0].start <= self.start:
            return self._holes[0].end if self._holes[0].end <= settled else None
        if self._holes and self._holes[0].start <= latest:
            latest = min(latest, self._holes[0].start)
            if not self._cuts or self._cuts[0] > latest:
                return latest if latest <= settled else None
        if self._cuts and self._cuts[0] <= min(latest, settled):
            return self._cuts[0]
        return self.start + self._max if latest <= settled else None


class _Progress:
    """How far each kind of item has come, and up to where nothing will come any more."""

    def __init__(self, start: Fraction, kinds: Collection[str]) -> None:
        self._marks = {kind: start for kind in ("video", "audio") if kind in kinds}
        self.end = start

    def reach(self, kind: str, time: Fraction, end: Fraction) -> Span | None:
        """Note an item; return the hole before it if the file holds nothing for long."""
        front = max(self._marks.values(), default=time)
        self._marks[kind] = max(self._marks.get(kind, time), time)
        self.end = max(self.end, end)
        return Span(front, time) if time - front > _MAX_LAG_S else None

    def seen(self, kind: str) -> Fraction:
        return self._marks.get(kind, Fraction(-1))

    def settled(self) -> Fraction:
        front = max(self._marks.values())
        return min(mark for mark in self._marks.values() if mark >= front - _MAX_LAG_S)


class _Cutter:
    def __init__(self, windows: Windows, start: Fraction, kinds: Collection[str]) -> None:
        self._windows = windows
        self._boundaries = _Boundaries(windows, start)
        self._progress = _Progress(start, kinds)
        self._detector = ShotDetector()
        self._frames: deque[Frame] = deque()
        self._keeper = FrameKeeper(max(1, windows.max_frames))
        self._sound: deque[Samples] = deque()
        self._start = start
        self._last: Frame | None = None  # the newest frame given to a clip

    def push(self, item: Frame | Samples) -> Iterator[Clip]:
        if isinstance(item, Samples):
            self._hear(item)
        else:
            self._see(item)
        settled = self._settled()
        for end in self._boundaries.ends_until(settled):
            yield self._clip(end)
        self._absorb(min(settled, self._boundaries.sure))

    def finish(self, end: Fraction | None) -> Iterator[Clip]:
        self._boundaries.cut(self._detector.finish())
        for boundary in self._boundaries.last_ends(self._progress.end if end is None else end):
            yield self._clip(boundary)

    def _hear(self, samples: Samples) -> None:
        end = samples.start + Fraction(len(samples.values), samples.rate_hz)
        self._note("audio", samples.start, end)
        self._note("audio", end, end)
        if self._windows.keep_samples:
            self._sound.append(samples)

    def _see(self, frame: Frame) -> None:
        # The picture stays until the next; how long the last one stays is guessed from the step before.
        before = self._progress.seen("video")
        step = frame.time - before if 0 <= before < frame.time else Fraction(1, 25)
        self._note("video", frame.time, frame.time + min(step, _MAX_GUESS_S))
        if frame.picture.ndim == 3:
            if self._windows.max_frames:
                self._frames.append(frame)
        elif self._windows.window_s is None:
            self._boundaries.cut(self._detector.push(frame))

    def _note(self, kind: str, time: Fraction, end: Fraction) -> None:
        hole = self._progress.reach(kind, time, end)
        if hole is not None:
            self._boundaries.skip(hole)

    def _settled(self) -> Fraction:
        settled = self._progress.settled()
        watched = self._detector.settled
        return settled if watched is None or watched < settled - _MAX_LAG_S else min(settled, watched)

    def _absorb(self, until: Fraction) -> None:
        while self._frames and self._frames[0].time < until:
            self._last = self._frames.popleft()
            self._keeper.add(self._last)

    def _clip(self, end: Fraction) -> Clip:
        span, shown = Span(self._start, end), self._last
        self._start = end
        self._absorb(end)
        frames = self._keeper.frames(span.start, span.end)
        self._keeper = FrameKeeper(max(1, self._windows.max_frames))
        if not frames and shown is not None and self._progress.seen("video") > span.start:
            frames = (Frame(span.start, shown.picture),)  # what was shown before is still on the screen
        return Clip(span, frames, self._take_samples(span))

    def _take_samples(self, span: Span) -> Samples | None:
        parts: list[Samples] = []
        while self._sound and self._sound[0].start < span.end:
            block = self._sound.popleft()
            first = max(0, ceil((span.start - block.start) * block.rate_hz))
            last = min(len(block.values), ceil((span.end - block.start) * block.rate_hz))
            if first < last:
                parts.append(_part(block, first, last))
            if last < len(block.values):
                self._sound.appendleft(_part(block, last, len(block.values)))
                break
        return _join(parts) if parts else None


def _part(block: Samples, first: int, last: int) -> Samples:
    start = block.start + Fraction(first, block.rate_hz)
    return Samples(start, block.rate_hz, block.values[first:last])


def _join(parts: list[Samples]) -> Samples:
    """Return blocks as one; a jump of the clock between two of them becomes silence."""
    first, rate = parts[0], parts[0].rate_hz
    pieces, count = [], 0
    for part in parts:
        hole = round((part.start - first.start) * rate) - count
        if hole > 0:
            pieces.append(np.zeros(hole, np.float32))
            count += hole
        pieces.append(part.values)
        count += len(part.values)
    return Samples(first.start, rate, np.concatenate(pieces))


def iter_clips(
    items: Iterable[Frame | Samples],
    windows: Windows = Windows(),
    *,
    start: Fraction = Fraction(0),
    end: Fraction | None = None,
    kinds: Collection[str] = ("video", "audio"),
) -> Iterator[Clip]:
    """Return an iterator over the clips of a file.

    Clips come in order; the first starts at `start`, each starts where the one before ends, the last ends
    with the file. A clip in which no frame falls holds the picture that is still on the screen. A stretch of
    more than half a minute in which the file holds nothing is one clip.

    Args:
        items: Frames, samples and watch frames (pictures [H, W]) as a reader gives them. If it has an
            attribute `end`, that is taken as the end of the file once all items are read.
        windows: Where to cut and what to keep.
        start: Seconds from the start of the file to the first clip.
        end: Seconds from the start to the end of the file, where `items` does not know.
        kinds: What the file has; naming only what is there gives clips sooner.
    """
    return _iter_clips(items, _Cutter(windows, start, kinds), end)


def _iter_clips(items: Iterable[Frame | Samples], cutter: _Cutter, end: Fraction | None) -> Iterator[Clip]:
    for item in items:
        yield from cutter.push(item)
    yield from cutter.finish(getattr(items, "end", None) if end is None else end)
