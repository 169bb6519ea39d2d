"""Media to the arrays that training reads: decoded once, run through a frozen backbone where there is one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from zimu.data.manifest import Sample
from zimu.errors import ConfigError
from zimu.features.extract import extract_variants
from zimu.features.frames import frames_stream, spread
from zimu.features.spec import AudioSpec, FeatureContract, VideoSpec
from zimu.features.store import FeatureStore
from zimu.media.reader import iter_media
from zimu.media.requests import FrameRequest, SampleRequest
from zimu.model.encoders.tail import cut
from zimu.streams import Frame, Samples, Stream
from zimu.timing import to_seconds
from zimu.training.drawing import draw_sample, is_drawn
from zimu.training.pretrained import backbone_name, load_backbone
from zimu.training.recipes import Recipe, RegionsRecipe

__all__ = ["contract_of", "extract_samples", "view_key"]

# Samples a process at least: it takes seconds to start.
_WORTH = 8
# Views of a picture: the whole, mirrored, a crop, a mirrored crop. A crop keeps this share of each side.
_CROP = 0.87


def view_key(sample: str, view: int) -> str:
    """Return the store's key of a variant of a sample."""
    return f"{sample}@{view}" if view else sample


def contract_of(recipe: Recipe) -> FeatureContract:
    """Return the feature contract that a recipe fixes."""
    frozen = {n: e for n, e in recipe.model.encoders.items() if isinstance(e, RegionsRecipe)}
    encoders = {name: backbone_name(encoder) for name, encoder in frozen.items()}
    return FeatureContract(video=recipe.video, audio=recipe.audio, encoders=encoders)


def extract_samples(
    recipe: Recipe,
    samples: Sequence[Sample],
    store: FeatureStore,
    *,
    all_views: bool,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Fill a store with what it lacks of the samples; a killed extraction goes on where it was.

    Args:
        recipe: Says which streams and how many views.
        samples: Those wanted.
        store: Is filled.
        all_views: Whether the variants that training sees are wanted beside the plain pictures.
        jobs: Processes, at most: a few samples are made in this one.
        progress: Is told how many of the missing samples are done, and how many there are.

    Raises:
        ConfigError: Samples cannot be used; what can be is kept.
    """
    encoder = recipe.model.encoders.get("video")
    frozen = encoder if isinstance(encoder, RegionsRecipe) else None
    views = frozen.views if all_views and frozen is not None else 1
    rows = list({s.id: s for s in samples}.values())
    keys = {s.id: [view_key(s.id, view) for view in range(views)] for s in rows}
    lacking = [s for s in rows if store.missing(keys[s.id])]
    jobs = max(1, min(jobs, len(lacking) // _WORTH))
    video, audio = (getattr(recipe, n) if n in recipe.model.encoders else None for n in ("video", "audio"))
    make = partial(_make_views, video, audio, frozen, views, 1 if jobs > 1 else 0)
    failures = extract_variants(lacking, store, make, lambda s: keys[s.id], jobs=jobs, progress=progress)
    _frozen.cache_clear()  # it knows weights by their name only, and they need not stay in memory
    if failures:
        raise ConfigError(
            f"{len(failures)} of {len(rows)} samples cannot be used, the first is {failures[0].sample!r}: "
            f"{failures[0].reason} Take them out of the manifest; `zimu doctor` lists them."
        )


def _make_views(
    video: VideoSpec | None,
    audio: AudioSpec | None,
    frozen: RegionsRecipe | None,
    views: int,
    threads: int,
    keys: Sequence[str],
    sample: Sample,
) -> dict[str, dict[str, Stream]]:
    """Return the streams of a sample by the keys of its variants."""
    if threads:
        torch.set_num_threads(threads)
    streams = read_sample(sample, video, audio)
    if frozen is None:
        return {keys[0]: streams}
    assert video is not None  # load_recipe has checked it
    made = _views(streams["video"], _frozen(frozen), video, views, sample.id)
    variants = {view_key(sample.id, view): streams | {"video": shown} for view, shown in enumerate(made)}
    return {key: variants[key] for key in keys}


def read_sample(sample: Sample, video: VideoSpec | None, audio: AudioSpec | None) -> dict[str, Stream]:
    """Decode a sample: pictures uint8 [T, H, W, C] and sound float32 [n, 1], on the sample's clock."""
    if is_drawn(sample):
        return draw_sample(sample, video, audio)
    frames: list[Frame] = []
    blocks: list[Samples] = []
    wanted = None
    if video is not None:
        wanted = FrameRequest(video.rate_hz, video.width, video.height, video.resize, video.box, video.colour)
    sound = SampleRequest(audio.rate_hz) if audio is not None else None
    start = sample.start or 0
    for item in iter_media(sample.path, frames=wanted, samples=sound, start=sample.start, end=sample.end):
        if isinstance(item, Frame):
            frames.append(item)
        else:
            blocks.append(item)
    out: dict[str, Stream] = {}
    if video is not None:
        chosen = [frames[i] for i in spread(len(frames), video.max_frames)]
        shape = (0, video.height, video.width, 1 if video.colour == "gray" else 3)
        pictures = np.stack([f.picture for f in chosen]) if chosen else np.zeros(shape, np.uint8)
        out["video"] = _stream(pictures, np.array([float(f.time - start) for f in chosen]))
    if audio is not None:
        values = np.concatenate([b.values for b in blocks]) if blocks else np.zeros(0, np.float32)
        times = (np.arange(len(values)) + 0.5) / audio.rate_hz
        out["audio"] = _stream(values[:, None], times)
    return out


def _stream(values: npt.NDArray[np.generic], times: npt.NDArray[np.float64]) -> Stream:
    return Stream(values, np.ones(len(values), np.bool_), times)


@lru_cache(maxsize=1)
def _frozen(recipe: RegionsRecipe) -> Callable[[Tensor], Tensor]:
    """Return what never changes: frames [N, 3, H, W] to regions, or to the maps that the tail takes."""
    backbone = load_backbone(recipe)
    return cut(backbone.blocks(), recipe.tuned)[0].eval() if recipe.tuned else backbone.regions


@torch.no_grad()
def _views(
    pictures: Stream, frozen: Callable[[Tensor], Tensor], spec: VideoSpec, views: int, sample: str
) -> Iterator[Stream]:
    """Yield float16 [T, ...] of each variant of a sample's pictures."""
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(sample.encode()).digest()[:8], "big"))
    for view in range(views):
        shown = pictures.values
        if view >= 2:
            shown = _crop(shown, rng)
        if view % 2:
            shown = shown[:, :, ::-1]
        frames = [Frame(to_seconds(float(t)), p) for t, p in zip(pictures.times, shown, strict=True)]
        if not frames:
            raise ConfigError(
                f"Sample {sample!r} has no picture. Take it out of the manifest; see `zimu doctor`."
            )
        made = frozen(torch.from_numpy(frames_stream(frames, spec).values))
        yield _stream(made.numpy().astype(np.float16), pictures.times)


def _crop(pictures: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Return a random part of pictures [T, H, W, C], scaled back to their size."""
    height, width = pictures.shape[1:3]
    part = round(height * _CROP), round(width * _CROP)
    top, left = int(rng.integers(height - part[0] + 1)), int(rng.integers(width - part[1] + 1))
    cut = torch.from_numpy(np.ascontiguousarray(pictures[:, top : top + part[0], left : left + part[1]]))
    scaled = torch.nn.functional.interpolate(
        cut.permute(0, 3, 1, 2).float(), (height, width), mode="bilinear", antialias=True
    )
    result: npt.NDArray[np.uint8] = scaled.round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
    return result
