"""House styles: what a line, a cue and a second may hold."""

from __future__ import annotations

from dataclasses import dataclass

from zimu.errors import unknown_name

__all__ = ["STYLES", "Style", "style_of"]


@dataclass(frozen=True, slots=True)
class Style:
    """The limits of a house.

    Widths are counted in columns: a full-width character takes two, a Latin one one, a combining mark none.

    Attributes:
        name: What `--style` calls it.
        line_columns: Columns a line.
        lines: Lines a cue; a bilingual cue has them for each language.
        columns_a_second: Reading speed in columns a second.
        min_ms: A cue is shown at least so long.
        max_ms: A cue is shown at most so long.
        gap_ms: At least so long between two cues.
        has_final_stop: Whether a Chinese line may end with a full stop or comma.
        unit_columns: Columns of one of the characters that the house counts in: 2 for full-width ones.
        slack_ms: How far a start may move from the sound or picture that it belongs to.
    """

    name: str
    line_columns: int
    lines: int
    columns_a_second: float
    min_ms: int
    max_ms: int
    gap_ms: int
    has_final_stop: bool = True
    unit_columns: int = 1
    slack_ms: int = 500


STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        # Zimu's own: comfortable on a phone in both languages.
        Style("plain", 42, 2, 20.0, 1000, 7000, 40),
        # Netflix English (USA) and General Requirements: 42 characters, 20 a second for adults, 5/6 s to 7 s,
        # two frames between cues; at 24 frames a second, the slowest in use, two frames are 83.3 ms.
        Style("netflix-en", 42, 2, 20.0, 834, 7000, 84),
        # Netflix Simplified Chinese: 16 full-width characters, 9 a second, no full stop or comma at the end.
        Style("netflix-zh", 32, 2, 18.0, 834, 7000, 84, has_final_stop=False, unit_columns=2),
        # BBC Subtitle Guidelines: 37 characters, 160 to 180 words a minute (180 words of five letters and a
        # blank are 18 columns a second), no gap needed between continuous cues.
        Style("bbc", 37, 2, 18.0, 1000, 7000, 0),
        # TED Translators: 42 characters, 21 a second, 1 s to 7 s.
        Style("ted", 42, 2, 21.0, 1000, 7000, 0),
    )
}


def style_of(style: Style | str) -> Style:
    """Return a style by its name; a style is returned as it is.

    Raises:
        UnknownNameError: No such style.
    """
    if isinstance(style, Style):
        return style
    if style not in STYLES:
        raise unknown_name("style", style, STYLES)
    return STYLES[style]
