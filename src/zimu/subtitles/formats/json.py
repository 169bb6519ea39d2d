"""Zimu's JSON, the layout that DESIGN.md fixes; Whisper's JSON (`segments`) is read too."""

from __future__ import annotations

import json
from typing import Any

from zimu.errors import SubtitleError
from zimu.subtitles.cue import Cue, Track, Word, clean_lines
from zimu.timing import to_ms, to_seconds

__all__ = ["read", "write"]

# A year: no time of a file, and far from where exact arithmetic would be slow.
_MAX_S = 366 * 86400


def read(text: str) -> Track:
    """Return the track of a JSON text.

    Raises:
        SubtitleError: It is no JSON, or a cue is damaged.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SubtitleError(f"This is not JSON: {error}.") from error
    rows = data.get("cues", data.get("segments")) if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise SubtitleError(
            'A JSON subtitle file is an object with a list "cues", or "segments" as Whisper has it.'
        )
    language = _text_or_none(data.get("language"))
    cues = [_cue(row, number, language) for number, row in enumerate(rows, 1)]
    source, bundle = _text_or_none(data.get("source")), _text_or_none(data.get("bundle"))
    return Track(tuple(cues), format="json", language=language, source=source, bundle=bundle)


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


def _ms(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MAX_S:
        raise ValueError(f"{value!r} is no number of seconds")
    return to_ms(to_seconds(value))


def _cue(row: Any, number: int, language: str | None) -> Cue:
    try:
        return Cue(
            _ms(row["start"]),
            _ms(row["end"]),
            clean_lines(str(row["text"])),
            kind=str(row.get("kind", "speech")),
            language=language,
            confidence=float(row.get("confidence", 1.0)),
            words=tuple(map(_word, row.get("words", ()))),
        )
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise SubtitleError(
            f'Cue {number} is damaged ({error!r}). A cue has "start" and "end" in seconds and "text".'
        ) from error


def _word(row: Any) -> Word:
    start, end = row.get("start"), row.get("end")
    return Word(
        str(row.get("text", row.get("word", ""))),
        float(row.get("confidence", row.get("probability", 1.0))),
        None if start is None else _ms(start),
        None if end is None else _ms(end),
        {str(k): (float(v[0]), float(v[1])) for k, v in row.get("attention", {}).items()},
    )


def write(track: Track) -> str:
    """Return a track as JSON, seconds as floats, lines separated by line feeds."""
    languages = {cue.language for cue in track.cues if cue.language}
    language = track.language or (languages.pop() if len(languages) == 1 else "mul" if languages else None)
    cues = [
        {
            "start": cue.start_ms / 1000,
            "end": cue.end_ms / 1000,
            "text": cue.text,
            "kind": cue.kind,
            "confidence": round(cue.confidence, 6),
            "words": [_word_row(word) for word in cue.words],
        }
        for cue in track.cues
    ]
    data = {"source": track.source, "bundle": track.bundle, "language": language, "cues": cues}
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _word_row(word: Word) -> dict[str, Any]:
    row: dict[str, Any] = {"text": word.text, "confidence": round(word.confidence, 6)}
    if word.start_ms is not None and word.end_ms is not None:
        row |= {"start": word.start_ms / 1000, "end": word.end_ms / 1000}
    if word.attention:
        row["attention"] = {k: [round(t, 3), round(w, 6)] for k, (t, w) in word.attention.items()}
    return row
