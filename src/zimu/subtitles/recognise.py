"""What nobody said about cues: their language, and which of them share a place on the screen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from zimu.subtitles.cue import Cue
from zimu.subtitles.measure import guess_language

__all__ = ["place_of", "tell_languages"]

# Files with so large a share of cues in both languages are bilingual; in others a Latin line is a quotation.
_BILINGUAL = 0.6
_PLACES = ("Style", "Layer", "MarginV", "vertical", "line", "position", "region")
_PLACED = re.compile(r"\\(?:an?\d+|pos\([^)]*\)|move\([^)]*\))")


def tell_languages(cues: Sequence[Cue]) -> list[Cue]:
    """Return the cues with a language each: "zh", "en", or "mul" in a file whose cues are of both."""
    shown = [cue for cue in cues if cue.lines]
    both = [len({guess_language(line) for line in cue.lines}) == 2 for cue in shown]
    is_bilingual = sum(both) > _BILINGUAL * max(1, len(shown))
    out = []
    for cue in cues:
        of_both = len({guess_language(line) for line in cue.lines}) == 2
        guess = "mul" if is_bilingual and of_both else guess_language(cue.text)
        out.append(cue if cue.language else replace(cue, language=guess))
    return out


def place_of(cue: Cue) -> tuple[str, ...]:
    """Return what tells where a cue stands: cues of different places may be on the screen together."""
    own = tuple(f"{key}:{value}" for key, value in cue.settings if key in _PLACES)
    return own + tuple(tag for mark in cue.marks for tag in _PLACED.findall(mark.tag))
