"""`zimu caption --mux` and `--burn`: what was captioned goes into a copy of the video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from zimu.streams import Caption

__all__ = ["IntoVideo"]

# A font that shows these shows nearly all that captions are made of.
_SAMPLES = {"zh": "一只狗在公园里跑步，说：“你好！”《字幕》", "en": "A dog runs; “Hello!”"}
_DEFAULT_SUFFIX = ".mkv"


@dataclass(frozen=True, slots=True)
class IntoVideo:
    """What is asked for.

    Attributes:
        mux: Write a copy with the captions as tracks, one a language.
        burn: Write a copy with the captions drawn, the first language on top.
        font: A font file for drawing.
    """

    mux: bool = False
    burn: bool = False
    font: Path | None = None

    def check(self, videos: Sequence[Path], languages: Sequence[str]) -> None:
        """Refuse before captioning what would fail after it.

        Raises:
            MissingExtraError: Pillow is not installed.
            SubtitleError: No font has the characters of a language.
        """
        if self.burn:
            from zimu.subtitles.burn import check_burn
            from zimu.subtitles.cue import Cue

            samples = [Cue(0, 1, (_SAMPLES[name],)) for name in languages if name in _SAMPLES]
            for video in videos:
                check_burn(samples, self._target(video, video.with_suffix(""), "burnt"), self.font)

    def write(self, video: Path, stem: Path, captions: Mapping[str, tuple[Sequence[Caption], str]]) -> None:
        """Write the copies beside the subtitle files.

        Args:
            video: The file that was captioned.
            stem: Where its files begin.
            captions: {language: (captions, style)}.

        Raises:
            MediaError: The video has no moving picture to draw on, or a copy cannot be written.
        """
        from zimu.cli.progress import seconds
        from zimu.subtitles.burn import burn
        from zimu.subtitles.cue import Track
        from zimu.subtitles.layout import lay_out
        from zimu.subtitles.mux import mux
        from zimu.subtitles.styles import style_of

        tracks = [
            Track(tuple(lay_out(some, style_of(style))), language=language)
            for language, (some, style) in captions.items()
        ]
        if self.mux:
            target = self._target(video, stem, "subtitled")
            with seconds(f"copying {video.name}") as show:
                left_out = mux(video, tracks, target, progress=show)
            for line in left_out:
                click.echo(f"left out: {line}", err=True)
            click.echo(f"written: {target}", err=True)
        if self.burn:
            target = self._target(video, stem, "burnt")
            with seconds(f"drawing on {video.name}") as show:
                burn(video, [c for t in tracks for c in t.cues], target, font=self.font, progress=show)
            click.echo(f"written: {target}", err=True)

    def _target(self, video: Path, stem: Path, what: str) -> Path:
        """Return the copy's path; a container that takes no subtitles becomes Matroska."""
        from zimu.subtitles.mux import CONTAINERS

        suffix = video.suffix.lower() if video.suffix.lower() in CONTAINERS else _DEFAULT_SUFFIX
        return stem.with_name(f"{stem.name}.{what}{suffix}")
