"""Captioned clips as arrays: each stream once through the frozen encoder of a finished training run.

So every way of fusing reads the same, and a run takes a minute instead of an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from zimu.data.manifest import Sample, read_manifest
from zimu.data.noise import add_noise, noise_seed, spoken_span
from zimu.errors import ConfigError
from zimu.features.sound import sound_stream
from zimu.model.captioner import CaptionModel
from zimu.streams import Samples, Stream, StreamBatch, pad_streams
from zimu.tasks import PredictData, PredictParts, SpokenWords
from zimu.text.vocabulary import PAD, Vocabulary
from zimu.training.batches import word_times
from zimu.training.building import build_model
from zimu.training.checkpoint import RunFolder, load_recipe_of, load_weights
from zimu.training.recipes import Recipe
from zimu.training.source import SampleSource
from zimu.training.stepper import to_steps

__all__ = ["read_encoded"]

# Clips encoded at once.
_BATCH = 20


def read_encoded(
    run: str,
    *,
    manifest: str = "",
    test_manifest: str = "",
    train: int = 0,
    val: int = 0,
    test: int = 0,
    variants: int = 1,
    languages: Sequence[str] = (),
    snr_db: Sequence[float] = (),
    noise_share: float | None = None,
    seed: int = 0,
) -> PredictParts:
    """Return the encoded streams float16 [T, D] of clips, with their captions as tokens
    and, where the manifest has them, the times of their words.

    Training clips are changed as the run's recipe says (moved, trimmed, noise mixed in), and so are
    validation clips where `snr_db` asks for noise. The test part has, beside its streams, "audio noise 0 dB"
    and so on.

    Args:
        run: Folder of a finished `zimu train`.
        manifest: Where the run's own is not the place.
        test_manifest: Where the test clips lie in another manifest.
        train: Clips of the training part, spread over the manifest; 0: all.
        val: Of the validation part.
        test: Of the test part.
        variants: How often each training clip comes, changed in another way each time.
        languages: Of the captions; none: those of the run.
        snr_db: Ratios at which white noise is mixed into the sound of the test clips; each clip's noise is
            that of `zimu evaluate`.
        noise_share: Share of the training clips whose sound gets noise; None: as in the run.
        seed: Of the changes.

    Raises:
        ConfigError: There is no such run, or clips or captions are missing.
    """
    folder = Path(run)
    if not (folder / "best.pt").is_file():
        raise ConfigError(
            f"There is no finished run in {folder}. Make it with `zimu train`, or name another as data.run."
        )
    recipe, vocabulary = load_recipe_of(folder), RunFolder.read_vocabulary(folder)
    if noise_share is not None:
        recipe = _with_noise(recipe, noise_share)
    model = build_model(recipe, len(vocabulary))
    model.load_state_dict(load_weights(folder / "best.pt"))
    encoder = _Encoder(recipe, model.eval(), folder / "features", vocabulary, tuple(languages))
    own = list(read_manifest(manifest or recipe.data.manifest))
    others = list(read_manifest(test_manifest)) if test_manifest else own
    learnt = _part(own, recipe.data.train, train) * variants
    changes = [np.random.default_rng([seed, i]) for i in range(len(learnt))]
    chosen = _part(own, (recipe.data.val,), val)
    drawn = [np.random.default_rng([seed + 1, i]) for i in range(len(chosen))] if snr_db else None
    return PredictParts(
        encoder.encode(learnt, changes),
        encoder.encode(chosen, drawn),
        encoder.encode(_part(others, ("test",), test), None, snr_db),
    )


def _with_noise(recipe: Recipe, share: float) -> Recipe:
    noise = recipe.training.noise.model_copy(update={"share": share})
    return recipe.model_copy(update={"training": recipe.training.model_copy(update={"noise": noise})})


def _part(samples: Sequence[Sample], splits: Sequence[str], count: int) -> list[Sample]:
    found = [s for s in samples if s.split in splits]
    if len(found) < max(1, count):
        raise ConfigError(
            f"There are {len(found)} samples of split {', '.join(splits)}, not {max(1, count)}."
        )
    # Manifests are often sorted: the first 500 of GRID's 700 sentences hold none that begins with "set".
    return [found[i * len(found) // count] for i in range(count)] if count else found


class _Encoder:
    """The frozen encoders of a run."""

    def __init__(
        self,
        recipe: Recipe,
        model: CaptionModel,
        features: Path,
        vocabulary: Vocabulary,
        languages: tuple[str, ...],
    ) -> None:
        self.recipe, self.model, self.features = recipe, model, features
        self.vocabulary, self.languages = vocabulary, languages or vocabulary.languages

    def encode(
        self,
        samples: Sequence[Sample],
        changes: Sequence[np.random.Generator] | None,
        snr_db: Sequence[float] = (),
    ) -> PredictData:
        """Return samples with their streams encoded; with generators as training sees them."""
        pool = list({s.id: s for s in samples}.values()) if changes is not None else []
        source = SampleSource(self.recipe, samples, self.features, pool)
        rngs = changes if changes is not None else [None] * len(samples)
        parts: dict[str, list[Stream]] = {}
        for first in range(0, len(samples), _BATCH):
            rows = range(first, min(first + _BATCH, len(samples)))
            clips = [source.arrays(i, rngs[i]) for i in rows]
            raw = {n: [c[n] for c in clips] for n in clips[0]}
            for name in self.model.encoders:
                parts.setdefault(name, []).extend(self._through(name, raw[name]))
            for ratio in snr_db:
                noisy = [_under_noise(source, samples[i], ratio) for i in rows]
                parts.setdefault(f"audio noise {ratio:g} dB", []).extend(self._through("audio", noisy))
        ids = [f"{s.id}#{i}" if changes is not None else s.id for i, s in enumerate(samples)]
        streams = {n: pad_streams(found) for n, found in parts.items()}
        return PredictData(
            ids,
            streams,
            self._tokens(samples),
            classes=self.vocabulary.tokens,
            words=_spoken(samples, self.vocabulary),
        )

    @torch.no_grad()
    def _through(self, name: str, streams: Sequence[Stream]) -> list[Stream]:
        batch = pad_streams(streams)
        steps = self.model.encoders[name](to_steps(batch))
        found = StreamBatch(*(t.numpy() for t in steps))
        return [
            Stream(v[:n].astype(np.float16), k[:n], t[:n])
            for v, k, t in zip(*found, strict=True)
            for n in [int(k.sum())]
        ]

    def _tokens(self, samples: Sequence[Sample]) -> npt.NDArray[np.int64]:
        """Return [N, K, R, L]: the captions of each language, from its token to `<end>`."""
        told = [
            [[self.vocabulary.encode(t, k) for t in s.references.get(k, ())] for k in self.languages]
            for s in samples
        ]
        for sample, captions in zip(samples, told, strict=True):
            if not all(captions):
                raise ConfigError(
                    f"Sample {sample.id!r} lacks captions in one of: {', '.join(self.languages)}. "
                    "Set data.languages."
                )
        most = max(len(c) for captions in told for c in captions)
        longest = max(len(t) for captions in told for c in captions for t in c)
        out = np.full((len(samples), len(self.languages), most, longest), PAD, np.int64)
        for i, captions in enumerate(told):
            for k, found in enumerate(captions):
                for r, tokens in enumerate(found):
                    out[i, k, r, : len(tokens)] = tokens
        return out


def _spoken(samples: Sequence[Sample], vocabulary: Vocabulary) -> SpokenWords | None:
    """Return when the words are said, where the manifest knows."""
    said = [s.extra.get("words") or () for s in samples]
    if not any(said):
        return None
    times = word_times(said, vocabulary)
    return SpokenWords(times.ids.numpy(), times.starts.numpy(), times.ends.numpy())


def _under_noise(source: SampleSource, sample: Sample, ratio_db: float) -> Stream:
    """Return a sample's sound with the white noise that `zimu evaluate` gives it."""
    spec, words = source.recipe.audio, sample.extra.get("words")
    if spec is None or not words:
        raise ConfigError(
            f"Sample {sample.id!r} has no sound or no `words` with times, so no noise ratio can be set. "
            "Leave data.snr_db out."
        )
    values = add_noise(
        source.waveform(sample),
        kind="white",
        snr_db=ratio_db,
        seed=int(sample.extra.get("noise_seed", noise_seed(sample.id))),
        others=[],
        span=spoken_span(words, spec.rate_hz),
    )
    return sound_stream(Samples(Fraction(0), spec.rate_hz, values), spec)
