"""Moving a track in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zimu.subtitles.cue import Cue, Track

__all__ = ["positions", "shift"]


def shift(track: Track, by_ms: int) -> tuple[Track, list[int], list[int]]:
    """Return a track moved in time, which cues were cut at zero, and which fell before it and are gone.

    Args:
        track: The track.
        by_ms: Milliseconds; negative moves to earlier.
    """
    moved = [_moved(cue, by_ms) for cue in track.cues]
    dropped = [i for i, cue in enumerate(moved) if cue.end_ms <= 0 and by_ms < 0]
    cut = [i for i, cue in enumerate(moved) if cue.start_ms < 0 and cue.end_ms > 0]
    gone = set(dropped)
    kept = [replace(cue, start_ms=max(0, cue.start_ms)) for i, cue in enumerate(moved) if i not in gone]
    notes = tuple((at - sum(i < at for i in dropped), text) for at, text in track.notes)
    return replace(track, cues=tuple(kept), notes=notes), cut, dropped


def _moved(cue: Cue, by_ms: int) -> Cue:
    words = tuple(
        word
        if word.start_ms is None or word.end_ms is None
        else replace(word, start_ms=word.start_ms + by_ms, end_ms=word.end_ms + by_ms)
        for word in cue.words
    )
    return replace(cue, start_ms=cue.start_ms + by_ms, end_ms=cue.end_ms + by_ms, words=words)


def positions(indices: Sequence[int]) -> str:
    """Return positions as a reader counts them, from one, in a line that stays short."""
    shown = ", ".join(str(i + 1) for i in indices[:10])
    return shown if len(indices) <= 10 else f"{shown} and {len(indices) - 10} more"
