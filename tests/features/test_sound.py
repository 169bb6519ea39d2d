from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from zimu.errors import ConfigError
from zimu.features.sound import log_mel, mel_weights, sound_stream
from zimu.features.spec import AudioSpec
from zimu.streams import Samples

PATCHES = AudioSpec(kind="patches")


def samples(values, start: float = 0) -> Samples:
    return Samples(Fraction(str(start)), 16000, np.asarray(values, np.float32))


def noise(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, count).astype(np.float32)


def slow_log_mel(values: np.ndarray, spec: AudioSpec) -> np.ndarray:
    """YAMNet's recipe again from its formulas, in float64, step by step, with a plain Fourier sum."""

    def mel(hz: float) -> float:
        return 1127 * math.log(1 + hz / 700)

    edges = np.linspace(mel(spec.low_hz), mel(spec.high_hz), spec.bands + 2)
    bins = spec.fft // 2 + 1
    out = []
    n = np.arange(spec.window)
    fourier = np.exp(-2j * np.pi * np.outer(np.arange(bins), n) / spec.fft)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * n / spec.window)
    for start in range(0, len(values) - spec.window + 1, spec.hop):
        magnitude = np.abs(fourier @ (values[start : start + spec.window] * hann))
        row = []
        for band in range(spec.bands):
            total = 0.0
            for k in range(1, bins):
                at = mel(k * spec.rate_hz / spec.fft)
                up = (at - edges[band]) / (edges[band + 1] - edges[band])
                down = (edges[band + 2] - at) / (edges[band + 2] - edges[band + 1])
                total += max(0.0, min(up, down)) * magnitude[k]
            row.append(math.log(total + spec.offset))
        out.append(row)
    return np.array(out)


@pytest.mark.parametrize(
    "spec",
    [AudioSpec(), AudioSpec(window=320, hop=80, fft=400, bands=20, low_hz=50, high_hz=8000, offset=1e-5)],
)
def test_log_mel_equals_the_formulas_step_by_step(spec):
    values = noise(1600)
    np.testing.assert_allclose(log_mel(values, spec), slow_log_mel(values, spec), atol=2e-4)


def test_long_sound_is_done_in_parts_without_a_seam(monkeypatch):
    import zimu.features.sound as sound_module

    values = noise(16000 * 3)
    whole = log_mel(values, AudioSpec())
    monkeypatch.setattr(sound_module, "_CHUNK", 37)
    np.testing.assert_allclose(log_mel(values, AudioSpec()), whole, atol=1e-6)


def test_a_tone_is_loudest_in_the_band_of_its_pitch():
    values = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000).astype(np.float32)
    band = int(log_mel(values, AudioSpec()).mean(axis=0).argmax())
    centres = 700 * np.expm1(np.linspace(*(1127 * np.log1p(np.array([125, 7500]) / 700)), 66)[1:-1] / 1127)
    assert abs(centres[band] - 1000) < 60


def test_mel_triangles_are_shared_and_cannot_be_changed():
    assert mel_weights(AudioSpec()) is mel_weights(AudioSpec())
    with pytest.raises(ValueError, match="read-only"):
        mel_weights(AudioSpec())[0, 0] = 1


@pytest.mark.parametrize(
    ("seconds", "patches"), [(0.01, 1), (0.96, 1), (0.975, 1), (0.98, 2), (1.455, 2), (1.46, 3), (5.0, 10)]
)
def test_patches_are_as_many_as_yamnet_makes(seconds, patches):
    """tensorflow/models yamnet features.pad_waveform: at least one, then half-overlapping, the end padded."""
    stream = sound_stream(samples(noise(round(seconds * 16000))), PATCHES)
    assert stream.values.shape == (patches, 96, 64)
    assert stream.values.dtype == np.float32
    assert stream.keep.all()


def test_patches_are_windows_of_the_log_mel():
    values = noise(15600 + 2 * 7680)
    mel = log_mel(values, AudioSpec())
    patches = sound_stream(samples(values), PATCHES).values
    for number in range(3):
        np.testing.assert_array_equal(patches[number], mel[48 * number : 48 * number + 96])


def test_padding_is_silence():
    patches = sound_stream(samples(noise(4000)), PATCHES).values
    assert patches[0, 30:] == pytest.approx(math.log(0.001))


def test_the_waveform_is_a_column():
    values = noise(50)
    stream = sound_stream(samples(values), AudioSpec(kind="waveform", mean=0.1, scale=2.0))
    np.testing.assert_allclose(stream.values, (values[:, None] - 0.1) / 2, rtol=1e-6)
    assert np.shares_memory(stream.values, values) is False


def test_mean_and_scale_apply_to_every_kind():
    values = noise(16000)
    for kind in ("log_mel", "patches"):
        plain = sound_stream(samples(values), AudioSpec(kind=kind)).values
        moved = sound_stream(samples(values), AudioSpec(kind=kind, mean=-3.0, scale=4.0)).values
        np.testing.assert_allclose(moved, (plain + 3) / 4, rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "first", "step"),
    [("log_mel", 0.0125, 0.01), ("patches", 0.4875, 0.48), ("waveform", 1 / 32000, 1 / 16000)],
)
def test_times_are_the_middles_of_the_steps(kind, first, step):
    stream = sound_stream(samples(noise(48000), start=7), AudioSpec(kind=kind))
    assert stream.times[:2] == pytest.approx([first, first + step])
    assert len(stream.times) == len(stream.values) == len(stream.keep)
    later = sound_stream(samples(noise(48000), start=7), AudioSpec(kind=kind), start=Fraction(5))
    assert later.times == pytest.approx(stream.times + 2)


@pytest.mark.parametrize("kind", ["log_mel", "patches", "waveform"])
def test_no_sound_gives_no_step(kind):
    stream = sound_stream(samples([]), AudioSpec(kind=kind))
    assert len(stream.values) == len(stream.keep) == len(stream.times) == 0
    assert (
        stream.values.shape[1:] == sound_stream(samples(noise(20000)), AudioSpec(kind=kind)).values.shape[1:]
    )


def test_another_rate_is_refused():
    with pytest.raises(ConfigError, match="has 8000 samples a second, the contract wants 16000"):
        sound_stream(Samples(Fraction(0), 8000, noise(10)), AudioSpec())


@pytest.mark.parametrize("kind", ["log_mel", "patches", "waveform"])
def test_a_short_sound_is_normalised_too(kind):
    samples = Samples(Fraction(0), 16000, np.full(1600, 0.1, np.float32))
    plain = sound_stream(samples, AudioSpec(kind=kind)).values
    moved = sound_stream(samples, AudioSpec(kind=kind, mean=-4.0, scale=2.0)).values
    np.testing.assert_allclose(moved, (plain + 4.0) / 2.0, rtol=1e-6)
