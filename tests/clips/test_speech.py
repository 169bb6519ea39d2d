"""Spans of speech from scores that are handed in: the network is played by the loudness."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zimu.clips.speech import HOP_MS, RATE_HZ, SpeechFinder, SpeechSettings
from zimu.errors import ConfigError
from zimu.streams import Samples


def by_loudness(chunks: np.ndarray) -> np.ndarray:
    return (np.abs(chunks).mean(1) > 0.02).astype(np.float32)


def sound(*parts: tuple[float, float]) -> np.ndarray:
    """Return noise of given loudness and seconds, one part after the other."""
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(0, loud, round(s * RATE_HZ)) for loud, s in parts]).astype(np.float32)


def spans_of(finder: SpeechFinder) -> list[tuple[float, float]]:
    return [(float(s.start), float(s.end)) for s in finder.speech().spans]


def heard(values: np.ndarray, cuts: list[int], start: float = 0.0) -> list[tuple[float, float]]:
    finder = SpeechFinder(by_loudness)
    at = 0
    for part in np.split(values, sorted(cuts)):
        finder.feed(Samples(Fraction(start) + Fraction(at, RATE_HZ), RATE_HZ, part))
        at += len(part)
    return spans_of(finder)


VALUES = sound((0.001, 1.0), (0.2, 1.5), (0.001, 0.2), (0.2, 1.0), (0.001, 2.0), (0.2, 0.8), (0.001, 1.0))


def test_spans_begin_and_end_where_the_sound_does_and_short_pauses_do_not_end_them() -> None:
    found = heard(VALUES, [])
    np.testing.assert_allclose(found, [(0.95, 3.73), (5.65, 6.53)], atol=0.04)


@given(st.lists(st.integers(0, len(VALUES)), max_size=8))
def test_the_size_of_the_pieces_changes_nothing(cuts: list[int]) -> None:
    assert heard(VALUES, cuts) == heard(VALUES, [])


def test_a_late_start_moves_everything() -> None:
    early, late = heard(VALUES, []), heard(VALUES, [], start=2.5)
    np.testing.assert_allclose(np.array(late) - 2.5, early, atol=0.011)


def test_spans_are_told_as_they_end() -> None:
    finder = SpeechFinder(by_loudness)
    told = [
        len(finder.feed(Samples(Fraction(k), RATE_HZ, VALUES[k * RATE_HZ :][:RATE_HZ]))) for k in range(8)
    ]
    assert sum(told[:5]) == 1 and told[0] == told[1] == 0
    assert sum(told) + len(finder.finish()) == 2


@pytest.mark.parametrize("hole_s", [0.4, 7.0])
def test_a_hole_in_the_sound_is_silence(hole_s: float) -> None:
    finder = SpeechFinder(by_loudness)
    loud = sound((0.2, 1.01))
    finder.feed(Samples(Fraction(0), RATE_HZ, loud))
    finder.feed(Samples(Fraction(1.01 + hole_s), RATE_HZ, loud))
    found = finder.speech()
    starts = [float(s.start) for s in found.spans]
    np.testing.assert_allclose(starts, [0.0, 0.96 + hole_s], atol=0.04)
    assert found.seconds == pytest.approx(2.02 + hole_s, abs=0.17)
    assert found.activity[round((1.01 + hole_s / 2) * 1000 / HOP_MS)] < 0.5


def test_a_long_span_is_cut_at_its_least_sure_moment() -> None:
    def unsure(chunks: np.ndarray) -> np.ndarray:
        return np.where(np.abs(chunks).mean(1) > 0.02, 0.9, 0.4).astype(np.float32)

    finder = SpeechFinder(unsure, SpeechSettings(longest_s=3.0))
    finder.feed(Samples(Fraction(0), RATE_HZ, sound((0.2, 2.0), (0.001, 0.2), (0.2, 2.0))))
    found = spans_of(finder)
    assert len(found) == 2
    assert 1.95 < found[0][1] <= found[1][0] < 2.25


def test_silence_and_no_sound_at_all_hold_no_speech() -> None:
    assert heard(np.zeros(RATE_HZ, np.float32), []) == []
    assert SpeechFinder(by_loudness).speech().spans == ()


def test_a_wrong_rate_and_a_finished_file_are_refused() -> None:
    finder = SpeechFinder(by_loudness)
    with pytest.raises(ConfigError, match="8000 samples a second, wanted are 16000"):
        finder.feed(Samples(Fraction(0), 8000, np.zeros(100, np.float32)))
    finder.finish()
    with pytest.raises(ConfigError, match="has finished its file"):
        finder.feed(Samples(Fraction(0), RATE_HZ, np.zeros(100, np.float32)))
    with pytest.raises(ConfigError, match=r"hold is 0\.9"):
        SpeechSettings(hold=0.9)
