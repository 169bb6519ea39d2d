"""Sound as it comes to captions of what is said; memory is bounded by half a minute of sound."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import log

import numpy as np
import numpy.typing as npt

from zimu.captions.speech_engine import Said, SpeechEngine
from zimu.clips.speech import RATE_HZ, Speech, SpeechFinder
from zimu.streams import Caption, Samples
from zimu.timing import Span, to_ms

__all__ = ["LONGEST_S", "SpeechListener"]

# An engine is given at most so much at once, and what lies apart by more is not given together.
LONGEST_S = 28.0
_APART_S = 3.0
# What is heard around a span belongs to its first and last word.
_MARGIN_S = Fraction(1, 5)
# After so many stretches the language of most of them is taken as that of the file.
_DECIDED = 3


class SpeechListener:
    """Hears one file: finds speech, and has an engine tell what is said. Without one it only finds.

    Args:
        finder: Finds the spans; its spans should be at most `LONGEST_S` long.
        engine: Tells the words; None tells none.
        language: What is spoken; None lets the engine tell it.
    """

    def __init__(
        self, finder: SpeechFinder, engine: SpeechEngine | None = None, language: str | None = None
    ) -> None:
        self._finder, self._engine, self._language = finder, engine, language
        self._votes: Counter[str] = Counter()
        self._kept: list[Samples] = []
        self._waiting: list[Span] = []
        self._captions: list[Caption] = []
        self._speech: Speech | None = None

    def feed(self, samples: Samples) -> None:
        """Take the next stretch of the file's sound."""
        spans = self._finder.feed(samples)
        if self._engine is None:
            return
        self._kept.append(samples)
        for span in spans:
            self._take(span)
        now = samples.start + Fraction(len(samples.values), RATE_HZ)
        if self._waiting and now - self._waiting[-1].end > _APART_S + 1:
            self._tell()
        self._forget(now)

    def speech(self) -> Speech:
        """Return where somebody speaks; ends the file."""
        if self._speech is None:
            for span in self._finder.finish():
                if self._engine is not None:
                    self._take(span)
            self._tell()
            self._kept = []
            self._speech = self._finder.speech()
        return self._speech

    def captions(self) -> list[Caption]:
        """Return what is said, as captions of kind "speech" in order of time; ends the file."""
        self.speech()
        return sorted(self._captions, key=lambda c: (c.start_ms, c.end_ms))

    def _take(self, span: Span) -> None:
        if self._waiting and (
            span.end - self._waiting[0].start > LONGEST_S or span.start - self._waiting[-1].end > _APART_S
        ):
            self._tell()
        self._waiting.append(span)

    def _tell(self) -> None:
        """Give the engine what waits."""
        if not self._waiting or self._engine is None:
            return
        spans, self._waiting = self._waiting, []
        start = max(Fraction(0), spans[0].start - _MARGIN_S)
        values = self._between(start, spans[-1].end + _MARGIN_S)
        if not len(values):
            return
        for said in self._engine.transcribe(values, self._spoken()):
            self._votes[said.language] += 1
            if _is_heard(said, start, spans):
                self._captions.append(_caption(said, start))

    def _spoken(self) -> str | None:
        if self._language is None and self._votes.total() >= _DECIDED:
            return self._votes.most_common(1)[0][0]
        return self._language

    def _between(self, start: Fraction, end: Fraction) -> npt.NDArray[np.float32]:
        out = np.zeros(max(0, round((end - start) * RATE_HZ)), np.float32)
        for piece in self._kept:
            first = round((piece.start - start) * RATE_HZ)
            a, b = max(0, first), min(len(out), first + len(piece.values))
            if a < b:
                out[a:b] = piece.values[a - first : b - first]
        return out

    def _forget(self, now: Fraction) -> None:
        """Let go of sound that nothing will ask for."""
        oldest = self._waiting[0].start if self._waiting else now - Fraction(LONGEST_S + 2)
        while self._kept and self._kept[0].start + Fraction(len(self._kept[0].values), RATE_HZ) < (
            oldest - _MARGIN_S - 1
        ):
            self._kept.pop(0)


def _is_heard(said: Said, start: Fraction, spans: list[Span]) -> bool:
    """Return whether somebody speaks where a line is said to be: engines invent lines in pauses."""
    own = Span(start + Fraction(said.start_s), start + Fraction(max(said.start_s, said.end_s)))
    heard = sum(own.overlap(span) for span in spans)
    return heard > 0 and heard >= Fraction(1, 10) * own.duration


def _caption(said: Said, start: Fraction) -> Caption:
    def ms(seconds: float) -> int:
        return to_ms(start + Fraction(seconds))

    return Caption(
        start_ms=ms(said.start_s),
        end_ms=ms(said.end_s),
        text=said.text,
        language=said.language,
        kind="speech",
        tokens=tuple(word.text for word in said.words),
        log_probs=tuple(log(min(1.0, max(word.probability, 1e-6))) for word in said.words),
        word_times=tuple((ms(word.start_s), max(ms(word.start_s), ms(word.end_s))) for word in said.words),
    )
