"""What is wrong with anyone's subtitles beyond a house style: lines that a person should look at, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from zimu.subtitles.cue import Cue
from zimu.subtitles.hallucinations import how_known
from zimu.subtitles.loops import inner_loop, key, runs
from zimu.subtitles.measure import guess_language, join_lines, reading_columns
from zimu.subtitles.recognise import place_of
from zimu.subtitles.rolling import rolled_lines
from zimu.subtitles.script import evidence, main_script
from zimu.subtitles.splitwords import cut_word
from zimu.subtitles.width import even_width

__all__ = ["WEIGHTS", "Finding", "findings", "looping"]

# How sure each kind is that a person should look, 0 to 1.
WEIGHTS = {
    "reversed": 0.95,
    "loop": 0.95,
    "invented": 0.95,
    "credit": 0.9,
    "order": 0.85,
    "overlap": 0.8,
    "garbled": 0.8,
    "dense": 0.75,
    "farewell": 0.7,
    "unspoken": 0.7,
    "negative": 0.7,
    "repeat": 0.6,
    "rolling": 0.6,
    "script": 0.6,
    "language": 0.55,
    "phrase": 0.5,
    "split-word": 0.5,
    "sparse": 0.45,
    "off": 0.4,
    "unsure": 0.4,
    "empty": 0.3,
    "width": 0.2,
}
# U+FFFD, UTF-8 read as cp1252, and the two famous fillings of Chinese encodings gone wrong.
_GARBLED = ("\ufffd", "â€", "Ã©", "Ã¨", "Ã¼", "ä½", "锟斤拷", "烫烫烫", "屯屯屯")
# Columns a second, faster than anybody speaks: fourteen ideographs, nine English words.
_DENSE = {"zh": 28.0, "en": 45.0}
_SPARSE_MS, _SPARSE = 10_000, 1.5
_ALONE_MS = 5000
_REPEAT_MS = 2000
_UNSURE = 0.4


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason to look at a cue.

    Attributes:
        index: The cue, from 0.
        kind: A key of `WEIGHTS`.
        reason: What was found, for a reader.
    """

    index: int
    kind: str
    reason: str

    @property
    def weight(self) -> float:
        """How sure it is that a person should look, 0 to 1."""
        return WEIGHTS[self.kind]


def findings(cues: Sequence[Cue], language: str | None = None) -> list[Finding]:
    """Return what is wrong or suspicious, in order of the cues.

    Args:
        cues: In the file's order, each with its language (see `tell_languages`).
        language: The language that the file should be in; None where it does not matter.
    """
    found = [
        *_times(cues),
        *_texts(cues, language),
        *_invented(cues),
        *_rounds(cues),
        *_rolling(cues),
        *_scripts(cues),
        *_cut_words(cues),
    ]
    order = {kind: i for i, kind in enumerate(WEIGHTS)}
    return sorted(set(found), key=lambda f: (f.index, order[f.kind], f.reason))


def _times(cues: Sequence[Cue]) -> Iterator[Finding]:
    last: dict[tuple[str, ...], tuple[int, Cue]] = {}
    for i, cue in enumerate(cues):
        if cue.end_ms < cue.start_ms:
            yield Finding(i, "reversed", f"ends {(cue.start_ms - cue.end_ms) / 1000:g} s before it starts")
        if cue.start_ms < 0:
            yield Finding(i, "negative", f"starts at {cue.start_ms / 1000:g} s")
        place = place_of(cue)
        if place in last:
            k, before = last[place]
            if cue.start_ms < before.start_ms:
                yield Finding(i, "order", f"starts before cue {k + 1}, which stands before it")
            elif cue.start_ms < before.end_ms:
                both = (min(cue.end_ms, before.end_ms) - cue.start_ms) / 1000
                yield Finding(i, "overlap", f"is shown together with cue {k + 1} for {max(0.0, both):g} s")
        if place not in last or cue.start_ms >= last[place][1].start_ms:
            last[place] = (i, cue)


def _texts(cues: Sequence[Cue], language: str | None) -> Iterator[Finding]:
    for i, cue in enumerate(cues):
        text = cue.text
        if not text:
            yield Finding(i, "empty", "shows nothing")
            continue
        seconds = cue.duration_ms / 1000
        speed = reading_columns(cue) / max(0.001, seconds)
        if seconds >= 0 and speed > _DENSE[guess_language(text)]:
            yield Finding(i, "dense", f"has more text than can be said in {seconds:g} s")
        if cue.duration_ms >= _SPARSE_MS and speed < _SPARSE:
            yield Finding(i, "sparse", f"stays {seconds:g} s for {join_lines(cue.lines)!r}")
        garbled = [g for g in _GARBLED if g in text]
        if garbled:
            yield Finding(i, "garbled", f"was read in the wrong encoding once ({garbled[0]})")
        if loop := inner_loop(" ".join(cue.lines)):
            yield Finding(i, "loop", f"says the same {loop[2]} times over")
        if language and cue.language not in (language, "mul") and any(c.isalpha() for c in text):
            yield Finding(i, "language", f"is in {guess_language(text)}, not in {language}")
        if even_width(text) != text:
            yield Finding(i, "width", "mixes full-width and half-width characters")
        if cue.confidence < _UNSURE:
            yield Finding(i, "unsure", f"the model was unsure of it ({cue.confidence:.2f})")


def _invented(cues: Sequence[Cue]) -> Iterator[Finding]:
    for i, cue in enumerate(cues):
        how = how_known(" ".join(cue.lines)) if cue.lines else None
        if how is None:
            continue
        before = cue.start_ms - max((c.end_ms for c in cues[max(0, i - 3) : i]), default=0)
        after = cues[i + 1].start_ms - cue.end_ms if i + 1 < len(cues) else _ALONE_MS
        alone = before >= _ALONE_MS and after >= _ALONE_MS
        if how != "phrase" or alone or cue.duration_ms >= _ALONE_MS:
            yield Finding(i, how, "is a line that recognisers invent over silence and music")


def _rounds(cues: Sequence[Cue]) -> Iterator[Finding]:
    """Find cues that repeat the one before, and rounds of up to four cues said three times or more."""
    keys = [key(cue.text) or f"#{i}" for i, cue in enumerate(cues)]
    stuck = looping(cues)
    for i in sorted(stuck):
        yield Finding(i, "loop", "repeats lines that were just shown, for the third time or more")
    for i in range(1, len(cues)):
        near = cues[i].start_ms - cues[i - 1].end_ms < _REPEAT_MS
        if keys[i] == keys[i - 1] and i not in stuck and near:
            yield Finding(i, "repeat", f"is the same as cue {i}")


def looping(cues: Sequence[Cue]) -> set[int]:
    """Return the positions of cues that only repeat a round of one to four cues said three times or more."""
    keys = [key(cue.text) or f"#{i}" for i, cue in enumerate(cues)]
    found: set[int] = set()
    for period in range(1, 5):
        for start, times in runs(keys, period):
            if times >= 3:
                found |= set(range(start + period, start + period * times))
    return found


def _rolling(cues: Sequence[Cue]) -> Iterator[Finding]:
    for i in rolled_lines(cues):
        yield Finding(i, "rolling", "begins with lines that the cue before shows too")


def _scripts(cues: Sequence[Cue]) -> Iterator[Finding]:
    main = main_script(cue.text for cue in cues)
    other = {"simplified": "traditional", "traditional": "simplified"}.get(main or "")
    if other is None:
        return
    for i, cue in enumerate(cues):
        if evidence(cue.text)[other]:
            yield Finding(i, "script", f"has {other} characters in a {main} file")


def _cut_words(cues: Sequence[Cue]) -> Iterator[Finding]:
    for i, cue in enumerate(cues):
        for upper, lower in pairwise(cue.lines):
            if halves := cut_word(upper, lower):
                yield Finding(i, "split-word", f"cuts {''.join(halves)} at the end of a line")
        if i + 1 < len(cues) and cue.lines and cues[i + 1].lines:
            halves = cut_word(cue.lines[-1], cues[i + 1].lines[0])
            if halves and cues[i + 1].start_ms - cue.end_ms < 500:
                yield Finding(i, "split-word", f"cuts {''.join(halves)} between this cue and the next")
