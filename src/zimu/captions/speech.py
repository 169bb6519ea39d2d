"""Where somebody speaks in a file, by the bundle of task "segment" that ships."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zimu.bundles.manifest import Bundle, find_bundle
from zimu.bundles.session import Graph
from zimu.clips.speech import CHUNK, RATE_HZ, Speech, SpeechFinder, SpeechSettings
from zimu.errors import BundleError, MediaError
from zimu.media.guard import iter_media_guarded
from zimu.media.requests import SampleRequest
from zimu.streams import Samples

__all__ = ["SpeechScorer", "find_speech", "speech_finder"]

# Samples of the chunk before that the network sees before each chunk, and the width of its state.
_CONTEXT, _STATE = 64, 128
# After a saw, a fire or the sea the network can miss the whole sentence that comes next; begun anew it hears
# it (bench/speech.py). So it begins anew after each second in which nobody spoke.
_SECOND, _NOBODY = 31, 0.2


class SpeechScorer:
    """Silero VAD: chunks of sound to how surely somebody speaks in each, one file from its start on.

    Source: snakers4/silero-vad, `sequence_vad.py`: one call for many chunks, the same numbers as one by one.
    Departs: its state begins anew after each second in which nobody spoke.

    Args:
        bundle: A bundle of task "segment".
        threads: Threads of ONNX Runtime.

    Raises:
        BundleError: The bundle has another task, or its graph cannot be loaded.
    """

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        spec = bundle.manifest.contract.audio
        if bundle.manifest.task != "segment" or spec is None or spec.rate_hz != RATE_HZ:
            raise BundleError(
                f'{bundle.path} is a bundle of task {bundle.manifest.task!r}, not "segment" at {RATE_HZ} Hz. '
                "Use the shipped bundle `speech`."
            )
        self._graph = Graph(bundle, "segment", threads)
        self._before = np.zeros(_CONTEXT, np.float32)
        # Chunks of the second that is being heard, and the highest score in it.
        self._heard, self._surest = 0, 0.0
        self._begin()

    def __call__(self, chunks: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the scores [S] of chunks [S, CHUNK] that follow those of the last call."""
        scores = np.empty(len(chunks), np.float32)
        first = 0
        while first < len(chunks):
            last = min(len(chunks), first + _SECOND - self._heard)
            scores[first:last] = self._score(chunks[first:last])
            self._heard += last - first
            self._surest = max(self._surest, float(scores[first:last].max()))
            if self._heard == _SECOND:
                if self._surest < _NOBODY:
                    self._begin()
                self._heard, self._surest = 0, 0.0
            first = last
        return scores

    def _begin(self) -> None:
        self._h = np.zeros((1, 1, _STATE), np.float32)
        self._c = np.zeros((1, 1, _STATE), np.float32)

    def _score(self, chunks: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        before = np.concatenate((self._before[None], chunks[:-1, CHUNK - _CONTEXT :]))
        self._before = chunks[-1, CHUNK - _CONTEXT :].copy()
        found = self._graph(input=np.concatenate((before, chunks), axis=1), h=self._h, c=self._c)
        self._h, self._c = found["hn"], found["cn"]
        scores: npt.NDArray[np.float32] = found["speech_probs"]
        return scores


def speech_finder(bundle: Bundle | None = None, settings: SpeechSettings | None = None) -> SpeechFinder:
    """Return a finder for one file.

    Args:
        bundle: A bundle of task "segment"; None takes the shipped one.
        settings: See `SpeechSettings`.
    """
    return SpeechFinder(SpeechScorer(bundle or find_bundle("speech")), settings)


def find_speech(
    path: str | Path,
    *,
    settings: SpeechSettings | None = None,
    progress: Callable[[float, float | None], None] = lambda done_s, total_s: None,
) -> Speech:
    """Return where somebody speaks in a file; only its sound is decoded.

    Args:
        path: A video or a sound file.
        settings: See `SpeechSettings`.
        progress: Is told how many seconds of how many are done.

    Raises:
        MediaError: The file cannot be read or has no sound.
    """
    finder = speech_finder(settings=settings)
    with iter_media_guarded(path, frames=None, samples=SampleRequest(RATE_HZ)) as stream:
        if stream.probe.audio is None:
            raise MediaError(f"{path} has no sound, so nobody can say where somebody speaks in it.")
        total = float(stream.probe.duration) if stream.probe.duration else None
        for item in stream:
            if isinstance(item, Samples):
                finder.feed(item)
                progress(float(item.start) + len(item.values) / item.rate_hz, total)
    return finder.speech()
