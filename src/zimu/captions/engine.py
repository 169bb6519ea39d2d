"""One caption bundle at work: clips in, captions out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from zimu.bundles.manifest import Bundle, BundleManifest
from zimu.bundles.session import Graph, OnnxStepper
from zimu.errors import BundleError, unknown_name
from zimu.features.frames import frames_stream, spread
from zimu.features.sound import sound_stream
from zimu.features.spec import AudioSpec, VideoSpec
from zimu.media.requests import FrameRequest, SampleRequest
from zimu.search.beam import Hypothesis, SearchOptions, search
from zimu.search.stepper import State
from zimu.streams import Caption, Clip, Samples, Stream, StreamBatch, pad_streams
from zimu.text.subwords import word_starts, words_of
from zimu.timing import Span, to_ms

__all__ = ["CaptionEngine", "frames_of", "samples_of"]

# Pictures that a frozen encoder takes at once: eight take 160 MB more than two and are no quicker.
_PICTURES = 2


def frames_of(manifest: BundleManifest) -> FrameRequest | None:
    """Return the frames that a bundle's contract asks for."""
    spec = manifest.contract.video
    if "video" not in manifest.streams or spec is None:
        return None
    return FrameRequest(spec.rate_hz, spec.width, spec.height, spec.resize, spec.box, spec.colour)


def samples_of(manifest: BundleManifest) -> SampleRequest | None:
    """Return the sound that a bundle's contract asks for."""
    spec = manifest.contract.audio
    return SampleRequest(spec.rate_hz) if "audio" in manifest.streams and spec is not None else None


class CaptionEngine:
    """Runs a bundle of task "caption".

    Args:
        bundle: The bundle.
        threads: Threads of ONNX Runtime; 0 takes half the cores, at most 4: the decoder needs the rest.

    Raises:
        BundleError: The bundle is of another task, or its graphs and contract do not fit each other.
    """

    def __init__(self, bundle: Bundle, threads: int = 0) -> None:
        manifest = bundle.manifest
        if manifest.task != "caption":
            raise BundleError(
                f"{bundle.path} is a bundle of task {manifest.task!r}; a caption bundle is needed."
            )
        self.bundle, self.manifest = bundle, manifest
        self.vocabulary = bundle.vocabulary()
        self.options = SearchOptions(**manifest.search.model_dump())
        self._stepper = OnnxStepper(bundle, threads)
        frozen = "video" in manifest.contract.encoders
        self._backbone = Graph(bundle, "video", threads) if frozen else None
        # What the clips of the last call showed, when one of them did, and its captions.
        self._known: dict[object, tuple[Span, dict[str, Caption]]] = {}
        for name in manifest.streams:
            if getattr(manifest.contract, name, None) is None:
                raise BundleError(f"{bundle.path}: the contract says nothing of its stream {name!r}.")

    def caption(self, clips: Sequence[Clip], languages: Sequence[str]) -> dict[str, list[Caption]]:
        """Return {language: the best caption of each clip}.

        Args:
            clips: Of one file or of several.
            languages: Those of the bundle that are wanted.

        Raises:
            UnknownNameError: The bundle does not have a language.
        """
        for language in languages:
            if language not in self.manifest.languages:
                raise unknown_name(
                    f"language of bundle {self.bundle.name!r}:", language, self.manifest.languages
                )
        if not clips:
            return {k: [] for k in languages}
        keys = [self._looked_at(clip) for clip in clips]
        missing = {
            key: clip
            for key, clip in zip(keys, clips, strict=True)
            if key not in self._known or not self._known[key][1].keys() >= set(languages)
        }
        found = self._search(list(missing.values()), languages)
        new = {
            key: (clip.span, captions) for (key, clip), captions in zip(missing.items(), found, strict=True)
        }
        self._known = {key: new.get(key) or self._known[key] for key in keys}
        return {
            language: [
                _moved(self._known[key][1][language], self._known[key][0], clip.span)
                for key, clip in zip(keys, clips, strict=True)
            ]
            for language in languages
        }

    def _looked_at(self, clip: Clip) -> object:
        """Return what makes a clip's caption; a slide that stays for minutes is captioned once.

        Bundles that listen look at every clip.
        """
        spec = self.manifest.contract.video
        if "audio" in self.manifest.streams or spec is None:
            return object()
        shown = [clip.frames[i] for i in spread(len(clip.frames), spec.max_frames)]
        return tuple((f.time - clip.span.start, f.picture.tobytes()) for f in shown)

    def _search(self, clips: Sequence[Clip], languages: Sequence[str]) -> list[dict[str, Caption]]:
        """Return {language: caption} of each clip."""
        if not clips:
            return []
        batch = {n: pad_streams(self._streams(n, clips)) for n in self.manifest.streams}
        state = self._stepper.start(batch)
        # One search over all languages: the more rows a step has, the less each of them costs.
        rows, count = np.tile(np.arange(len(clips)), len(languages)), len(clips)
        starts = np.repeat(np.array([self.vocabulary.start(k) for k in languages]), count)
        started = _Started(self._stepper, state.of_clips(rows, 1))
        found = search(started, batch, starts, self.options, best=1)
        return [
            {
                language: self._caption(clip, found[k * count + i][0], language, state, batch, i)
                for k, language in enumerate(languages)
            }
            for i, clip in enumerate(clips)
        ]

    def _streams(self, name: str, clips: Sequence[Clip]) -> list[Stream]:
        contract = self.manifest.contract
        if name == "audio":
            assert contract.audio is not None  # checked when the bundle was opened
            return [_sound(clip, contract.audio) for clip in clips]
        spec = contract.video
        assert spec is not None  # checked when the bundle was opened
        streams = [
            frames_stream(clip.frames, spec, start=clip.span.start) if clip.frames else _no_frames(spec)
            for clip in clips
        ]
        return streams if self._backbone is None else self._regions(clips, streams, spec, self._backbone)

    def _regions(
        self, clips: Sequence[Clip], streams: Sequence[Stream], spec: VideoSpec, backbone: Graph
    ) -> list[Stream]:
        """Return what a frozen encoder makes of frames; a picture of several clips goes in once."""
        rows = [
            [clip.frames[i].picture.tobytes() for i in spread(len(clip.frames), spec.max_frames)]
            for clip in clips
        ]
        pictures = {
            key: value
            for keys, stream in zip(rows, streams, strict=True)
            for key, value in zip(keys, stream.values, strict=True)
        }
        waiting = list(pictures.values()) or [np.zeros((3, spec.height, spec.width), np.float32)]
        parts = [
            backbone(frames=np.stack(waiting[i : i + _PICTURES]))["regions"]
            for i in range(0, len(waiting), _PICTURES)
        ]
        regions = np.concatenate(parts)
        place = {key: i for i, key in enumerate(pictures)}
        return [
            Stream(regions[np.array([place[key] for key in keys], np.intp)], stream.keep, stream.times)
            for keys, stream in zip(rows, streams, strict=True)
        ]

    def _caption(
        self,
        clip: Clip,
        found: Hypothesis,
        language: str,
        state: State,
        batch: Mapping[str, StreamBatch],
        row: int,
    ) -> Caption:
        words, log_probs, attention = _by_word(self.vocabulary.words(found.tokens), found)
        return Caption(
            start_ms=to_ms(clip.span.start),
            end_ms=to_ms(clip.span.end),
            text=self.vocabulary.decode(found.tokens, language) + self.manifest.endings.get(language, ""),
            language=language,
            kind=self.manifest.kind,
            tokens=words,
            log_probs=log_probs,
            attention=self._attention(clip, attention, state, batch, row),
        )

    def _attention(
        self,
        clip: Clip,
        weights: npt.NDArray[np.float32],
        state: State,
        batch: Mapping[str, StreamBatch],
        row: int,
    ) -> dict[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]]:
        """Divide the attention over the memory among the streams, on the file's clock.

        Where a step of the memory is of several streams at once, it is one entry, "clip".
        """
        times, keep = state.memory["times"][row], state.memory["keep"][row]
        first, out = 0, {}
        if not self.manifest.memory:
            return {"clip": (times[keep].astype(np.float64) + float(clip.span.start), weights[:, keep])}
        for name in sorted(batch):
            last = first + self.manifest.memory[name].steps(batch[name].values.shape[1])
            real = keep[first:last] & bool(batch[name].keep[row].any())
            at = times[first:last][real].astype(np.float64) + float(clip.span.start)
            if len(at):
                out[name] = (at, weights[:, first:last][:, real])
            first = last
        return out


def _by_word(
    tokens: Sequence[str], found: Hypothesis
) -> tuple[tuple[str, ...], tuple[float, ...], npt.NDArray[np.float32]]:
    """Return words instead of pieces: as likely as all their pieces, looking where these look on average."""
    starts = word_starts(tokens)
    if len(starts) == len(tokens):
        return tuple(tokens), found.log_probs, found.attention
    sizes = np.diff([*starts, len(tokens)])
    log_probs = np.add.reduceat(np.array(found.log_probs), starts)
    looked = np.add.reduceat(found.attention, starts) / sizes[:, None]
    return tuple(words_of(tokens)), tuple(log_probs.tolist()), looked.astype(np.float32)


def _moved(caption: Caption, since: Span, to: Span) -> Caption:
    """Return the caption of a clip for another one that shows the same."""
    if since == to:
        return caption
    later = float(to.start - since.start)
    return replace(
        caption,
        start_ms=to_ms(to.start),
        end_ms=to_ms(to.end),
        attention={name: (times + later, weights) for name, (times, weights) in caption.attention.items()},
    )


class _Started:
    """A stepper whose clips are encoded already: one encoding serves all languages."""

    def __init__(self, stepper: OnnxStepper, state: State) -> None:
        self.step, self.state = stepper.step, state

    def start(self, streams: Mapping[str, StreamBatch]) -> State:
        return self.state


def _no_frames(spec: VideoSpec) -> Stream:
    shape = (0, 1 if spec.colour == "gray" else 3, spec.height, spec.width)
    return Stream(np.zeros(shape, np.float32), np.zeros(0, np.bool_), np.zeros(0))


def _sound(clip: Clip, spec: AudioSpec) -> Stream:
    samples = clip.samples or Samples(clip.span.start, spec.rate_hz, np.zeros(0, np.float32))
    if not np.any(samples.values):
        # Silence, or no sound at all: the model was trained to do without the stream.
        samples = Samples(samples.start, samples.rate_hz, samples.values[:0])
    return sound_stream(samples, spec, start=clip.span.start)
