"""Bundles and a file to captions, as they are ready; memory does not grow with the file's length."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from zimu.bundles.manifest import Bundle, find_bundle
from zimu.captions.engine import CaptionEngine, frames_of, samples_of
from zimu.captions.sounds import SoundTagger
from zimu.clips.windows import Windows, iter_clips
from zimu.errors import BundleError, ConfigError, MediaError, unknown_name
from zimu.media.guard import GuardedStream, iter_media_guarded
from zimu.media.probe import Probe
from zimu.media.requests import WATCH, FrameRequest, SampleRequest
from zimu.streams import Caption, Clip, Frame, Samples

if TYPE_CHECKING:
    from zimu.captions.speech_engine import SpeechEngine
    from zimu.captions.speech_listener import SpeechListener
    from zimu.clips.speech import Speech

__all__ = ["DEFAULT", "SPARSE_HZ", "Captioner", "load", "unread"]

# What runs where nothing is asked for: what is seen and what is heard.
DEFAULT = ("describe", "sounds")

# Up to so many pictures a second it does not matter that a picture is some hundredths of a second older.
SPARSE_HZ = 4

# Stretches of sound that may wait to be heard; with more the reader waits, so that memory stays bounded.
_UNHEARD = 64

_BATCH = 8
_STILL_S = Fraction(5)


def load(bundle: str | Path | Sequence[str | Path] | None = None, *, threads: int = 0) -> Captioner:
    """Return a captioner whose bundles are read.

    Args:
        bundle: A path or a shipped bundle's name, or several of them; None takes `DEFAULT`. One of them may
            be a Whisper, `whisper:small` or a folder of one, see `find_whisper`.
        threads: Threads of ONNX Runtime; 0 takes half the cores, at most 4: the decoder needs the rest.

    Raises:
        UnknownNameError: Neither a path nor a shipped name.
        BundleError: A bundle is damaged, or two of them write captions of scenes.
    """
    captioner = unread(bundle, threads=threads)
    captioner.read()
    return captioner


def unread(bundle: str | Path | Sequence[str | Path] | None = None, *, threads: int = 0) -> Captioner:
    """Return what `load` returns before its graphs are read; see `Captioner.read`."""
    if bundle is None:
        return Captioner([find_bundle(name) for name in DEFAULT], threads=threads)
    # Here and below, since most runs have nothing to do with speech and each module takes its time to load.
    from zimu.captions.speech_engine import find_whisper, is_whisper

    names = (bundle,) if isinstance(bundle, str | Path) else tuple(bundle)
    said = [name for name in names if is_whisper(name)]
    if len(said) > 1:
        raise BundleError(f"One Whisper can run at a time, found: {', '.join(map(str, said))}.")
    bundles = [find_bundle(name) for name in names if name not in said]
    return Captioner(
        bundles, threads=threads, speaking=find_whisper(said[0], threads=threads) if said else None
    )


class Captioner:
    """Captions files with what is seen, heard and said, in one pass.

    The graphs of its bundles are read by `read` or with the first file; a damaged one is refused then.

    Args:
        bundles: At most one of each task: "caption", "tag", "segment".
        threads: Threads of ONNX Runtime, see `load`.
        speaking: Tells what is said; None tells nothing.

    Raises:
        BundleError: Two bundles of one task.
    """

    def __init__(
        self, bundles: Sequence[Bundle], *, threads: int = 0, speaking: SpeechEngine | None = None
    ) -> None:
        tasks = [b.manifest.task for b in bundles]
        if not (bundles or speaking) or len(set(tasks)) != len(tasks):
            raise BundleError(
                f"At most one bundle a task can run together, found: "
                f"{', '.join(f'{b.name} ({b.manifest.task})' for b in bundles) or 'none'}."
            )
        self.bundles = tuple(bundles)
        by_task = dict(zip(tasks, bundles, strict=True))
        self._manifests = {task: bundle.manifest for task, bundle in by_task.items()}
        self._segment_bundle = by_task.get("segment")
        self._speaking, self._threads = speaking, threads
        self._engine: Future[CaptionEngine] | None = None
        self._make_tagger: Future[Callable[[], SoundTagger]] | None = None

    def read(self) -> None:
        """Read the graphs of the bundles now; else the first file does it, while it is being decoded.

        Raises:
            BundleError: A bundle is damaged.
        """
        self._start_reading()
        for graphs in (self._engine, self._make_tagger):
            if graphs is not None:
                graphs.result()

    def _start_reading(self) -> None:
        """Read the graphs side by side: a third of a short run is ONNX Runtime reading them."""
        if self._engine is not None or self._make_tagger is not None:
            return
        pool = ThreadPoolExecutor(2)
        for bundle in self.bundles:
            if bundle.manifest.task == "caption":
                self._engine = pool.submit(CaptionEngine, bundle, self._threads)
            elif bundle.manifest.task == "tag":
                self._make_tagger = pool.submit(SoundTagger.maker, bundle, threads=self._threads)
        pool.shutdown(wait=False)

    @property
    def name(self) -> str:
        """The bundles' names, joined by a plus sign."""
        names = [b.name for b in self.bundles] + ([self._speaking.name] if self._speaking else [])
        return "+".join(names)

    @property
    def frames(self) -> FrameRequest | None:
        """The frames that are looked at."""
        describer = self._manifests.get("caption")
        return frames_of(describer) if describer else None

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that every bundle has; what is said is told in its own."""
        common = [set(b.manifest.languages) for b in self.bundles] or [{"en", "zh"}]
        return tuple(sorted(set.intersection(*common)))

    def caption(
        self,
        path: str | Path,
        *,
        language: str = "zh",
        keyframes: bool = False,
        every_frame: bool = False,
    ) -> list[Caption]:
        """Return the captions of a file in one language, in order of time.

        Args:
            path: A video, a sound file or a picture.
            language: "zh" or "en".
            keyframes: Decode keyframes only: quicker, and blind between them.
            every_frame: Decode also the frames that no other frame needs, see `iter_captions`.

        Raises:
            MediaError: The file cannot be read, or holds nothing that the bundle can use.
            UnknownNameError: The bundle does not have the language.
        """
        return sorted(
            self.iter_captions(path, languages=[language], keyframes=keyframes, every_frame=every_frame),
            key=lambda caption: (caption.start_ms, caption.kind),
        )

    def iter_captions(
        self,
        path: str | Path,
        *,
        languages: Sequence[str],
        keyframes: bool = False,
        every_frame: bool = False,
        watch_probe: Callable[[Probe], None] = lambda probe: None,
        watch_clips: Callable[[Sequence[Clip]], None] = lambda clips: None,
        watch_speech: Callable[[Speech], None] | None = None,
        progress: Callable[[float, float | None], None] = lambda done_s, total_s: None,
    ) -> Iterator[Caption]:
        """Yield captions in several languages as they are ready; sounds and speech come after the scenes.

        What is said is told in the language in which it is said, whether that is asked for or not.

        Args:
            path: A video, a sound file or a picture.
            languages: Those wanted.
            keyframes: Decode keyframes only.
            every_frame: Decode also the frames that no other frame needs. Without them a picture may be some
                hundredths of a second older than the moment it stands for, and a cut that falls on such a
                frame is found that much later; the decoder has up to 40 % less to do. A bundle that looks at
                more than `SPARSE_HZ` pictures a second always gets every frame.
            watch_probe: Is shown what the file holds, before the first caption.
            watch_clips: Is shown the clips as they are captioned, for previews.
            watch_speech: Is told where somebody speaks, when the file has been heard to its end. Without it
                nobody listens for speech, unless a bundle or a recogniser of speech was given.
            progress: Is told how many seconds of how many are done.

        Raises:
            MediaError: The file cannot be read, or holds nothing that the bundle can use.
            UnknownNameError: The bundle does not have a language.
        """
        for language in languages:
            if language not in self.languages:
                raise unknown_name(f"language of {self.name}:", language, self.languages)
        if not languages:
            raise ConfigError("No language is asked for. Name one, for instance zh.")
        stream = self._open(Path(path), keyframes, every_frame)
        self._start_reading()  # when the decoder has its order: both work side by side
        watches = (watch_probe, watch_clips, watch_speech, progress)
        return self._run(Path(path), stream, tuple(languages), keyframes, *watches)

    def _run(
        self,
        path: Path,
        stream: GuardedStream,
        languages: tuple[str, ...],
        keyframes: bool,
        watch_probe: Callable[[Probe], None],
        watch_clips: Callable[[Sequence[Clip]], None],
        watch_speech: Callable[[Speech], None] | None,
        progress: Callable[[float, float | None], None],
    ) -> Iterator[Caption]:
        listener = self._make_listener(watch_speech is not None)
        with stream, ThreadPoolExecutor(1) as beside:
            probe = stream.probe
            self._check(path, probe)
            watch_probe(probe)
            tagger = self._make_tagger.result()() if self._make_tagger is not None else None
            ears = _Ears([e for e in (tagger, listener) if e is not None], beside)
            items = ears.listen(_told(stream, probe, progress))
            if self._engine is None:
                for _ in items:
                    pass
            else:
                clips = _still(items) if probe.is_still else self._clips(items)
                if keyframes:
                    clips = _hold(clips)
                for batch in _batches(clip for clip in clips if self._can_use(clip)):
                    watch_clips(batch)
                    found = self._engine.result().caption(batch, languages)
                    yield from (c for row in zip(*found.values(), strict=True) for c in row)
            ears.wait()
        if tagger is not None:
            for language in languages:
                yield from tagger.captions(language)
        if listener is not None:
            if watch_speech is not None:
                watch_speech(listener.speech())
            yield from listener.captions()

    def _make_listener(self, is_watched: bool) -> SpeechListener | None:
        """Return what finds speech in the sound that is decoded anyway, or None where none is at its rate."""
        if not (is_watched or self._speaking or self._segment_bundle):
            return None
        from zimu.captions.speech import speech_finder
        from zimu.captions.speech_listener import LONGEST_S, SpeechListener
        from zimu.clips.speech import RATE_HZ, SpeechSettings

        if self._samples() != SampleRequest(RATE_HZ):
            if self._speaking is not None:
                raise BundleError(
                    f"{self.name}: what is said needs sound at {RATE_HZ} Hz, another bundle wants another "
                    "rate. Run them one after the other."
                )
            return None
        finder = speech_finder(self._segment_bundle, SpeechSettings(longest_s=LONGEST_S))
        return SpeechListener(finder, self._speaking)

    def _samples(self) -> SampleRequest | None:
        """Return the sound that is decoded."""
        describer, tagger = self._manifests.get("caption"), self._manifests.get("tag")
        samples = samples_of(describer) if describer else None
        spec = tagger.contract.audio if tagger else None
        if samples is None and spec is not None:
            return SampleRequest(spec.rate_hz)
        if samples is None and (self._speaking is not None or self._segment_bundle is not None):
            from zimu.clips.speech import RATE_HZ

            return SampleRequest(RATE_HZ)
        return samples

    def _open(self, path: Path, keyframes: bool, every_frame: bool) -> GuardedStream:
        frames = self.frames
        shots = frames is not None and self._manifests["caption"].window.shots
        is_sparse = frames is not None and frames.rate_hz is not None and frames.rate_hz <= SPARSE_HZ
        return iter_media_guarded(
            path,
            frames=frames,
            samples=self._samples(),
            watch=WATCH if shots else None,
            keyframes=keyframes,
            approximate=is_sparse and not every_frame,
        )

    def _clips(self, items: Iterator[Frame | Samples]) -> Iterator[Clip]:
        manifest = self._manifests["caption"]
        window, video = manifest.window, manifest.contract.video
        windows = Windows(
            window_s=None if window.shots else window.seconds,
            max_s=window.seconds,
            min_s=min(1.0, window.seconds),
            max_frames=video.max_frames if video else 0,
            keep_samples="audio" in manifest.streams,
        )
        return iter_clips(items, windows)

    def _can_use(self, clip: Clip) -> bool:
        """Whether there is anything in a clip to be captioned; of nothing a model would only dream."""
        streams = self._manifests["caption"].streams
        hears = "audio" in streams and clip.samples is not None
        return hears or ("video" in streams and bool(clip.frames))

    def _check(self, path: Path, probe: Probe) -> None:
        """Refuse a file that lacks everything that the bundles could use."""
        wanted = {s for b in self.bundles for s in b.manifest.streams} | (
            {"audio"} if self._speaking else set()
        )
        found = {n for n, info in (("video", probe.video), ("audio", probe.audio)) if info is not None}
        if not wanted & found:
            raise MediaError(
                f"{path} has no {' or '.join(sorted(wanted))} stream "
                f"(found: {', '.join(sorted(found)) or 'none'}), "
                f"and {self.name} needs one. Choose another bundle with --bundle."
            )


class _Ears:
    """Hears the sound of a file in a thread of its own while pictures are captioned."""

    def __init__(self, ears: Sequence[SoundTagger | SpeechListener], beside: Executor) -> None:
        self._ears, self._beside = ears, beside
        self._unheard: deque[Future[None]] = deque()

    def listen(self, stream: Iterator[Frame | Samples]) -> Iterator[Frame | Samples]:
        """Pass everything on; what is heard is complete after `wait`."""
        for item in stream:
            if isinstance(item, Samples):
                self._unheard.extend(self._beside.submit(ear.feed, item) for ear in self._ears)
                while self._unheard and (self._unheard[0].done() or len(self._unheard) > _UNHEARD):
                    self._unheard.popleft().result()
            yield item

    def wait(self) -> None:
        """Wait until all that was passed on is heard."""
        for heard in self._unheard:
            heard.result()


def _told(
    stream: Iterator[Frame | Samples], probe: Probe, progress: Callable[[float, float | None], None]
) -> Iterator[Frame | Samples]:
    """Pass everything on and tell how far it is."""
    total = float(probe.duration) if probe.duration else None
    for item in stream:
        if isinstance(item, Samples):
            progress(float(item.start) + len(item.values) / item.rate_hz, total)
        else:
            progress(float(item.time), total)
        yield item


def _still(items: Iterator[Frame | Samples]) -> Iterator[Clip]:
    """Yield the one clip of a picture; it is shown for five seconds."""
    from zimu.timing import Span

    frames = [item for item in items if isinstance(item, Frame)]
    if frames:
        yield Clip(Span(Fraction(0), _STILL_S), [replace(frames[0], time=Fraction(0))])


def _hold(clips: Iterator[Clip]) -> Iterator[Clip]:
    """Give clips between two keyframes the last one: nothing newer is known of what is on the screen."""
    last: Frame | None = None
    for clip in clips:
        if clip.frames:
            last = clip.frames[-1]
            yield clip
        else:
            frames = () if last is None else (replace(last, time=clip.span.start),)
            yield replace(clip, frames=frames)


def _batches(clips: Iterator[Clip]) -> Iterator[list[Clip]]:
    batch: list[Clip] = []
    for clip in clips:
        batch.append(clip)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
