"""From captions to cues: text broken by phrase, times that let it be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from zimu.streams import Caption
from zimu.subtitles.breaks import break_lines, split_text
from zimu.subtitles.chinese import CLOSERS
from zimu.subtitles.cue import Cue, Word, clean_lines
from zimu.subtitles.measure import columns, guess_language, need_ms
from zimu.subtitles.schedule import schedule
from zimu.subtitles.styles import Style

__all__ = ["join_texts", "lay_out", "without_final_stop"]

# Two captions further apart than this are never put into one cue.
_NEIGHBOUR_MS = 1000


def lay_out(captions: Sequence[Caption | Cue], style: Style) -> list[Cue]:
    """Return captions as cues that satisfy a style as far as their times allow.

    Lines break at phrases. A text that fills more than one cue is split, its time shared by length; a cue
    that has too little time is merged with its neighbour, or lingers where nothing follows. What cannot be
    satisfied is left as it is, for `check.violations` to report. No text is ever dropped.

    Args:
        captions: In any order; cues are laid out anew.
        style: The limits.
    """
    cues = [c if isinstance(c, Cue) else _cue(c) for c in captions]
    cues = sorted((c for c in cues if c.lines), key=lambda c: (c.start_ms, c.end_ms))
    cues = _merge_crowded(cues, style)
    return schedule([part for cue in cues for part in _split(cue, style)], style)


def _cue(caption: Caption) -> Cue:
    """Return a caption as one cue, not yet laid out."""
    return Cue(
        caption.start_ms,
        caption.end_ms,
        clean_lines(caption.text),
        caption.kind,
        caption.language,
        caption.confidence,
        _words(caption),
    )


def _words(caption: Caption) -> tuple[Word, ...]:
    words = []
    for i, token in enumerate(caption.tokens):
        looked = {}
        for stream, (times, weights) in caption.attention.items():
            if i < len(weights) and weights.shape[1]:
                k = int(np.argmax(weights[i]))
                looked[stream] = (float(times[k]), float(weights[i, k]))
        probability = float(np.exp(caption.log_probs[i])) if i < len(caption.log_probs) else 1.0
        words.append(Word(token, probability, attention=looked))
    return tuple(words)


def _split(cue: Cue, style: Style) -> list[Cue]:
    """Return a cue as one or several, each with its lines broken and its share of the time."""
    language = cue.language or guess_language(cue.text)
    if language == "mul":  # the lines of a bilingual cue are as they are
        return [cue]
    text = " ".join(cue.lines)
    room = float("inf")
    if cue.kind == "speech" and cue.duration_ms > style.max_ms:
        # What is said slowly is shown while it is said.
        room = max(1.0, columns(text) * style.max_ms / cue.duration_ms)
    parts = split_text(text, language, style.line_columns, style.lines, room)
    if not style.has_final_stop and language == "zh":
        parts = [without_final_stop(lines) for lines in parts]
    parts = [lines for lines in parts if lines]
    widths = [sum(map(columns, lines)) for lines in parts]
    total, done, out = max(1, sum(widths)), 0, []
    words = list(cue.words)
    for lines, width in zip(parts, widths, strict=True):
        start = cue.start_ms + cue.duration_ms * done // total
        done += width
        end = cue.start_ms + cue.duration_ms * done // total
        mine, words = (words, []) if len(parts) == 1 else _take_words(words, "".join(lines))
        out.append(replace(cue, start_ms=start, end_ms=end, lines=lines, words=tuple(mine)))
    return out


def _take_words(words: list[Word], text: str) -> tuple[list[Word], list[Word]]:
    """Return the leading words that spell a text, and the rest."""
    left = sum(c.isalnum() for c in text)
    taken = 0
    while taken < len(words) and left > 0:
        left -= sum(c.isalnum() for c in words[taken].text)
        taken += 1
    return words[:taken], words[taken:]


def without_final_stop(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return Chinese lines without a full stop or comma at their ends; an ellipsis stays."""
    out = []
    for line in lines:
        while line[-1:] in ("。", "，", ",", "、") or (line.endswith(".") and not line.endswith("..")):
            line = line[:-1].rstrip()
        out.append(line)
    return tuple(line for line in out if line)


def join_texts(first: str, second: str, language: str) -> str:
    """Return two texts as one; in Chinese the blank between them stands for a comma."""
    tight = language == "zh" and first[-1:] in CLOSERS
    return f"{first}{'' if tight else ' '}{second}"


def _merge_crowded(cues: list[Cue], style: Style) -> list[Cue]:
    """Merge a cue that has too little time with its neighbour, where both then have enough."""
    out: list[Cue] = []
    for i, cue in enumerate(cues):
        after = cues[i + 1].start_ms - style.gap_ms if i + 1 < len(cues) else None
        while out and (merged := _merged(out[-1], cue, after, style)):
            out.pop()
            cue = merged
        out.append(cue)
    return out


def _merged(first: Cue, second: Cue, free_until: int | None, style: Style) -> Cue | None:
    """Return two neighbours as one cue, or None where that is not needed or not allowed."""
    language = first.language or guess_language(first.text)
    same = first.kind == second.kind and language == (second.language or guess_language(second.text))
    if not same or language == "mul" or second.start_ms - first.end_ms > _NEIGHBOUR_MS:
        return None
    crowded = first.start_ms + need_ms(first, style) > second.start_ms - style.gap_ms or (
        free_until is not None and second.start_ms + need_ms(second, style) > free_until
    )
    if not crowded:
        return None
    lines = break_lines(
        join_texts(" ".join(first.lines), " ".join(second.lines), language),
        language,
        style.line_columns,
        style.lines,
    )
    if lines is None:
        return None
    merged = replace(
        first,
        end_ms=max(first.end_ms, second.end_ms),
        lines=lines,
        confidence=min(first.confidence, second.confidence),
        words=first.words + second.words,
        marks=(),
    )
    need = need_ms(merged, style)
    if merged.duration_ms > style.max_ms or (free_until is not None and first.start_ms + need > free_until):
        return None
    return merged
