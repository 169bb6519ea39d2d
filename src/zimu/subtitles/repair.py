"""Repairing what can be repaired safely in anyone's subtitles, each change listed, nothing else touched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from zimu.subtitles.audit import findings, looping
from zimu.subtitles.check import RULES, violations
from zimu.subtitles.cue import Cue, Track, clean_lines
from zimu.subtitles.layout import split_cue
from zimu.subtitles.loops import collapse, key
from zimu.subtitles.markup import carry_marks
from zimu.subtitles.recognise import place_of, tell_languages
from zimu.subtitles.rolling import unroll
from zimu.subtitles.schedule import schedule
from zimu.subtitles.script import evidence, main_script, to_script
from zimu.subtitles.splitwords import cut_word
from zimu.subtitles.styles import Style
from zimu.subtitles.width import even_width

__all__ = ["Change", "repair"]

# Equal cues so near each other are one line shown twice, not one said twice.
_SAME_LINE_MS = 100
# Where so much of a file is in one script, the rest of it is a mistake.
_ONE_SCRIPT = 0.8
# One repair can bring the next to light (a merged word, a loop); two rounds do for all but crowds.
_ROUNDS = 8
# A cue so brief was not made by a person; a longer one may be another speaker's.
_FLASH_MS = 500
_ENDS = ".!?…。！？\"'”’)）」』】♪"
_TEXT_RULES = ("line-width", "line-count", "line-break", "final-stop")


@dataclass(frozen=True, slots=True)
class Change:
    """One repair.

    Attributes:
        cues: Positions of the cues in the file that was repaired, from 0.
        what: What was done: "dropped", "merged", "split", "text", "lines", "moved" (in
            time), "reordered".
        reason: What was wrong.
        before: The cues as they were.
        after: What stands there now; empty where nothing does.
    """

    cues: tuple[int, ...]
    what: str
    reason: str
    before: str
    after: str


def repair(track: Track, style: Style, script: str | None = None) -> tuple[Track, list[Change]]:
    """Return a track with its faults repaired, and the list of changes.

    Repaired are times before the start or in reverse, order, overlaps, gaps, reading times where there is
    room, line breaks, loops, rolling captions, cut words, characters of another script, full and half width.
    Words are never rewritten, and lines that look invented stay: a person has to judge them.

    Args:
        track: The file.
        style: The limits that the result should keep.
        script: "simplified" or "traditional" puts all Chinese into it; None only unifies a file that is all
            but in one of them already.

    Raises:
        UnknownNameError: No such script.
    """
    # In a file that people have, starts belong to the sound: they stay where they are.
    style = replace(style, slack_ms=0)
    told = tell_languages(track.cues)
    cues = [replace(cue, origins=(i,)) for i, cue in enumerate(told)]
    for _ in range(_ROUNDS):
        before = cues
        for step in (
            _in_script(script),
            _evened,
            _unlooped,
            _forward,
            _sorted,
            unroll,
            _said_once,
            _joined_words,
        ):
            cues = step(cues)
        cues = _timed(_fitted(cues, style), style)
        if cues == before:
            break
    changes = _changes(told, cues, style)
    final = [replace(cue, language=track.cues[cue.origins[0]].language, origins=()) for cue in cues]
    firsts = [min(cue.origins) for cue in cues]
    notes = tuple((sum(first < at for first in firsts), text) for at, text in track.notes)
    return replace(track, cues=tuple(final), notes=notes), changes


def _with_text(cue: Cue, text: str) -> Cue:
    """Return a cue with another text, its tags kept in their places."""
    lines = clean_lines(text)
    if lines == cue.lines:
        return cue
    return replace(cue, lines=lines, marks=carry_marks(cue.text, cue.marks, "\n".join(lines)))


def _in_script(script: str | None) -> Callable[[list[Cue]], list[Cue]]:
    def convert(cues: list[Cue]) -> list[Cue]:
        if script is not None:
            return [_with_text(c, to_script(c.text, script)) if _is_chinese(c) else c for c in cues]
        main = main_script(c.text for c in cues)
        if main is None:
            return cues
        strange = [any(n for name, n in evidence(c.text).items() if name != main) for c in cues]
        if sum(strange) > (1 - _ONE_SCRIPT) * len(cues):
            return cues
        pairs = zip(cues, strange, strict=True)
        return [_with_text(c, to_script(c.text, main)) if odd else c for c, odd in pairs]

    return convert


def _is_chinese(cue: Cue) -> bool:
    return cue.language in ("zh", "mul")


def _evened(cues: list[Cue]) -> list[Cue]:
    return [_with_text(cue, even_width(cue.text)) for cue in cues]


def _unlooped(cues: list[Cue]) -> list[Cue]:
    out = []
    for cue in cues:
        text = " ".join(cue.lines)
        said_once = collapse(text)
        out.append(cue if said_once == text else _with_text(cue, said_once))
    return out


def _forward(cues: list[Cue]) -> list[Cue]:
    """Turn cues that end before they start, and let none start before the file; drop what is never shown."""
    out = []
    for i, cue in enumerate(cues):
        if cue.end_ms < cue.start_ms:
            before = cues[i - 1].start_ms if i else 0
            after = cues[i + 1].start_ms if i + 1 < len(cues) else cue.start_ms
            fits = before <= cue.end_ms and cue.start_ms <= after
            start, end = (cue.end_ms, cue.start_ms) if fits else (cue.start_ms, cue.start_ms)
            cue = replace(cue, start_ms=start, end_ms=end)
        if cue.lines and (cue.end_ms > 0 or cue.start_ms >= 0):
            out.append(replace(cue, start_ms=max(0, cue.start_ms)))
    return out


def _sorted(cues: list[Cue]) -> list[Cue]:
    return sorted(cues, key=lambda cue: cue.start_ms)


def _said_once(cues: list[Cue]) -> list[Cue]:
    """Put equal neighbours together, and drop rounds of lines that were just shown."""
    stuck = looping(cues)
    out: list[Cue] = []
    for i, cue in enumerate(cues):
        last = out[-1] if out else None
        same = last is not None and key(last.text) == key(cue.text) and place_of(last) == place_of(cue)
        near = last is not None and cue.start_ms - last.end_ms <= _SAME_LINE_MS
        if last is not None and same and (near or i in stuck):
            out[-1] = replace(last, end_ms=max(last.end_ms, cue.end_ms), origins=last.origins + cue.origins)
        elif i not in stuck:
            out.append(cue)
    return out


def _joined_words(cues: list[Cue]) -> list[Cue]:
    """Move the lesser half of a word that the end of a cue cuts to the greater."""
    out = list(cues)
    for i in range(len(out) - 1):
        upper, lower = out[i], out[i + 1]
        if not upper.lines or not lower.lines or lower.start_ms - upper.end_ms >= 500:
            continue
        halves = cut_word(upper.lines[-1], lower.lines[0])
        if halves is None:
            continue
        left, right = halves
        if len(left) <= len(right) and len(left) < len(upper.lines[-1]):
            out[i] = _with_text(upper, upper.text.removesuffix(left))
            out[i + 1] = _with_text(lower, left + lower.text)
        elif len(right) < len(lower.lines[0]):
            out[i] = _with_text(upper, upper.text + right)
            out[i + 1] = _with_text(lower, lower.text.removeprefix(right))
    return out


def _fitted(cues: list[Cue], style: Style) -> list[Cue]:
    """Return the cues, those broken and split anew whose lines do not fit the style."""
    out = []
    for i, cue in enumerate(cues):
        faults = [v for v in violations([cue], style) if v.rule in _TEXT_RULES]
        if faults or any(cut_word(a, b) for a, b in pairwise(cue.lines)):
            out += split_cue(cue, style, until=cues[i + 1].start_ms if i + 1 < len(cues) else None)
        else:
            out.append(cue)
    return out


def _timed(cues: list[Cue], style: Style) -> list[Cue]:
    """Schedule the cues of each place on the screen."""
    places: dict[tuple[str, ...], list[Cue]] = {}
    for cue in cues:
        places.setdefault(place_of(cue), []).append(cue)
    timed = [cue for row in places.values() for cue in schedule(row, style, _is_one_sentence)]
    return sorted(timed, key=lambda cue: cue.start_ms)


def _is_one_sentence(first: Cue, second: Cue) -> bool:
    """Say whether two cues go on with one sentence, or one of them only flashes by."""
    goes_on = first.text[-1] not in _ENDS and second.text[0].islower()
    return goes_on or min(first.duration_ms, second.duration_ms) < _FLASH_MS


def _changes(told: Sequence[Cue], cues: Sequence[Cue], style: Style) -> list[Change]:
    """Compare what there is with what there was."""
    reasons = _reasons(told, style)
    misplaced = {finding.index for finding in findings(told) if finding.kind == "order"}
    now: dict[tuple[int, ...], list[Cue]] = {}
    for cue in cues:
        now.setdefault(cue.origins, []).append(cue)
    out = []
    for origins, made in now.items():
        was = [told[i] for i in origins]
        what = _difference(was, made) or ("reordered" if origins[0] in misplaced else None)
        if what is not None:
            why = dict.fromkeys(reason for i in origins for reason in reasons.get(i, []))
            reason = "; ".join(why) or "makes room for its neighbour"
            out.append(Change(origins, what, reason, _shown(was), _shown(made)))
    kept = {i for origins in now for i in origins}
    for i, cue in enumerate(told):
        if i not in kept:
            out.append(Change((i,), "dropped", "; ".join(reasons.get(i, [])), _shown([cue]), ""))
    return sorted(out, key=lambda change: change.cues)


def _difference(was: Sequence[Cue], made: Sequence[Cue]) -> str | None:
    if len(was) > 1:
        return "merged"
    if len(made) > 1:
        return "split"
    old, new = was[0], made[0]
    if "".join(old.text.split()) != "".join(new.text.split()):
        return "text"
    if old.lines != new.lines:
        return "lines"
    return "moved" if (old.start_ms, old.end_ms) != (new.start_ms, new.end_ms) else None


def _reasons(cues: Sequence[Cue], style: Style) -> dict[int, list[str]]:
    """Return what was wrong with each cue, in words."""
    out: dict[int, list[str]] = {}
    for found in violations(cues, style):
        if found.rule in ("reversed", "negative", "empty"):  # the findings say it better
            continue
        out.setdefault(found.index, []).append(RULES[found.rule][1])
        if found.rule in ("overlap", "order", "gap"):
            out.setdefault(found.index + 1, []).append("too close to the cue before")
    for finding in findings(cues):
        out.setdefault(finding.index, []).append(finding.reason)
    return out


def _shown(cues: Sequence[Cue]) -> str:
    return " | ".join(
        f"{cue.start_ms / 1000:.3f}-{cue.end_ms / 1000:.3f} {' / '.join(cue.lines)}" for cue in cues
    )
