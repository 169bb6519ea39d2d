"""What a subtitle file shows: cues, and the track that holds them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from zimu.errors import SubtitleError

__all__ = ["Cue", "Mark", "Track", "Word", "clean_lines"]

# Controls, line ends of any alphabet, lone surrogates and the byte-order mark: none of them can be shown, and
# each of them breaks one of the formats. Tabs are blanks.
_UNSHOWABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_BLANK = re.compile("[\t\x0b\x0c\x85\u2028\u2029]")
_LINE_END = re.compile("\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Word:
    """One word or token of a cue.

    Attributes:
        text: As the model or file spells it.
        confidence: 0 to 1.
        start_ms: Milliseconds from the start of the file; None where the times of words are not known.
        end_ms: End, exclusive.
        attention: {stream: (seconds from the start of the file, weight)}, the moment looked at most.
    """

    text: str
    confidence: float = 1.0
    start_ms: int | None = None
    end_ms: int | None = None
    attention: dict[str, tuple[float, float]] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Mark:
    """A tag inside a cue's text, spelt as its format spells it: `<i>`, `<v Ann>`, `{\\an8}`.

    Attributes:
        at: How many characters of `Cue.text` come before it.
        tag: The tag with its brackets.
    """

    at: int
    tag: str


@dataclass(frozen=True, slots=True)
class Cue:
    """Lines that are on the screen together.

    Attributes:
        start_ms: Start, milliseconds from the start of the file; negative in some files that people have.
        end_ms: End, exclusive. A file may hold an end before its start; `check` reports it.
        lines: What is shown, one entry a line, as `clean_lines` returns it.
        kind: "speech", "sound" or "scene".
        language: BCP 47 tag, "mul" where the lines are of several, None where nobody said.
        confidence: 0 to 1.
        words: The words with what is known about each.
        marks: Tags inside the text.
        settings: What only one format knows, by that format's own names: WebVTT's `align`, ASS's `Style`.
        name: WebVTT's identifier of the cue.
        origins: Positions, from 0, of the cues that it was made of, where somebody has to know.

    Raises:
        SubtitleError: A line is empty, or holds a line end or a character that cannot be shown.
    """

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    kind: str = "scene"
    language: str | None = None
    confidence: float = 1.0
    words: tuple[Word, ...] = ()
    marks: tuple[Mark, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    name: str = ""
    origins: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.lines != clean_lines("\n".join(self.lines)):
            raise SubtitleError(
                f"The lines {list(self.lines)!r} hold line ends, outer blanks or characters that cannot be "
                "shown. Pass them through clean_lines first."
            )

    @property
    def text(self) -> str:
        """The lines, a line feed between them."""
        return "\n".join(self.lines)

    @property
    def duration_ms(self) -> int:
        """How long the cue is shown, in milliseconds."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class Track:
    """A subtitle file.

    Attributes:
        cues: In the file's order.
        format: A key of `FORMATS`; None where the track came from no file.
        header: What stands before the first cue, in the format's own words.
        notes: (position, text): what stands before the cue of that position and is not shown.
        encoding: The encoding that the file was read in.
        is_guess: Whether the encoding was guessed.
        language: BCP 47 tag of the whole track.
        source: The file that was captioned.
        bundle: The bundle that captioned it.
    """

    cues: tuple[Cue, ...]
    format: str | None = None
    header: str = ""
    notes: tuple[tuple[int, str], ...] = ()
    encoding: str = "utf-8"
    is_guess: bool = False
    language: str | None = None
    source: str | None = None
    bundle: str | None = None


def clean_lines(text: str) -> tuple[str, ...]:
    """Return the lines of a text that can be shown: outer blanks, empty lines and controls are gone.

    >>> clean_lines("One\\r\\n\\r\\n  two\\x00 ")
    ('One', 'two')
    """
    text = _UNSHOWABLE.sub("", _BLANK.sub(" ", text))
    return tuple(line for part in _LINE_END.split(text) if (line := part.strip()))
