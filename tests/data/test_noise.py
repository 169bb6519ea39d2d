"""Noise: the ratio is that of the spoken part, and a clip's noise is always the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from zimu.data.noise import add_noise, choose_babble, noise_seed, spoken_span
from zimu.errors import ConfigError, UnknownNameError

Samples = npt.NDArray[np.float32]
_SPAN = (4000, 12000)


@pytest.fixture
def speech() -> Samples:
    samples = np.zeros(16000, np.float32)
    samples[slice(*_SPAN)] = 0.3 * np.sin(np.arange(8000) / 5)
    return samples


@pytest.fixture
def others() -> list[Samples]:
    return [np.random.default_rng(i).standard_normal(9000 + 2000 * i).astype(np.float32) for i in range(8)]


@pytest.mark.parametrize("kind", ["white", "babble"])
@pytest.mark.parametrize("snr_db", [-10.0, 0.0, 7.5])
def test_the_ratio_holds_over_the_spoken_part(
    speech: Samples, others: list[Samples], kind: str, snr_db: float
) -> None:
    noisy = add_noise(speech, kind=kind, snr_db=snr_db, seed=3, others=others, span=_SPAN)
    noise = (noisy - speech)[slice(*_SPAN)]
    power = np.mean(np.square(speech[slice(*_SPAN)])) / np.mean(np.square(noise))
    assert 10 * np.log10(power) == pytest.approx(snr_db, abs=0.01)
    # The pauses around the words are noisy too.
    assert np.std((noisy - speech)[:4000]) == pytest.approx(np.std(noise), rel=0.1)
    assert noisy.dtype == np.float32


def test_silence_around_the_words_does_not_change_the_noise(speech: Samples) -> None:
    inside = add_noise(speech, kind="white", snr_db=0, seed=1, span=_SPAN)
    whole = add_noise(speech, kind="white", snr_db=0, seed=1)
    # Half of the clip is silence: over the whole, the speech has half the power, and so would the noise.
    assert np.var(inside - speech) == pytest.approx(2 * np.var(whole - speech), rel=0.05)


def test_a_clip_gets_the_same_noise_every_time_and_another_clip_another(speech: Samples) -> None:
    first, again, other = (
        add_noise(speech, kind="white", snr_db=0, seed=noise_seed(name))
        for name in ("bbaf2n", "bbaf2n", "bbaf3s")
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    assert noise_seed("bbaf2n") == 270303036870243


def test_babble_is_made_of_other_recordings_whatever_their_order() -> None:
    names = [f"clip{i}" for i in range(50)]
    chosen = choose_babble("clip7", names)
    assert chosen == choose_babble("clip7", reversed(names))
    assert len(set(chosen)) == 6
    assert all("clip7" not in choose_babble("clip7", names[5:12]) for _ in range(3))
    with pytest.raises(ConfigError, match="Babble needs 6 other recordings, 5 were given"):
        choose_babble("clip7", names[5:11])


def test_white_noise_is_flat_and_babble_is_that_of_the_voices(speech: Samples) -> None:
    voices = [np.sin(np.arange(16000, dtype=np.float32) / 3) for _ in range(6)]
    noise = add_noise(speech, kind="babble", snr_db=0, seed=1, others=voices) - speech
    spectrum = np.abs(np.fft.rfft(noise))
    assert spectrum.argmax() == pytest.approx(16000 / 3 / (2 * np.pi), abs=2)
    white = np.abs(np.fft.rfft(add_noise(speech, kind="white", snr_db=0, seed=1) - speech)) ** 2
    assert white[:4000].mean() == pytest.approx(white[4000:].mean(), rel=0.1)


def test_the_spoken_span_is_from_the_first_word_to_the_last() -> None:
    words = [{"word": "bin", "start": 0.95, "end": 1.18}, {"word": "now", "start": 1.89, "end": 2.12}]
    assert spoken_span(words, 16000) == (15200, 33920)


def test_what_cannot_be_done_is_said(speech: Samples, others: list[Samples]) -> None:
    with pytest.raises(UnknownNameError, match="Unknown noise 'pink'"):
        add_noise(speech, kind="pink", snr_db=0, seed=1)
    with pytest.raises(ConfigError, match="Babble needs 6 other recordings, 2 were given"):
        add_noise(speech, kind="babble", snr_db=0, seed=1, others=others[:2])
    with pytest.raises(ConfigError, match="The speech is silent in the spoken part"):
        add_noise(speech, kind="white", snr_db=0, seed=1, span=(0, 100))
    with pytest.raises(ConfigError, match="The noise is silent"):
        add_noise(speech, kind="babble", snr_db=0, seed=1, others=[np.zeros(9, np.float32)] * 6)
    with pytest.raises(ConfigError, match="for babble is empty"):
        add_noise(speech, kind="babble", snr_db=0, seed=1, others=[*others[:5], np.zeros(0, np.float32)])
