"""A bundle on a manifest: scores with their baselines, and what each modality is worth to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from zimu.bundles.manifest import Bundle, BundleManifest
from zimu.captions.engine import CaptionEngine, frames_of, samples_of
from zimu.data.manifest import Manifest, Sample
from zimu.data.noise import add_noise, noise_seed, spoken_span
from zimu.errors import ConfigError, unknown_name
from zimu.features.frames import spread
from zimu.media.reader import iter_media
from zimu.metrics.card import ScoreCard, score
from zimu.streams import Clip, Frame, Samples
from zimu.timing import Span

__all__ = ["CONDITIONS", "Evaluation", "Noise", "evaluate", "read_clip"]

_BATCH = 25

# name: what is done to the clips of a batch before they are captioned. The first is the score itself, the
# others are the modality truth test: a model that does not need a stream scores the same without it.
CONDITIONS: dict[str, str] = {
    "all": "all streams as they are",
    "deaf": "without sound",
    "blind": "without pictures",
    "sound of another clip": "the sound comes from another clip",
    "pictures of another clip": "the pictures come from another clip",
    "noise as sound": "white noise in the place of sound",
    "noise as pictures": "random pixels in the place of pictures",
}


@dataclass(frozen=True)
class Noise:
    """Noise that every clip's sound gets: "white" or "babble" at `snr_db` over the spoken part."""

    kind: str
    snr_db: float


@dataclass(frozen=True)
class Evaluation:
    """Captions and scores of a split.

    Attributes:
        captions: {condition: {language: {id: text}}}.
        cards: {condition or baseline: {language: score card}}.
        distinct: {language: share of captions that no other clip got}, under all streams.
    """

    captions: Mapping[str, Mapping[str, Mapping[str, str]]]
    cards: Mapping[str, Mapping[str, ScoreCard]]
    distinct: Mapping[str, float]


def evaluate(
    bundle: Bundle,
    manifest: Manifest,
    split: str,
    *,
    metrics: Sequence[str],
    conditions: Sequence[str] = tuple(CONDITIONS),
    noise: Noise | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Caption a split under each condition and score it.

    Args:
        bundle: Of task "caption".
        manifest: With references; its split "train" gives the baselines that know no clip.
        split: Which part to score.
        metrics: Names that `zimu.score` knows.
        conditions: Keys of `CONDITIONS`; those that touch a stream which the bundle lacks are left out.
        noise: Mixed into every clip's sound first.
        progress: Is told how many clips of how many are done.
    """
    engine = CaptionEngine(bundle)
    samples = manifest.part(split).samples
    by_id = {s.id: s for s in manifest}
    wanted = [c for c in conditions if _touches(c) <= set(bundle.manifest.streams)]
    captions: dict[str, dict[str, dict[str, str]]] = {
        c: {k: {} for k in bundle.manifest.languages} for c in wanted
    }
    progress(0, len(samples))
    for first in range(0, len(samples), _BATCH):
        part = samples[first : first + _BATCH]
        clips = [read_clip(s, bundle.manifest) for s in part]
        if noise is not None:
            clips = [_noisy(c, s, noise, bundle.manifest, by_id) for c, s in zip(clips, part, strict=True)]
        for condition in wanted:
            found = engine.caption(_under(condition, clips), bundle.manifest.languages)
            for language, row in found.items():
                captions[condition][language] |= {s.id: c.text for s, c in zip(part, row, strict=True)}
        progress(min(first + _BATCH, len(samples)), len(samples))
    cards = {c: _score(samples, texts, metrics, split) for c, texts in captions.items()}
    for name, texts in _baselines(manifest, samples, bundle.manifest.languages).items():
        cards[name] = _score(samples, texts, metrics, split)
    distinct = {k: _distinct(list(texts.values())) for k, texts in captions["all"].items() if texts}
    return Evaluation(captions, cards, distinct)


def read_clip(sample: Sample, contents: BundleManifest) -> Clip:
    """Read a whole sample as one clip, as the bundle's contract wants it."""
    frames: list[Frame] = []
    blocks: list[Samples] = []
    start = end = sample.start or Fraction(0)
    stream = iter_media(
        sample.path,
        frames=frames_of(contents),
        samples=samples_of(contents),
        start=sample.start,
        end=sample.end,
    )
    for item in stream:
        if isinstance(item, Frame):
            frames.append(item)
            end = max(end, item.time)
        else:
            blocks.append(item)
            end = max(end, item.start + Fraction(len(item.values), item.rate_hz))
    video = contents.contract.video
    if video is not None:
        frames = [frames[i] for i in spread(len(frames), video.max_frames)]
    sound = None
    if blocks:
        sound = Samples(blocks[0].start, blocks[0].rate_hz, np.concatenate([b.values for b in blocks]))
    return Clip(Span(start, max(end, start + Fraction(1, 1000))), frames, sound)


def _touches(condition: str) -> set[str]:
    """Return the streams that a condition changes."""
    if condition not in CONDITIONS:
        raise unknown_name("condition", condition, CONDITIONS)
    if condition == "all":
        return set()
    return {"audio"} if "sound" in condition or condition == "deaf" else {"video"}


def _under(condition: str, clips: Sequence[Clip]) -> list[Clip]:
    """Return the clips of a batch under a condition; "another clip" is the next, for the last the first."""
    if condition == "all":
        return list(clips)
    others = [*clips[1:], *clips[:1]]
    rng = np.random.default_rng(len(clips))
    changed = []
    for clip, other in zip(clips, others, strict=True):
        if condition == "deaf":
            changed.append(replace(clip, samples=None))
        elif condition == "blind":
            changed.append(replace(clip, frames=()))
        elif condition == "sound of another clip":
            changed.append(replace(clip, samples=other.samples))
        elif condition == "pictures of another clip":
            changed.append(replace(clip, frames=_moved(other.frames, clip, other)))
        elif condition == "noise as sound":
            changed.append(replace(clip, samples=_white(clip.samples, rng)))
        else:
            frames = [
                replace(f, picture=rng.integers(0, 256, f.picture.shape, np.uint8)) for f in clip.frames
            ]
            changed.append(replace(clip, frames=frames))
    return changed


def _moved(frames: Sequence[Frame], clip: Clip, other: Clip) -> list[Frame]:
    """Return another clip's frames on this clip's clock."""
    return [replace(f, time=f.time - other.span.start + clip.span.start) for f in frames]


def _white(samples: Samples | None, rng: np.random.Generator) -> Samples | None:
    if samples is None or not len(samples.values):
        return samples
    level = float(np.sqrt(np.mean(np.square(samples.values, dtype=np.float64)))) or 0.01
    noise = (level * rng.standard_normal(len(samples.values))).astype(np.float32)
    return replace(samples, values=noise)


def _noisy(
    clip: Clip, sample: Sample, noise: Noise, contents: BundleManifest, by_id: Mapping[str, Sample]
) -> Clip:
    """Return a clip with the noise that every system hears on it: its seed is the manifest's."""
    words = sample.extra.get("words")
    if clip.samples is None or not words:
        raise ConfigError(
            f"Sample {sample.id!r} has no sound or no `words` with times, so no noise ratio can be set. "
            "Leave --noise out."
        )
    others = []
    if noise.kind == "babble":
        sources = [read_clip(by_id[i], contents).samples for i in sample.extra.get("babble", ())]
        others = [s.values for s in sources if s is not None]
    values = add_noise(
        clip.samples.values,
        kind=noise.kind,
        snr_db=noise.snr_db,
        seed=int(sample.extra.get("noise_seed", noise_seed(sample.id))),
        others=others,
        span=spoken_span(words, clip.samples.rate_hz),
    )
    return replace(clip, samples=replace(clip.samples, values=values))


def _score(
    samples: Sequence[Sample], texts: Mapping[str, Mapping[str, str]], metrics: Sequence[str], split: str
) -> dict[str, ScoreCard]:
    cards = {}
    for language, captions in texts.items():
        references = {s.id: list(s.references[language]) for s in samples if s.references.get(language)}
        if references:
            candidates = {i: captions[i] for i in references}
            cards[language] = score(references, candidates, metrics=metrics, language=language, split=split)
    return cards


def _baselines(
    manifest: Manifest, samples: Sequence[Sample], languages: Sequence[str]
) -> dict[str, dict[str, dict[str, str]]]:
    """Return captions that know no clip: the commonest of the training part, and random ones of it."""
    train = [s for s in manifest if s.split == "train"]
    if not train:
        return {}
    rng = np.random.default_rng(0)
    commonest: dict[str, dict[str, str]] = {}
    drawn: dict[str, dict[str, str]] = {}
    for language in languages:
        pool = [text for s in train for text in s.references.get(language, ())]
        if pool:
            most = Counter(pool).most_common(1)[0][0]
            commonest[language] = {s.id: most for s in samples}
            drawn[language] = {s.id: pool[int(rng.integers(len(pool)))] for s in samples}
    return {"most common caption": commonest, "random caption": drawn}


def _distinct(texts: Sequence[str]) -> float:
    return sum(n == 1 for n in Counter(texts).values()) / len(texts)
