"""What of a file is shown and who tells it: `--show`, `--speech`, `--terms`, `--descriptions`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zimu.errors import ConfigError, unknown_name

if TYPE_CHECKING:
    from zimu.captions.speech_terms import Terms
    from zimu.clips.speech import Speech
    from zimu.streams import Caption

__all__ = ["KINDS", "Showing", "write_descriptions"]

KINDS = ("speech", "sound", "scene")
# The shipped bundle that tells of each kind; of speech it tells only where somebody speaks.
_BUNDLES = {"scene": "describe", "sound": "sounds", "speech": "speech"}


@dataclass(frozen=True, slots=True)
class Showing:
    """What is asked for.

    Attributes:
        kinds: Of `KINDS`; None shows all that there is.
        speech: A file that says what is said: subtitles, Whisper's JSON, or a text without times.
        terms: A file of names and terms that correct what was heard: a list, or the subtitles that `zimu ocr`
            read in the picture.
        descriptions: Write scenes to a file of their own, WebVTT for `kind=descriptions`, in the pauses.
    """

    kinds: tuple[str, ...] | None = None
    speech: Path | None = None
    terms: Path | None = None
    descriptions: bool = False

    def bundles(self, asked: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """Return the bundles that are needed, None for the default ones.

        Args:
            asked: What `--bundle` names.

        Raises:
            UnknownNameError: A kind is unknown.
            ConfigError: Speech is asked for and nothing tells it, or a file cannot be read.
        """
        for kind in self.kinds or ():
            if kind not in KINDS:
                raise unknown_name("kind of caption", kind, KINDS)
        for path in (self.speech, self.terms):
            if path is not None and not path.is_file():
                raise ConfigError(f"There is no file {path}.")
        tells_speech = self.speech is not None
        if asked is not None:
            from zimu.captions.speech_engine import is_whisper

            tells_speech |= any(map(is_whisper, asked))
        if "speech" in (self.kinds or ()) and not tells_speech:
            raise ConfigError(
                "Nothing tells what is said. Give --speech FILE (subtitles, Whisper's JSON or a text), or a "
                "recogniser: --bundle describe,sounds,whisper:small"
            )
        if asked is not None or self.kinds is None:
            return asked
        needed = [_BUNDLES[kind] for kind in ("scene", "sound") if kind in self.kinds]
        return tuple(needed) or (_BUNDLES["speech"],)

    def gather(
        self, found: Sequence[Caption], speech: Speech | None, languages: Sequence[str]
    ) -> list[Caption]:
        """Return all captions of the kinds wanted, what others say is said among them, terms put right.

        Args:
            found: What was captioned.
            speech: Where somebody speaks; None where nobody listened.
            languages: Those that are written; speech in others is told on standard error.

        Raises:
            SubtitleError: The file of `speech` cannot be read.
        """
        captions = list(found)
        if self.speech is not None:
            from zimu.subtitles.timeline import read_speech

            heard = [c for c in captions if c.kind == "speech"]
            captions = [c for c in captions if c.kind != "speech"] + read_speech(self.speech, speech, heard)
        captions = [c for c in captions if self.kinds is None or c.kind in self.kinds]
        for language in sorted({c.language for c in captions if c.kind == "speech"} - set(languages)):
            click.echo(f"what is said is in {language}, which --language does not name", err=True)
        return self._put_right(captions) if self.terms is not None else captions

    def _put_right(self, captions: list[Caption]) -> list[Caption]:
        assert self.terms is not None
        terms, out = _terms_of(self.terms), []
        for caption in captions:
            if caption.kind == "speech":
                caption, changes = terms.correct(caption)
                for change in changes:
                    click.echo(
                        f"term at {change.start_ms / 1000:.2f} s: {change.before} -> {change.after}", err=True
                    )
            out.append(caption)
        return out


def _terms_of(path: Path) -> Terms:
    """Return the terms of a list, or those that a subtitle file of what is written in the picture shows.

    Raises:
        ConfigError: There are none.
    """
    from zimu.captions.speech_terms import Terms, read_terms
    from zimu.subtitles.formats import SUFFIXES

    if path.suffix.lower() not in SUFFIXES or path.suffix.lower() == ".txt":
        return read_terms(path)
    from zimu.captions.screen_terms import terms_of_screen
    from zimu.subtitles.files import read_track

    found = terms_of_screen(line for cue in read_track(path).cues for line in cue.lines)
    if not found:
        raise ConfigError(f"{path} shows nothing that looks like a name or a term. Write a list, one a line.")
    return Terms(found)


def write_descriptions(
    scenes: Sequence[Caption], speech: Speech | None, target: Path, style: str, language: str
) -> None:
    """Write scenes as a track of kind "descriptions": to be spoken, so only where nobody speaks.

    Args:
        scenes: Captions of kind "scene".
        speech: Where somebody speaks.
        target: A .vtt file.
        style: A house style.
        language: Of the scenes.

    Raises:
        SubtitleError: The file cannot be written.
    """
    from zimu.subtitles.cue import Track
    from zimu.subtitles.files import write_track
    from zimu.subtitles.layout import lay_out
    from zimu.subtitles.styles import style_of
    from zimu.subtitles.timeline import arrange

    placed = arrange(scenes, style, speech.spans if speech else ())
    header = f"WEBVTT\nKind: descriptions\nLanguage: {language}"
    write_track(Track(tuple(lay_out(placed, style_of(style))), "vtt", header), target)
