"""From captions to cues: text broken by phrase, times that let it be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from zimu.streams import Caption
from zimu.subtitles.breaks import split_text
from zimu.subtitles.chinese import without_final_stop
from zimu.subtitles.cue import Cue, Mark, Word, clean_lines
from zimu.subtitles.markup import carry_marks
from zimu.subtitles.measure import columns, guess_language, need_ms
from zimu.subtitles.schedule import schedule
from zimu.subtitles.splitwords import unwrapped
from zimu.subtitles.styles import Style

__all__ = ["lay_out", "split_cue"]


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
    cues = [replace(c, origins=(i,)) for i, c in enumerate(cues) if c.lines]
    cues.sort(key=lambda c: (c.start_ms, c.end_ms))
    parts: list[Cue] = []
    for i, cue in enumerate(cues):
        # What is shown next limits the time that the parts of a cue share, not whether they can be read.
        parts += split_cue(cue, style, until=cues[i + 1].start_ms if i + 1 < len(cues) else None)
    return [replace(cue, origins=()) for cue in schedule(parts, style)]


def _cue(caption: Caption) -> Cue:
    """Return a caption as one cue, not yet laid out."""
    return Cue(
        caption.start_ms,
        max(caption.start_ms, caption.end_ms),
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
        start_ms, end_ms = caption.word_times[i] if i < len(caption.word_times) else (None, None)
        words.append(Word(token, probability, start_ms, end_ms, looked))
    return tuple(words)


def split_cue(cue: Cue, style: Style, until: int | None = None) -> list[Cue]:
    """Return a cue as one or several, each with its lines broken and its share of the time.

    Several parts share the time of the cue; where that is too short to read them, also what is free up to the
    next cue, and where it is longer than up to there, what they need.

    Args:
        cue: Any cue; a bilingual one is returned as it is.
        style: The limits.
        until: Where the next cue starts; None where none follows.
    """
    if _language(cue) == "mul":
        return [cue]
    free = float("inf") if until is None else max(0, until - cue.start_ms)
    own = int(min(cue.duration_ms, free))
    # The next cue may have to wait, as far as its slack goes.
    longest = max(own, free + style.slack_ms - style.gap_ms)
    parts = _parts(replace(cue, end_ms=cue.start_ms + own), style)
    if len(parts) > 1 and _needed(parts, style) > longest:
        parts = _parts(replace(cue, end_ms=cue.start_ms + own), style, is_hurried=True)
    if len(parts) == 1:
        end = cue.end_ms
    else:
        end = cue.start_ms + int(max(own, min(_needed(parts, style), max(longest, cue.duration_ms))))
    timed = _share_time(replace(cue, end_ms=end), parts, style)
    return _share_words(cue, _share_marks(cue, timed))


def _needed(parts: Sequence[Cue], style: Style) -> int:
    """Return how long it takes to read parts one after another."""
    return sum(need_ms(part, style) for part in parts) + style.gap_ms * (len(parts) - 1)


def _language(cue: Cue) -> str:
    return cue.language or guess_language(cue.text)


def _parts(cue: Cue, style: Style, *, is_hurried: bool = False) -> list[Cue]:
    """Return a cue's text as cues with their lines, without times of their own."""
    text, language, room = unwrapped(cue.lines), _language(cue), float("inf")
    if cue.kind == "speech" and cue.duration_ms > style.max_ms:
        # What is said slowly is shown while it is said.
        room = max(1.0, columns(text) * style.max_ms / cue.duration_ms)
    parts = split_text(text, language, style.line_columns, style.lines, room=room, is_hurried=is_hurried)
    if not style.has_final_stop and language == "zh":
        parts = [without_final_stop(lines) for lines in parts]
    return [replace(cue, lines=lines, words=(), marks=()) for lines in parts if lines]


def _share_time(cue: Cue, parts: list[Cue], style: Style) -> list[Cue]:
    """Give each part the time that it needs to be read, and of what is left a share by its length."""
    needs = [need_ms(part, style) + style.gap_ms for part in parts]
    widths = [sum(map(columns, part.lines)) for part in parts]
    spare = cue.duration_ms + style.gap_ms - sum(needs)
    if spare >= 0:
        shares = [need + spare * w // max(1, sum(widths)) for need, w in zip(needs, widths, strict=True)]
    else:
        shares = [(cue.duration_ms + style.gap_ms) * need // sum(needs) for need in needs]
    out, start = [], cue.start_ms
    for i, (part, share) in enumerate(zip(parts, shares, strict=True)):
        end = cue.end_ms if i + 1 == len(parts) else max(start, start + share - style.gap_ms)
        out.append(replace(part, start_ms=start, end_ms=max(start, end)))
        start += share
    return out


def _share_words(cue: Cue, parts: list[Cue]) -> list[Cue]:
    """Give each part the words that spell it."""
    words, out = list(cue.words), []
    for i, part in enumerate(parts):
        left = sum(c.isalnum() for c in part.text)
        taken = len(words) if i + 1 == len(parts) else 0
        while taken < len(words) and left > 0:
            left -= sum(c.isalnum() for c in words[taken].text)
            taken += 1
        out.append(replace(part, words=tuple(words[:taken])))
        words = words[taken:]
    return out


def _share_marks(cue: Cue, parts: list[Cue]) -> list[Cue]:
    """Give each part its tags; one that is open where a part ends is closed there and opened in the next."""
    if not cue.marks:
        return parts
    whole = "\n".join(part.text for part in parts)
    carried = list(carry_marks(cue.text, cue.marks, whole))
    out: list[Cue] = []
    still_open: list[str] = []
    at = 0
    for part in parts:
        end = at + len(part.text)
        last = len(out) + 1 == len(parts)
        mine = [m for m in carried if m.at <= end or last]
        carried = carried[len(mine) :]
        marks = [*(Mark(0, tag) for tag in still_open), *(replace(m, at=max(0, m.at - at)) for m in mine)]
        still_open = [] if last else _open_tags(marks)
        marks += [Mark(len(part.text), _closing(tag)) for tag in reversed(still_open)]
        out.append(replace(part, marks=tuple(marks)))
        at = end + 1
    return out


def _open_tags(marks: Sequence[Mark]) -> list[str]:
    """Return the HTML-like tags that are opened and not closed, in order."""
    stack: list[str] = []
    for mark in marks:
        if mark.tag.startswith("</"):
            names = [_closing(tag) for tag in stack]
            if mark.tag in names:
                del stack[len(names) - 1 - names[::-1].index(mark.tag)]
        elif mark.tag.startswith("<") and mark.tag[1:2].isalpha():
            stack.append(mark.tag)
    return stack


def _closing(tag: str) -> str:
    return f"</{tag[1:].split('.')[0].split()[0].rstrip('>')}>"
