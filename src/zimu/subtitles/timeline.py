"""Said, heard and seen on one timeline: who gets the screen when.

Speech comes first and is never covered. A sound is named when it begins, for as long as its words take to
read, in what speech leaves free. A scene takes the longest stretch that both leave free, if it can be read
in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log
from pathlib import Path
from typing import TYPE_CHECKING

from zimu.streams import Caption
from zimu.subtitles.cue import Cue, Word
from zimu.subtitles.measure import columns, guess_language, join_lines
from zimu.subtitles.styles import Style, style_of
from zimu.timing import Span, to_ms

if TYPE_CHECKING:
    from zimu.clips.speech import Speech

__all__ = ["arrange", "read_speech"]

# A sound's name stays on the screen at most this long, however long the sound lasts.
_SOUND_MS = 2500

_Stretch = tuple[int, int]


def arrange(
    captions: Sequence[Caption], style: Style | str = "plain", spoken: Sequence[Span] = ()
) -> list[Caption]:
    """Return the captions that fit, without overlaps, in order of time.

    Args:
        captions: Of one language; kinds may overlap each other.
        style: Whose reading speed and shortest cue hold.
        spoken: Where somebody speaks, if scenes have to keep out of it: a description is spoken itself.

    Captions of one kind are taken in order of time; one that overlaps an earlier one begins after it.
    """
    house = style_of(style)
    shown: list[Caption] = []
    said = [(to_ms(s.start), to_ms(s.end)) for s in spoken]
    for kind in ("speech", "sound", "scene"):
        for caption in sorted((c for c in captions if c.kind == kind), key=lambda c: c.start_ms):
            taken = [(c.start_ms, c.end_ms) for c in shown] + (said if kind == "scene" else [])
            place = _place(caption, taken, house)
            if place is not None:
                shown.append(replace(caption, start_ms=place[0], end_ms=place[1]))
    return sorted(shown, key=lambda c: c.start_ms)


def read_speech(path: Path, speech: Speech | None, heard: Sequence[Caption] = ()) -> list[Caption]:
    """Return what another program or person says is said, as captions of kind "speech".

    A cue in two languages becomes a caption in each.

    Args:
        path: A subtitle file, Whisper's JSON, or a .txt file with a sentence a line.
        speech: Where somebody speaks; a text without times is put there.
        heard: What a recogniser heard, with the times of its words; they place a text more exactly.

    Raises:
        SubtitleError: The file cannot be read, or has no times and nobody speaks.
    """
    # Here, since most runs read no speech and each module takes its time to load.
    from zimu.subtitles.aligning import read_transcript
    from zimu.subtitles.files import read_track
    from zimu.subtitles.recognise import tell_languages

    if path.suffix.lower() == ".txt":
        cues = read_transcript(path, speech, heard=_words(heard))
    else:
        cues = tell_languages([c for c in read_track(path).cues if c.lines])
    return [caption for cue in cues for caption in _captions(cue)]


def _words(heard: Sequence[Caption]) -> list[Word]:
    return [
        Word(token, 1.0, start, end)
        for caption in sorted(heard, key=lambda c: c.start_ms)
        for token, (start, end) in zip(caption.tokens, caption.word_times, strict=False)
    ]


def _captions(cue: Cue) -> list[Caption]:
    if cue.language == "mul":
        by_language: dict[str, list[str]] = {}
        for line in cue.lines:
            by_language.setdefault(guess_language(line), []).append(line)
        parts = [(language, join_lines(tuple(lines))) for language, lines in by_language.items()]
        words: tuple[Word, ...] = ()
    else:
        parts, words = [(cue.language or guess_language(cue.text), join_lines(cue.lines))], cue.words
    timed = [(w.start_ms, w.end_ms) for w in words if w.start_ms is not None and w.end_ms is not None]
    return [
        Caption(
            max(0, cue.start_ms),
            max(0, cue.start_ms, cue.end_ms),
            text,
            language,
            "speech",
            tuple(w.text for w in words),
            tuple(log(min(1.0, max(w.confidence, 1e-6))) for w in words),
            word_times=tuple(timed) if len(timed) == len(words) else (),
        )
        for language, text in parts
    ]


def _place(caption: Caption, taken: Sequence[_Stretch], style: Style) -> _Stretch | None:
    need = max(style.min_ms, round(1000 * columns(caption.text) / style.columns_a_second))
    end = caption.end_ms
    if caption.kind == "sound":
        # What sounds for a moment only is still named for as long as the name takes to read.
        end = caption.start_ms + max(need, min(_SOUND_MS, caption.end_ms - caption.start_ms))
    free = _free((caption.start_ms, end), [(a - style.gap_ms, b + style.gap_ms) for a, b in taken])
    if not free:
        return None
    best = max(free, key=lambda s: s[1] - s[0])
    # A caption whose own time is too short to read it is shown as long as it has, less the gaps to its
    # neighbours.
    enough = min(need, end - caption.start_ms - 2 * style.gap_ms)
    return best if caption.kind == "speech" or best[1] - best[0] >= enough else None


def _free(wanted: _Stretch, taken: Sequence[_Stretch]) -> list[_Stretch]:
    """Return the parts of a stretch that nothing has taken."""
    free = [wanted]
    for start, end in taken:
        free = [part for a, b in free for part in ((a, min(b, start)), (max(a, end), b)) if part[1] > part[0]]
    return free
