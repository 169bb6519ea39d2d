"""A sample's arrays: read once, kept in a feature store, changed a little each time they are trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zimu.data.manifest import Sample
from zimu.data.noise import add_noise, spoken_span
from zimu.features.frames import frames_stream
from zimu.features.sound import sound_stream
from zimu.features.spec import VideoSpec
from zimu.features.store import FeatureStore
from zimu.streams import Frame, Samples, Stream
from zimu.timing import to_seconds
from zimu.training.augment import draw_holes, move_pictures, play_frames, play_sound, within
from zimu.training.extraction import contract_of, extract_samples, view_key
from zimu.training.recipes import FramesRecipe, Recipe, RegionsRecipe, StridedRecipe

__all__ = ["SampleSource"]


@dataclass(frozen=True)
class _Changes:
    """What is drawn for all streams of a clip alike: the seconds that are left, the speed."""

    window: tuple[float, float] | None = None
    speed: float = 1.0


class SampleSource:
    """Gives the streams of samples; what is missing in the store is extracted first.

    Args:
        recipe: Says which streams, and how they are augmented.
        samples: By index.
        folder: Of the feature store.
        noise_pool: Samples whose sound makes babble; empty where nothing is augmented.
        jobs: Processes that extract.
        progress: Is told how many of the missing samples are extracted, and how many there are.

    Raises:
        ConfigError: Samples cannot be used.
    """

    def __init__(
        self,
        recipe: Recipe,
        samples: Sequence[Sample],
        folder: Path,
        noise_pool: Sequence[Sample] = (),
        jobs: int = 1,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        self.recipe, self.samples, self.noise_pool = recipe, samples, noise_pool
        self.store = FeatureStore(folder, contract_of(recipe))
        extract_samples(recipe, samples, self.store, all_views=bool(noise_pool), jobs=jobs, progress=progress)

    def arrays(self, index: int, rng: np.random.Generator | None) -> dict[str, Stream]:
        """Return {stream: Stream} of a sample; with a generator, as training sees it."""
        sample, changes = self.samples[index], self._changes(index, rng)
        out = {}
        for name, encoder in self.recipe.model.encoders.items():
            if name == "video" and isinstance(encoder, RegionsRecipe):
                view = 0 if rng is None else int(rng.integers(encoder.views))
                out[name] = self.store.get(view_key(sample.id, view))[name]
            elif name == "video" and isinstance(encoder, FramesRecipe | StridedRecipe):
                out[name] = within(self._frames(sample, encoder, rng, changes), changes.window)
            else:
                out[name] = within(self._sound(sample, rng, changes), changes.window)
        return out

    def _changes(self, index: int, rng: np.random.Generator | None) -> _Changes:
        if rng is None:
            return _Changes()
        augment = self.recipe.training.augment
        window = self._window(self.samples[index], rng)
        speed = float(rng.uniform(1 - augment.speed, 1 + augment.speed)) if augment.speed else 1.0
        return _Changes(window, speed)

    def _window(self, sample: Sample, rng: np.random.Generator) -> tuple[float, float] | None:
        """Return the seconds that are left of a clip: what is said with up to 0.4 s around it, or all."""
        words = sample.extra.get("words")
        if not words or rng.random() >= self.recipe.training.trim:
            return None
        before, after = rng.uniform(0.0, 0.4, 2)
        return float(words[0]["start"]) - before, float(words[-1]["end"]) + after

    def _frames(
        self,
        sample: Sample,
        encoder: FramesRecipe | StridedRecipe,
        rng: np.random.Generator | None,
        changes: _Changes,
    ) -> Stream:
        stored = self.store.get(view_key(sample.id, 0))["video"]
        pictures = stored.values
        if rng is not None and len(pictures):
            pictures = move_pictures(pictures, encoder.shift, rng)
            if encoder.mirror and rng.random() < 0.5:
                pictures = pictures[:, :, ::-1]
        spec = self.recipe.video
        assert spec is not None  # load_recipe has checked it
        if not len(pictures):
            return _no_frames(spec)
        frames = [Frame(to_seconds(float(t)), p) for t, p in zip(stored.times, pictures, strict=True)]
        return play_frames(frames_stream(frames, spec), changes.speed)

    def _sound(self, sample: Sample, rng: np.random.Generator | None, changes: _Changes) -> Stream:
        spec = self.recipe.audio
        assert spec is not None  # load_recipe has checked it
        values = self.waveform(sample)
        if rng is None or not len(values):
            return sound_stream(Samples(Fraction(0), spec.rate_hz, values), spec)
        noise, augment = self.recipe.training.noise, self.recipe.training.augment
        if rng.random() < noise.share:
            kind = noise.kinds[int(rng.integers(len(noise.kinds)))]
            ratio = float(rng.uniform(noise.low_db, noise.high_db))
            values = self.noisy(sample, values, kind, ratio, rng)
        if augment.gain_db:
            values = values * np.float32(10 ** (rng.uniform(-augment.gain_db, augment.gain_db) / 20))
        played = play_sound(values, changes.speed)
        stream = sound_stream(Samples(Fraction(0), spec.rate_hz, played), spec)
        steps = stream.values
        if augment.holes and spec.kind == "log_mel":
            steps = draw_holes(
                steps, (augment.holes, augment.hole_bands), (augment.holes, augment.hole_steps), rng
            )
        return Stream(steps, stream.keep, stream.times * changes.speed)

    def waveform(self, sample: Sample) -> npt.NDArray[np.float32]:
        """Return a sample's sound float32 [n], empty where it has none."""
        return self.store.get(view_key(sample.id, 0))["audio"].values[:, 0].astype(np.float32)

    def noisy(
        self,
        sample: Sample,
        values: npt.NDArray[np.float32],
        kind: str,
        ratio_db: float,
        rng: np.random.Generator,
    ) -> npt.NDArray[np.float32]:
        """Return a sample's sound with noise at a ratio measured over its spoken part."""
        others = []
        if kind == "babble":
            pool = [s for s in self.noise_pool if s.id != sample.id]
            others = [self.waveform(pool[int(i)]) for i in rng.choice(len(pool), 6, replace=False)]
        assert self.recipe.audio is not None
        words = sample.extra.get("words")
        span = spoken_span(words, self.recipe.audio.rate_hz) if words else None
        return add_noise(values, kind=kind, snr_db=ratio_db, seed=rng, others=others, span=span)


def _no_frames(spec: VideoSpec) -> Stream:
    channels = 1 if spec.colour == "gray" else 3
    values = np.zeros((0, channels, spec.height, spec.width), np.float32)
    return Stream(values, np.zeros(0, np.bool_), np.zeros(0))
