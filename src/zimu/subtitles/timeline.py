"""Said, heard and seen on one timeline: who gets the screen when.

Speech comes first and is never covered. A sound is named when it begins, for as long as its words take to
read, in what speech leaves free. A scene takes the longest stretch that both leave free, if it can be read
in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zimu.streams import Caption
from zimu.subtitles.measure import columns
from zimu.subtitles.styles import Style, style_of

__all__ = ["arrange"]

# A sound's name stays on the screen at most this long, however long the sound lasts.
_SOUND_MS = 2500

_Stretch = tuple[int, int]


def arrange(captions: Sequence[Caption], style: Style | str = "plain") -> list[Caption]:
    """Return the captions that fit, without overlaps, in order of time.

    Args:
        captions: Of one language; kinds may overlap each other.
        style: Whose reading speed and shortest cue hold.

    Captions of one kind are taken in order of time; one that overlaps an earlier one begins after it.
    """
    house = style_of(style)
    shown: list[Caption] = []
    for kind in ("speech", "sound", "scene"):
        for caption in sorted((c for c in captions if c.kind == kind), key=lambda c: c.start_ms):
            place = _place(caption, shown, house)
            if place is not None:
                shown.append(replace(caption, start_ms=place[0], end_ms=place[1]))
    return sorted(shown, key=lambda c: c.start_ms)


def _place(caption: Caption, shown: Sequence[Caption], style: Style) -> _Stretch | None:
    need = max(style.min_ms, round(1000 * columns(caption.text) / style.columns_a_second))
    end = caption.end_ms
    if caption.kind == "sound":
        # What sounds for a moment only is still named for as long as the name takes to read.
        end = caption.start_ms + max(need, min(_SOUND_MS, caption.end_ms - caption.start_ms))
    free = _free(
        (caption.start_ms, end), [(c.start_ms - style.gap_ms, c.end_ms + style.gap_ms) for c in shown]
    )
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
