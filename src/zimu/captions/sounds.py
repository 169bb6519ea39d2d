"""What is heard, as captions: [dog barking], 【狗叫声】; for viewers who do not hear it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from zimu.bundles.manifest import Bundle
from zimu.bundles.session import Graph
from zimu.captions.sound_events import EventFinder, SoundEvent, SoundSettings, choose_events
from zimu.captions.sound_head import read_head
from zimu.captions.wording import Wording, read_wording
from zimu.errors import BundleError, ConfigError, unknown_name
from zimu.features.sound import sound_stream
from zimu.features.spec import AudioSpec
from zimu.streams import Caption, Samples
from zimu.timing import to_ms

__all__ = ["BRACKETS", "Scorer", "SoundTagger"]

# Square brackets are the convention of English captions for the hard of hearing, lenticular ones of Chinese.
BRACKETS = {"en": ("[", "]"), "zh": ("【", "】")}

# Patches given to the classifier at once; sixteen take 15 MB more and a sixth longer, since what a layer
# hands to the next no longer fits the processor's own memory.
_BATCH = 8

Scorer = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]


class SoundTagger:
    """Takes a file's sound piece by piece and says which sounds are heard when.

    Memory is bounded by the batch; of the past only the sounds found are kept. One tagger hears one file.

    Args:
        score: Patches float32 [P, patch, bands] to scores of the classes float32 [P, C].
        wording: Which classes are told, and how.
        spec: The contract's part for sound, of kind "patches".
        settings: See `SoundSettings`.
    """

    def __init__(
        self, score: Scorer, wording: Wording, spec: AudioSpec, settings: SoundSettings | None = None
    ) -> None:
        if spec.kind != "patches":
            raise ConfigError(f"A sound tagger takes patches, the contract says {spec.kind!r}.")
        self.spec, self.wording = spec, wording
        self.settings = settings or SoundSettings()
        self._score = score
        self._shortest = (spec.patch - 1) * spec.hop + spec.window
        self._stride = spec.patch_hop * spec.hop
        self._finder = EventFinder(wording, self.settings, self._stride / spec.rate_hz)
        self._pending = np.zeros(0, np.float32)
        self._start = Fraction(0)
        self._covered = Fraction(0)
        self._found: list[SoundEvent] | None = None

    @classmethod
    def from_bundle(
        cls, bundle: Bundle, settings: SoundSettings | None = None, *, threads: int = 1
    ) -> SoundTagger:
        """Return a tagger for one file.

        Args:
            bundle: A bundle of task "tag".
            settings: See `SoundSettings`.
            threads: Threads of ONNX Runtime.

        Raises:
            BundleError: The bundle has another task, or its table does not fit its graph.
        """
        return cls.maker(bundle, settings, threads=threads)()

    @classmethod
    def maker(
        cls, bundle: Bundle, settings: SoundSettings | None = None, *, threads: int = 1
    ) -> Callable[[], SoundTagger]:
        """Return a function that gives a tagger for each of many files; the graph is loaded once.

        Args:
            bundle: A bundle of task "tag".
            settings: See `SoundSettings`.
            threads: Threads of ONNX Runtime.

        Raises:
            BundleError: The bundle has another task, or its table does not fit its graph.
        """
        spec = bundle.manifest.contract.audio
        if bundle.manifest.task != "tag" or spec is None:
            raise BundleError(
                f'{bundle.path} is a bundle of task {bundle.manifest.task!r}, not "tag". '
                "Use a bundle that names sounds, for instance `sounds`."
            )
        wording = read_wording(bundle.file("wording"), f"{bundle.path}: wording")
        graph = Graph(bundle, "tag", threads)
        where = f"{bundle.path}: head"
        head = read_head(bundle.file("head"), wording, where) if "head" in bundle.manifest.files else None

        def score(patches: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            found = graph(patches=patches)
            scores: npt.NDArray[np.float32] = found["scores"]
            if scores.shape[1] != len(wording.class_names):
                raise BundleError(
                    f"{bundle.path}: the graph scores {scores.shape[1]} classes, wording.csv has "
                    f"{len(wording.class_names)} rows."
                )
            return scores if head is None else head.rescore(scores, found["features"], wording)

        return lambda: cls(score, wording, spec, settings)

    def feed(self, samples: Samples) -> None:
        """Take the next stretch of the file's sound.

        A hole between two stretches ends the patches before it; what overlaps the past is left out.

        Raises:
            ConfigError: The rate is not the contract's, or the file was finished.
        """
        if self._found is not None:
            raise ConfigError("This sound tagger has finished its file. Make a new one for the next.")
        if samples.rate_hz != self.spec.rate_hz:
            raise ConfigError(
                f"The sound has {samples.rate_hz} samples a second, the contract wants {self.spec.rate_hz}."
            )
        values = np.asarray(samples.values, np.float32)
        expected = self._start + Fraction(len(self._pending), self.spec.rate_hz)
        ahead = round((samples.start - expected) * self.spec.rate_hz)
        if len(self._pending) == 0 or ahead > self.spec.hop:
            self._flush()
            self._pending, self._start = values, samples.start
        else:
            self._pending = np.concatenate((self._pending, values[max(0, -ahead) :]))
        while len(self._pending) >= self._shortest + (_BATCH - 1) * self._stride:
            self._run(_BATCH)

    def events(self) -> list[SoundEvent]:
        """Return the sounds that are told, each from its beginning to its end; ends the file."""
        if self._found is None:
            self._flush()
            self._found = choose_events(self._finder.finish(), self.wording, self.settings)
        return self._found

    def captions(self, language: str) -> list[Caption]:
        """Return the file's captions of kind "sound" in order of time; ends the file.

        A caption's confidence is the highest score of the sound while it lasts, its one token the sound's
        words, and its attention {"audio": (times, weights [1, S])} the score of the sound at each moment.

        Args:
            language: "en" or "zh".

        Raises:
            UnknownNameError: No wording in this language.
        """
        if language not in BRACKETS:
            raise unknown_name("language of sound captions", language, BRACKETS)
        return [self._caption(event, language) for event in self.events()]

    def _caption(self, event: SoundEvent, language: str) -> Caption:
        words = self.wording.sounds[event.sound].texts[language]
        before, after = BRACKETS[language]
        longest = self.settings.longest_s
        end_s = event.end_s if longest is None else min(event.end_s, event.start_s + longest)
        return Caption(
            start_ms=to_ms(Fraction(event.start_s)),
            end_ms=to_ms(Fraction(end_s)),
            text=f"{before}{words}{after}",
            language=language,
            kind="sound",
            tokens=(words,),
            log_probs=(float(np.log(max(event.peak, 1e-6))),),
            attention={"audio": (event.times, event.scores[None])},
        )

    def _run(self, patches: int) -> None:
        """Score the first patches of what is pending, and let go of what no later patch needs."""
        length = self._shortest + (patches - 1) * self._stride
        self._score_stretch(self._pending[:length], self._start)
        step = patches * self._stride
        self._pending = self._pending[step:].copy()
        self._start += Fraction(step, self.spec.rate_hz)

    def _flush(self) -> None:
        """Score what is pending to its end."""
        whole = (len(self._pending) - self._shortest) // self._stride + 1
        if whole > 0:
            self._run(whole)
        end = self._start + Fraction(len(self._pending), self.spec.rate_hz)
        if end > self._covered:
            # Shorter than a patch: it is padded with silence at its end.
            self._score_stretch(self._pending, self._start)
        self._pending = np.zeros(0, np.float32)

    def _score_stretch(self, values: npt.NDArray[np.float32], start: Fraction) -> None:
        stream = sound_stream(Samples(start, self.spec.rate_hz, values), self.spec, start=0)
        self._finder.feed(stream.times, self._score(stream.values))
        self._covered = start + Fraction(len(values), self.spec.rate_hz)
