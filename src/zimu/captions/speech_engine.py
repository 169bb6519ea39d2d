"""What is said: the port to engines that recognise speech, and Whisper by faster-whisper behind it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from zimu.clips.speech import RATE_HZ
from zimu.errors import BundleError, MissingExtraError, unknown_name

__all__ = ["WHISPER_SIZES", "Said", "SaidWord", "SpeechEngine", "WhisperEngine", "find_whisper", "is_whisper"]

_PREFIX = "whisper:"
# The names that faster-whisper knows, and where their files stand on the hub.
WHISPER_SIZES: dict[str, str] = {
    **{
        size: f"Systran/faster-whisper-{size}"
        for name in ("tiny", "base", "small", "medium")
        for size in (name, f"{name}.en")
    },
    **{f"large-v{k}": f"Systran/faster-whisper-large-v{k}" for k in (1, 2, 3)},
    "large": "Systran/faster-whisper-large-v3",
    "turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
}
_FILES = ("model.bin", "config.json")


@dataclass(frozen=True, slots=True)
class SaidWord:
    """One word as it was heard.

    Attributes:
        text: With the marks that belong to it, without outer blanks.
        start_s: Seconds from the start of the stretch that was listened to.
        end_s: Seconds.
        probability: 0 to 1.
    """

    text: str
    start_s: float
    end_s: float
    probability: float


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence or part of one.

    Attributes:
        start_s: Seconds from the start of the stretch that was listened to.
        end_s: Seconds.
        text: What was said.
        language: BCP 47 tag.
        words: Its words in order.
    """

    start_s: float
    end_s: float
    text: str
    language: str
    words: tuple[SaidWord, ...]


class SpeechEngine(Protocol):
    """Anything that turns sound into words.

    Attributes:
        name: As it is told to the user.
    """

    name: str

    def transcribe(self, values: npt.NDArray[np.float32], language: str | None) -> Sequence[Said]:
        """Return what is said in a stretch of sound.

        Args:
            values: float32 [n], mono at 16 kHz, at most 30 s.
            language: The language that is spoken; None lets the engine tell it.
        """
        ...


class WhisperEngine:
    """Whisper by faster-whisper, offline: what is not on this computer is refused, not fetched.

    Args:
        folder: A folder in CTranslate2's layout (`model.bin`, `config.json`, `tokenizer.json`, ...).
        name: As it is told to the user.
        threads: Threads; 0 takes as many as there are cores, at most 4.

    Raises:
        MissingExtraError: faster-whisper is not installed.
        BundleError: The folder holds no such model.
    """

    def __init__(self, folder: Path, *, name: str | None = None, threads: int = 0) -> None:
        if missing := [file for file in _FILES if not (folder / file).is_file()]:
            raise BundleError(
                f"{folder} is no Whisper model: it has no {missing[0]}. Give a folder in CTranslate2's "
                "layout (model.bin, config.json, tokenizer.json, vocabulary), as ct2-transformers-converter "
                "makes it."
            )
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise MissingExtraError("faster-whisper", "speech") from error
        if not (folder / "tokenizer.json").is_file():
            # Without this file faster-whisper asks the hub for it.
            raise BundleError(
                f"{folder} has no tokenizer.json, and nothing is downloaded unasked. Put the tokenizer.json "
                "of the same Whisper beside model.bin."
            )
        self.name = name or f"{_PREFIX}{folder.name}"
        try:
            self._model: Any = WhisperModel(
                str(folder),
                device="cpu",
                compute_type="int8",
                cpu_threads=threads or min(4, os.cpu_count() or 1),
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise BundleError(f"{folder}: the Whisper model cannot be loaded: {reason}") from error

    def transcribe(self, values: npt.NDArray[np.float32], language: str | None) -> list[Said]:
        """Return what is said in at most 30 s of sound, see `SpeechEngine`."""
        segments, info = self._model.transcribe(
            np.ascontiguousarray(values, np.float32),
            language=language if self._model.model.is_multilingual else "en",
            # One temperature: the same sound gives the same words.
            temperature=0.0,
            word_timestamps=True,
            # A line that was wrong once must not draw the next ones after it.
            condition_on_previous_text=False,
            vad_filter=False,
        )
        longest = len(values) / RATE_HZ
        return [said for segment in segments if (said := _said(segment, info.language, longest)) is not None]


def _said(segment: Any, language: str, longest_s: float) -> Said | None:
    words = tuple(
        SaidWord(w.word.strip(), float(w.start), min(float(w.end), longest_s), float(w.probability))
        for w in segment.words or ()
        if w.word.strip() and w.start < longest_s
    )
    text = segment.text.strip()
    if not text or not words:
        return None
    return Said(words[0].start_s, max(words[0].start_s, words[-1].end_s), text, language, words)


def is_whisper(name: str | Path) -> bool:
    """Return whether a name of `--bundle` means a Whisper model: `whisper:...`, or a folder of one."""
    return str(name).startswith(_PREFIX) or all((Path(name) / file).is_file() for file in _FILES)


def find_whisper(name: str | Path, *, threads: int = 0) -> WhisperEngine:
    """Return a Whisper by name or folder; nothing is downloaded.

    Args:
        name: `whisper:small`, `whisper:FOLDER` or a folder.
        threads: See `WhisperEngine`.

    Raises:
        UnknownNameError: No such size, and no such folder.
        MissingExtraError: faster-whisper is not installed.
        BundleError: The model is not on this computer.
    """
    wanted = str(name).removeprefix(_PREFIX)
    if Path(wanted).is_dir():
        return WhisperEngine(Path(wanted), threads=threads)
    if wanted not in WHISPER_SIZES:
        raise unknown_name("Whisper model", wanted, WHISPER_SIZES)
    try:
        from faster_whisper import download_model
    except ImportError as error:
        raise MissingExtraError("faster-whisper", "speech") from error
    try:
        folder = download_model(wanted, local_files_only=True)
    except Exception as error:  # the hub's client raises errors of several unrelated kinds
        raise BundleError(
            f"The Whisper model {wanted!r} is not on this computer, and nothing is downloaded unasked. "
            f"Download it once with: hf download {WHISPER_SIZES[wanted]}. Or give a folder: "
            "--bundle whisper:FOLDER"
        ) from error
    return WhisperEngine(Path(folder), name=f"{_PREFIX}{wanted}", threads=threads)
