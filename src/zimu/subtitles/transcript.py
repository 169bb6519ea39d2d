"""A text without times put where it is said, by the pauses of speech and how long its lines take to say.

Where a recogniser heard the words, their times are taken. Without one it knows how long a syllable takes on
average, where pauses are, and that lines end at pauses more often than not. Where it is wrong it is wrong by
a line, not by a minute, as long as what is said is what is written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from zimu.clips.speech import HOP_MS, Speech
from zimu.subtitles.cue import Cue, Word, clean_lines
from zimu.subtitles.measure import guess_language
from zimu.text.languages import is_han
from zimu.timing import to_ms

__all__ = ["place_by_words", "place_text", "spoken_length", "text_units"]

Floats = npt.NDArray[np.float64]

_SENTENCE = re.compile(r"(?<=[。！？!?…])(?=\S)|(?<=[.!?])\s+(?=[A-Z\"“])")
_TOKEN = re.compile(r"[㐀-鿿豈-﫿]|[^\W_㐀-鿿豈-﫿]+(?:['’][^\W_]+)*")
_VOWELS = re.compile("[aeiouyàâäéèêëïîôöùûü]+", re.IGNORECASE)
# A line may take so many times as long as expected, or so much less.
_STRETCH = 3.0
# The deviation of the logarithm of a line's length against what is expected, and what a second of speech
# that no line is said in costs. On tracks of real recordings: the pair with the smallest errors.
_SPREAD, _UNSAID = 0.25, 2.0
# Speech is cut inside a span where the loudness dips by so much, dB.
_DIP_DB, _DIP_HOPS = 8.0, 12
# So many of a text's words a recogniser has to hear before its times are taken.
_AGREED = 0.3
# Elsewhere in a span a line may end at one of the places so far apart.
_STEP_S = 0.25


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a line may begin or end.

    Attributes:
        spoken: float64 [C], seconds of speech before each place, rising.
        begins: float64 [C], the time at which a line begins that begins there.
        ends: float64 [C], the time at which a line ends that ends there.
        gain: float64 [C], how well a line ends there.
    """

    spoken: Floats
    begins: Floats
    ends: Floats
    gain: Floats


def text_units(text: str) -> list[str]:
    """Return the sentences of a text: its lines, and within a line what ends with a full stop.

    >>> text_units("Come in. Sit down!\\n\\n好的。走吧。")
    ['Come in.', 'Sit down!', '好的。', '走吧。']
    """
    parts = (part.strip() for line in clean_lines(text) for part in _SENTENCE.split(line))
    return [part for part in parts if part]


def spoken_length(text: str) -> float:
    """Return about how many syllables it takes to say a text; at least one half.

    >>> spoken_length("一共3只狗"), spoken_length("Two dogs are running.")
    (5.0, 5.0)
    """
    total = 0.0
    for token in _TOKEN.findall(text):
        if is_han(token) or token.isdigit():
            total += len(token)
        else:
            total += max(1, len(_VOWELS.findall(re.sub(r"(?<=[^aeiouyl])e$", "", token))))
    return max(0.5, total)


def place_text(units: Sequence[str], speech: Speech, *, language: str | None = None) -> list[Cue]:
    """Return a cue for each line of a text, where it is most likely said.

    Args:
        units: Lines in the order in which they are said, see `text_units`.
        speech: Where somebody speaks.
        language: Of the text; None guesses it line by line.

    Returns:
        One cue a unit, with a confidence and about when each word is said; empty where nobody speaks.
    """
    if not units or not speech.spans:
        return []
    weights = np.array([spoken_length(unit) for unit in units])
    expected = weights * sum(float(s.duration) for s in speech.spans) / weights.sum()
    places = _places(speech, min(_STEP_S, float(expected.min()) / 2))
    pairs = _best_path(expected, places)
    cues = []
    for unit, length, (a, b) in zip(units, expected, pairs, strict=True):
        lasts = places.spoken[b] - places.spoken[a]
        sure = float(np.exp(-0.5 * (np.log(max(lasts, 0.01) / length) / _SPREAD) ** 2))
        start, end = round(places.begins[a] * 1000), round(places.ends[b] * 1000)
        words = _timed_words(unit, float(places.spoken[a]), float(places.spoken[b]), speech)
        own = language or guess_language(unit)
        cues.append(Cue(start, max(start, end), clean_lines(unit), "speech", own, round(sure, 4), words))
    return cues


def place_by_words(
    units: Sequence[str], heard: Sequence[Word], *, language: str | None = None
) -> list[Cue] | None:
    """Return a cue for each line of a text by the words that a recogniser heard; None where few agree.

    Words that agree have their times; the others share what lies between them by their length.

    Args:
        units: Lines in the order in which they are said.
        heard: Words with times, in order.
        language: Of the text; None guesses it line by line.
    """
    ours = [(i, token) for i, unit in enumerate(units) for token in _TOKEN.findall(unit)]
    theirs = [part for word in heard for part in _heard_parts(word)]
    if not ours or not theirs:
        return None
    keys = [token.lower() for _, token in ours]
    blocks = SequenceMatcher(None, keys, [key for key, _, _ in theirs], False).get_matching_blocks()
    known = [(b.a + k, *theirs[b.b + k][1:]) for b in blocks for k in range(b.size)]
    if len(known) < _AGREED * len(ours):
        return None
    lengths = np.array([spoken_length(token) for _, token in ours])
    edges = np.concatenate([[0.0], np.cumsum(lengths)])
    # Each word that agrees pins its own beginning and end; between two words there may be a pause.
    pins: dict[float, list[int]] = {}
    for i, start, end in known:
        pins.setdefault(float(edges[i]), []).append(start)
        pins.setdefault(float(edges[i + 1]), []).append(end)
    pace = sum(end - start for _, start, end in known) / sum(lengths[i] for i, _, _ in known)
    starts, ends = (_between(edges, {at: pick(ms) for at, ms in pins.items()}, pace) for pick in (max, min))
    agreed = {i for i, _, _ in known}
    return [
        _cue_of(
            unit, [k for k, (own, _) in enumerate(ours) if own == i], ours, (starts, ends), agreed, language
        )
        for i, unit in enumerate(units)
        if any(own == i for own, _ in ours)
    ]


def _between(edges: Floats, pins: dict[float, int], pace: float) -> Floats:
    """Return a time for each edge, in ms: that of its pin, or between those around it, or at a pace."""
    said = np.array(sorted(pins), np.float64)
    at = np.maximum.accumulate(np.array([pins[edge] for edge in said.tolist()], np.float64))
    before, after = at[0] - pace * (said[0] - edges[0]), at[-1] + pace * (edges[-1] - said[-1])
    said, at = np.concatenate([[edges[0]], said, [edges[-1]]]), np.concatenate([[before], at, [after]])
    found: Floats = np.maximum(0, np.interp(edges, said, at))
    return found


def _heard_parts(word: Word) -> list[tuple[str, int, int]]:
    """Return the tokens of a word that was heard, with their shares of its time in ms."""
    tokens = _TOKEN.findall(word.text)
    if word.start_ms is None or word.end_ms is None or not tokens:
        return []
    edges = np.linspace(word.start_ms, word.end_ms, len(tokens) + 1).round().astype(int).tolist()
    return [(token.lower(), a, b) for token, (a, b) in zip(tokens, pairwise(edges), strict=True)]


def _cue_of(
    unit: str,
    own: Sequence[int],
    tokens: Sequence[tuple[int, str]],
    times: tuple[Floats, Floats],
    agreed: Collection[int],
    language: str | None,
) -> Cue:
    starts, ends = times
    words = tuple(
        Word(tokens[k][1], 1.0 if k in agreed else 0.5, round(starts[k]), round(ends[k + 1])) for k in own
    )
    share = sum(k in agreed for k in own) / len(own)
    start, end = round(starts[own[0]]), round(ends[own[-1] + 1])
    spoken_in = language or guess_language(unit)
    return Cue(start, max(start, end), clean_lines(unit), "speech", spoken_in, round(share, 4), words)


def _places(speech: Speech, step_s: float) -> _Places:
    """Return the edges of the spans, the dips within them, and between these a place every `step_s`."""
    rows: list[tuple[float, float, float, float]] = []
    before = 0.0
    spans = speech.spans
    for i, span in enumerate(spans):
        start, end = float(span.start), float(span.end)
        pause = start - float(spans[i - 1].end) if i else 9.0
        rows.append((before, start, float(spans[i - 1].end) if i else start, min(2.0, 1.0 + pause)))
        inner = [(at, min(1.0, depth / 25)) for at, depth in _dips(speech, start, end)]
        edges = [start, *(at for at, _ in inner), end]
        for a, b in pairwise(edges):
            inner += [(at, 0.0) for at in np.linspace(a, b, max(1, round((b - a) / step_s)) + 1)[1:-1]]
        rows += [(before + at - start, at, at, gain) for at, gain in sorted(inner)]
        before += end - start
    rows.append((before, end, end, 2.0))
    return _Places(*(np.array(column, np.float64) for column in zip(*rows, strict=True)))


def _dips(speech: Speech, start: float, end: float) -> list[tuple[float, float]]:
    """Return the moments in a span at which the loudness dips, with the depth in dB."""
    first, last = round(start * 1000 / HOP_MS), round(end * 1000 / HOP_MS)
    levels = speech.levels[first:last].astype(np.float64)
    if len(levels) < 3 * _DIP_HOPS:
        return []
    smooth = np.convolve(levels, np.ones(5) / 5, mode="same")
    found = []
    for k in range(_DIP_HOPS, len(smooth) - _DIP_HOPS):
        around = smooth[k - _DIP_HOPS : k + _DIP_HOPS + 1]
        if smooth[k] > around.min():
            continue
        depth = min(around[:_DIP_HOPS].max(), around[_DIP_HOPS + 1 :].max()) - smooth[k]
        if depth >= _DIP_DB:
            found.append(((first + k + 0.5) * HOP_MS / 1000, float(depth)))
    return found


def _best_path(expected: Floats, places: _Places) -> list[tuple[int, int]]:
    """Return (begin, end) of each line among the places: the lengths nearest to what is expected.

    Dynamic programming over lines and places. Between two lines speech may go unsaid, at a price.
    """
    spoken = places.spoken
    count, lines = len(spoken), len(expected)
    score = -_UNSAID * spoken
    ended = np.zeros((lines, count), np.int32)
    began = np.zeros((lines, count), np.int32)
    for i, length in enumerate(expected):
        best, came = _running_best(score + _UNSAID * spoken)
        # What a line that begins at each place has won so far, less what went unsaid before it.
        begin_score = best - _UNSAID * spoken
        ended[i] = came
        now = np.full(count, -np.inf)
        low = np.searchsorted(spoken, spoken - length * _STRETCH - 1.0)
        for back in range(1, int((np.arange(count) - low).max()) + 1):
            lasts = spoken[back:] - spoken[:-back]
            cost = 0.5 * (np.log(np.maximum(lasts, 0.02) / length) / _SPREAD) ** 2
            value = begin_score[:-back] - cost + places.gain[back:]
            better = value > now[back:]
            now[back:][better] = value[better]
            began[i, back:][better] = np.arange(count - back)[better]
        score = now
    end = int(np.argmax(score - _UNSAID * (spoken[-1] - spoken)))
    path: list[tuple[int, int]] = []
    for i in range(lines - 1, -1, -1):
        begin = int(began[i, end])
        path.append((begin, end))
        end = int(ended[i, begin])
    return path[::-1]


def _running_best(values: Floats) -> tuple[Floats, npt.NDArray[np.int32]]:
    """Return the highest value up to each place, and where it stands."""
    best = np.maximum.accumulate(values)
    is_new = np.concatenate([[True], values[1:] > best[:-1]])
    return best, np.maximum.accumulate(np.where(is_new, np.arange(len(values)), 0)).astype(np.int32)


def _timed_words(unit: str, first: float, last: float, speech: Speech) -> tuple[Word, ...]:
    """Return the words with times that share the line's speech by their length."""
    tokens = _TOKEN.findall(unit)
    if not tokens:
        return ()
    lengths = np.array([spoken_length(token) for token in tokens])
    edges = first + np.concatenate([[0.0], np.cumsum(lengths)]) * (last - first) / lengths.sum()
    starts = [_time_of(at, speech, is_end=False) for at in edges[:-1]]
    ends = [_time_of(at, speech, is_end=True) for at in edges[1:]]
    return tuple(
        Word(token, 1.0, round(a * 1000), round(max(a, b) * 1000))
        for token, a, b in zip(tokens, starts, ends, strict=True)
    )


def _time_of(spoken: float, speech: Speech, *, is_end: bool) -> float:
    """Return the time at which so many seconds of speech have been said."""
    before = 0.0
    for span in speech.spans:
        length = float(span.duration)
        if spoken < before + length + (1e-6 if is_end else -1e-6):
            return float(span.start) + max(0.0, spoken - before)
        before += length
    return to_ms(speech.spans[-1].end) / 1000
