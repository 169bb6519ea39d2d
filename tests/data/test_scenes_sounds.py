from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from zimu.data.scenes import RATE_HZ, SOUNDS, Facts, Noise
from zimu.data.scenes.sounds import VOICES, mix_samples
from zimu.features.sound import log_mel
from zimu.features.spec import AudioSpec

FACTS = Facts(0, 0, "heard", (), (Noise("bell", 1.0, 2.0),), None, 0)


def _statistics(name: str, seed: int, seconds: float) -> np.ndarray:
    """Mean, deviation and flicker of each band: what a very simple classifier would look at."""
    facts = replace(FACTS, sounds=(Noise(name, 1.0, 1.0 + seconds),))
    samples = mix_samples(facts, np.random.default_rng(seed))
    mel = log_mel(samples[RATE_HZ : RATE_HZ + int(seconds * RATE_HZ)], AudioSpec(bands=40))
    mel = mel - mel.mean()
    return np.concatenate((mel.mean(0), mel.std(0), np.abs(np.diff(mel, axis=0)).mean(0)))


def test_a_simple_classifier_tells_the_sounds_apart() -> None:
    lengths = np.random.default_rng(0).uniform(0.45, 0.6, 20)
    seen = np.array([[_statistics(n, s, lengths[s]) for s in range(14)] for n in SOUNDS])
    scale = seen.reshape(-1, seen.shape[-1]).std(0)
    middles = seen.mean(1) / scale
    right = 0
    for number, name in enumerate(SOUNDS):
        for seed in range(14, 20):
            heard = _statistics(name, seed, lengths[seed]) / scale
            right += int(np.linalg.norm(middles - heard, axis=1).argmin() == number)
    assert right / (6 * len(SOUNDS)) > 0.9


@pytest.mark.parametrize("name", SOUNDS)
def test_a_sound_is_a_class_and_not_a_constant(name: str) -> None:
    first, second = (VOICES[name](np.random.default_rng(seed), 9000) for seed in (1, 2))
    assert first.shape == second.shape == (9000,)
    correlation = abs(np.corrcoef(first, second)[0, 1])
    assert correlation < 0.9
    assert np.array_equal(first, VOICES[name](np.random.default_rng(1), 9000))


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("n", [5000, 40000])
def test_a_sound_fills_its_time_and_nothing_is_cut_off(name: str, n: int) -> None:
    end = 1.0 + n / RATE_HZ
    facts = replace(FACTS, sounds=(Noise(name, 1.0, end),))
    samples = mix_samples(facts, np.random.default_rng(4))
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() < 0.9
    inside = samples[RATE_HZ : RATE_HZ + n]
    outside = np.concatenate((samples[:RATE_HZ], samples[RATE_HZ + n :]))
    assert np.sqrt(np.mean(inside**2)) > 5 * np.sqrt(np.mean(outside**2))
    last = inside[-int(0.35 * RATE_HZ) :]
    assert np.abs(last).max() > 0.1 * np.abs(inside).max()


def test_where_nothing_is_to_be_heard_there_is_silence_or_noise() -> None:
    levels = [
        float(
            np.sqrt(
                np.mean(mix_samples(replace(FACTS, sounds=(), sound=None), np.random.default_rng(s)) ** 2)
            )
        )
        for s in range(30)
    ]
    assert 5 < sum(level == 0.0 for level in levels) < 25
    assert 0.01 < max(levels) < 0.1
