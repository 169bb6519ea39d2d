"""Noise for speech: white or babble, at a fixed ratio over the spoken part, the same for every system.

The seed of a clip is a hash of its id, so that whoever adds noise to it adds the same. The import of
GRID keeps it in the manifest as `noise_seed`, and the recordings of its babble as `babble`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.errors import ConfigError, unknown_name

__all__ = ["BABBLE_VOICES", "NOISES", "add_noise", "choose_babble", "noise_seed", "spoken_span"]

Samples = npt.NDArray[np.float32]

NOISES = ("white", "babble")
BABBLE_VOICES = 6


def noise_seed(clip_id: str) -> int:
    """Return the seed of a clip's noise: 48 bits of the SHA-256 of its id, exact in JSON.

    >>> noise_seed("bbaf2n")
    270303036870243
    """
    return int.from_bytes(hashlib.sha256(clip_id.encode()).digest()[:6], "big")


def choose_babble(clip_id: str, recordings: Iterable[str], voices: int = BABBLE_VOICES) -> tuple[str, ...]:
    """Return the recordings that a clip's babble is made of, chosen by its seed.

    Args:
        clip_id: The clip; it is never chosen itself.
        recordings: Ids of the training part, in any order.
        voices: How many to choose.

    Raises:
        ConfigError: There are too few recordings.
    """
    others = sorted(set(recordings) - {clip_id})
    _enough(len(others), voices)
    chosen = np.random.default_rng(noise_seed(clip_id)).choice(len(others), voices, replace=False)
    return tuple(others[i] for i in chosen)


def spoken_span(words: Sequence[Mapping[str, Any]], rate_hz: int) -> tuple[int, int]:
    """Return the first sample of the first word and the end of the last, for the `span` of `add_noise`.

    Args:
        words: Rows with `start` and `end` in seconds, as manifests keep them.
        rate_hz: Samples a second.
    """
    return round(min(w["start"] for w in words) * rate_hz), round(max(w["end"] for w in words) * rate_hz)


def add_noise(
    speech: Samples,
    *,
    kind: str,
    snr_db: float,
    seed: int | np.random.Generator,
    others: Sequence[Samples] = (),
    span: tuple[int, int] | None = None,
) -> Samples:
    """Return speech with noise over all of it.

    Args:
        speech: [n], full scale is -1 to 1; the result may go beyond and is not clipped.
        kind: "white", Gaussian; or "babble", the sum of six other recordings, each repeated to the length of
            the speech and begun at a random place.
        snr_db: Power of the speech over that of the noise within `span`, in decibels.
        seed: `noise_seed(clip_id)` for evaluation, a generator for training.
        others: For babble, six recordings or more, of which six are drawn.
        span: First and last (exclusive) sample of the spoken part; None is the whole clip.

    Raises:
        UnknownNameError: `kind` is none of `NOISES`.
        ConfigError: Speech or noise is silent in the span, or there are fewer than six others.
    """
    if kind not in NOISES:
        raise unknown_name("noise", kind, NOISES)
    generator = np.random.default_rng(seed)
    if kind == "white":
        noise = generator.standard_normal(len(speech), dtype=np.float32)
    else:
        noise = _babble(others, len(speech), generator)
    wanted = _power(speech, span, "speech") / 10 ** (snr_db / 10)
    scale = np.sqrt(wanted / _power(noise, span, "noise"))
    noisy: Samples = (speech + scale * noise).astype(np.float32)
    return noisy


def _babble(others: Sequence[Samples], length: int, generator: np.random.Generator) -> Samples:
    _enough(len(others), BABBLE_VOICES)
    chosen = (
        generator.choice(len(others), BABBLE_VOICES, replace=False) if len(others) > BABBLE_VOICES else None
    )
    total = np.zeros(length, np.float32)
    for voice in others if chosen is None else [others[i] for i in chosen]:
        if not len(voice):
            raise ConfigError("One of the recordings for babble is empty. Leave it out.")
        total += np.resize(np.roll(voice, -int(generator.integers(len(voice)))), length)
    return total


def _enough(found: int, voices: int) -> None:
    if found < voices:
        raise ConfigError(f"Babble needs {voices} other recordings, {found} were given.")


def _power(samples: Samples, span: tuple[int, int] | None, name: str) -> float:
    """Return the mean square over the span; the whole where it is None."""
    part = samples if span is None else samples[max(0, span[0]) : span[1]]
    power = float(np.mean(np.square(part, dtype=np.float64))) if len(part) else 0.0
    if power <= 0:
        raise ConfigError(f"The {name} is silent in the spoken part, so no ratio can be set.")
    return power
