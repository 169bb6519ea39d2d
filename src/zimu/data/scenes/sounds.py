"""Sounds made from nothing, each a class with its own pitch, tempo, envelope and level every time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zimu.data.scenes.facts import Facts
from zimu.data.scenes.motion import Array
from zimu.data.scenes.plan import DURATION_S

__all__ = ["RATE_HZ", "VOICES", "mix_samples"]

RATE_HZ = 16000
_TAU = 2 * np.pi
# Ticks and knocks are short: at the loudness of other sounds they would be cut off.
_PEAK = 0.8


def _seconds(n: int) -> Array:
    return np.arange(n, dtype=np.float32) / np.float32(RATE_HZ)


def _band(rng: np.random.Generator, n: int, low_hz: float, high_hz: float, slope: float = 0.0) -> Array:
    """Noise between two frequencies, falling by `slope` in powers of the frequency, of unit power."""
    frequency = np.fft.rfftfreq(n, 1 / RATE_HZ)
    parts = rng.standard_normal((2, len(frequency)), dtype=np.float32)
    size = np.maximum(frequency, 20.0) ** -slope
    size *= 1 / (1 + (low_hz / np.maximum(frequency, 1)) ** 8) / (1 + (frequency / high_hz) ** 8)
    noise = np.fft.irfft(size.astype(np.float32) * (parts[0] + 1j * parts[1]), n)
    unit: Array = (noise / np.sqrt(np.mean(noise**2))).astype(np.float32)
    return unit


def _tone(frequency_hz: Array, *overtones: float) -> Array:
    """A sine whose frequency [n] changes with time, and its overtones at their sizes."""
    phase = _TAU * np.cumsum(frequency_hz, dtype=np.float64) / RATE_HZ
    out: Array = np.sin(phase)
    for number, size in enumerate(overtones, 2):
        out += size * np.sin(number * phase)
    return out.astype(np.float32)


def _strokes(rng: np.random.Generator, n: int, every_s: float, jitter: float = 0.08) -> list[int]:
    """First samples of events that repeat about every `every_s` seconds, the first soon after the start."""
    at, starts = rng.uniform(0.0, 0.03), []
    while at < n / RATE_HZ - 0.02:
        starts.append(int(at * RATE_HZ))
        at += every_s * (1 + rng.uniform(-jitter, jitter))
    return starts


def _place(out: Array, start: int, piece: Array) -> None:
    out[start : start + len(piece)] += piece[: len(out) - start]


def _bell(rng: np.random.Generator, n: int) -> Array:
    out, base = np.zeros(n, np.float32), rng.uniform(500, 900)
    t = _seconds(n)
    strike = np.zeros(n, np.float32)
    for ratio, size, decay in (
        (1, 0.6, 3),
        (2, 1, 4),
        (2.4, 0.5, 5),
        (3, 0.7, 6),
        (4.2, 0.5, 9),
        (5.4, 0.3, 12),
    ):
        strike += (size * np.exp(-decay * t) * np.sin(_TAU * base * ratio * t)).astype(np.float32)
    for start in _strokes(rng, n, rng.uniform(0.4, 0.6)):
        _place(out, start, strike)
    return out


def _rain(rng: np.random.Generator, n: int) -> Array:
    out = 0.6 * _band(rng, n, rng.uniform(1500, 2500), 7500)
    for start in rng.integers(0, n, int(n / RATE_HZ * 60)):
        length = int(rng.uniform(0.002, 0.006) * RATE_HZ)
        _place(out, start, rng.uniform(0.5, 2.0) * _tone(np.full(length, rng.uniform(3000, 6500))))
    return out


def _engine(rng: np.random.Generator, n: int) -> Array:
    t = _seconds(n)
    base = rng.uniform(45, 85) * (1 + rng.uniform(-0.15, 0.25) * t / t[-1])
    phase = np.cumsum(base) / RATE_HZ
    out = sum(np.sin(_TAU * k * phase + rng.uniform(0, _TAU)) / k**0.8 for k in range(1, 13))
    beat = 1 + 0.5 * np.sin(_TAU * phase / 2)
    motor: Array = np.asarray(out) * beat + 0.4 * _band(rng, n, 60, 600)
    return motor


def _siren(rng: np.random.Generator, n: int) -> Array:
    swing = np.sin(_TAU * rng.uniform(1.8, 3.2) * _seconds(n) + rng.uniform(0, _TAU))
    frequency = rng.uniform(850, 1100) * (1 + rng.uniform(0.3, 0.45) * swing)
    return _tone(frequency, 0.5, 0.3)


def _knocking(rng: np.random.Generator, n: int) -> Array:
    out, base = np.zeros(n, np.float32), rng.uniform(180, 350)
    for start in _strokes(rng, n, rng.uniform(0.13, 0.2)):
        t = _seconds(int(0.1 * RATE_HZ))
        thump = np.sin(_TAU * base * t) * np.exp(-45 * t)
        thump += 0.5 * np.sin(_TAU * 2.3 * base * t) * np.exp(-70 * t)
        click = 0.4 * _band(rng, len(t), 400, 2500) * np.exp(-250 * t)
        _place(out, start, (rng.uniform(0.8, 1.2) * (thump + click)).astype(np.float32))
    return out


def _birdsong(rng: np.random.Generator, n: int) -> Array:
    out, base = np.zeros(n, np.float32), rng.uniform(3200, 4800)
    for start in _strokes(rng, n, rng.uniform(0.07, 0.14), 0.3):
        length = int(rng.uniform(0.04, 0.08) * RATE_HZ)
        sweep = base * (1 + rng.uniform(-0.2, 0.2) + rng.choice((-1, 1)) * np.linspace(-0.2, 0.2, length))
        _place(out, start, _tone(sweep) * np.hanning(length).astype(np.float32))
    return out


def _applause(rng: np.random.Generator, n: int) -> Array:
    out, length, low = np.zeros(n, np.float32), int(0.02 * RATE_HZ), rng.uniform(700, 1200)
    hands = [_band(rng, length, low * ratio, 2 * low * ratio) for ratio in rng.uniform(0.85, 1.3, 8)]
    for start in rng.integers(0, n, int(n / RATE_HZ * rng.uniform(50, 110))):
        clap = hands[rng.integers(8)] * np.exp(-_seconds(length) * rng.uniform(150, 300))
        _place(out, start, (rng.uniform(0.4, 1.0) * clap).astype(np.float32))
    return out


def _phone(rng: np.random.Generator, n: int) -> Array:
    t = _seconds(n)
    base, warble = rng.uniform(1100, 1500), rng.uniform(18, 26)
    high = np.sin(_TAU * warble * t) > 0
    frequency = np.where(high, base * rng.uniform(1.22, 1.32), base)
    return _tone(frequency, 0.4, 0.25)


def _dog(rng: np.random.Generator, n: int) -> Array:
    out, base, formant = np.zeros(n, np.float32), rng.uniform(260, 480), rng.uniform(700, 1300)
    for start in _strokes(rng, n, rng.uniform(0.24, 0.34)):
        length = int(rng.uniform(0.13, 0.17) * RATE_HZ)
        shape = np.linspace(0, 1, length)
        pitch = base * (0.8 + 0.9 * np.sin(np.pi * np.minimum(1, shape * 1.3)) * (1 - 0.4 * shape))
        phase = _TAU * np.cumsum(pitch) / RATE_HZ
        voice = sum(
            np.sin(k * phase) * np.exp(-(((k * base - formant) / 700) ** 2)) for k in range(1, 10)
        ) + 0.25 * _band(rng, length, 500, 3000)
        _place(out, start, (voice * np.sin(np.pi * shape**0.5)).astype(np.float32))
    return out


def _clock(rng: np.random.Generator, n: int) -> Array:
    out, high = np.zeros(n, np.float32), rng.uniform(2200, 3200)
    for turn, start in enumerate(_strokes(rng, n, rng.uniform(0.17, 0.26), 0.02)):
        t = _seconds(int(0.03 * RATE_HZ))
        frequency = high * (1.0 if turn % 2 else 0.8)
        tick = (
            np.sin(_TAU * frequency * t)
            + 0.6 * np.sin(_TAU * 1.7 * frequency * t)
            + _band(rng, len(t), 1500, 7000)
        )
        _place(out, start, (tick * np.exp(-260 * t)).astype(np.float32))
    return out


def _thunder(rng: np.random.Generator, n: int) -> Array:
    rumble = _band(rng, n, 25, rng.uniform(110, 180), 0.5)
    swell = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, 7), rng.uniform(0.4, 1.0, 7))
    return (rumble * swell).astype(np.float32)


def _whistle(rng: np.random.Generator, n: int) -> Array:
    notes = rng.uniform(1500, 2500) * 2 ** (rng.integers(-3, 4, 5) / 12)
    frequency = np.interp(np.linspace(0, 4, n), np.arange(5), notes)
    frequency = frequency * (1 + 0.006 * np.sin(_TAU * 6 * _seconds(n)))
    return _tone(frequency) + 0.03 * _band(rng, n, 1500, 6000)


# From a generator and a number of samples to those samples, at any level.
VOICES: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "bell": _bell,
    "rain": _rain,
    "engine": _engine,
    "siren": _siren,
    "knocking": _knocking,
    "birdsong": _birdsong,
    "applause": _applause,
    "phone": _phone,
    "dog": _dog,
    "clock": _clock,
    "thunder": _thunder,
    "whistle": _whistle,
}


def mix_samples(facts: Facts, rng: np.random.Generator) -> Array:
    """Return the sound of a scene.

    Args:
        facts: What happens.
        rng: Chooses what the captions do not say: pitch, tempo, level, background noise.

    Returns:
        float32 [80000], 16 kHz, within -1 to 1.
    """
    out = _background(rng, round(DURATION_S * RATE_HZ), quiet=bool(facts.sounds))
    for sound in facts.sounds:
        start, end = round(sound.start * RATE_HZ), round(sound.end * RATE_HZ)
        voice = VOICES[sound.name](rng, end - start)
        loudness = 10 ** (rng.uniform(-26, -17) / 20) / np.sqrt(np.mean(voice**2))
        voice *= min(loudness, _PEAK / np.abs(voice).max())
        fade = np.minimum(1, np.minimum(np.arange(1, end - start + 1), np.arange(end - start, 0, -1)) / 80)
        out[start:end] += voice * fade
    return out


def _background(rng: np.random.Generator, n: int, *, quiet: bool) -> Array:
    """Faint noise behind sounds; silence or any noise where there is nothing to hear."""
    if not quiet and rng.random() < 0.5:
        return np.zeros(n, np.float32)
    level = rng.uniform(-62, -48) if quiet else rng.uniform(-55, -25)
    return _band(rng, n, 40, 7500, rng.uniform(0, 1)) * np.float32(10 ** (level / 20))
