"""Intervals and tests over seeds and samples."""

from __future__ import annotations

import numpy as np
import pytest

from zimu.compare.statistics import Resampler
from zimu.compare.words import verdict
from zimu.tasks import TASKS

CLASSIFY = TASKS["classify"]


def right_or_wrong(share: float, seed: int, seeds: int = 5, samples: int = 400) -> np.ndarray:
    return np.float64(np.random.default_rng(seed).random((seeds, samples)) < share)


def test_the_interval_of_a_mean_is_near_the_textbook_one() -> None:
    items = np.repeat(right_or_wrong(0.7, 0, seeds=1, samples=900), 5, axis=0)
    found = Resampler(5, 900).estimate(items)
    half = 1.96 * np.sqrt(items[0].var() / 900)
    assert found.value == pytest.approx(items.mean())
    assert found.high - found.low == pytest.approx(2 * half, rel=0.1)


def test_seeds_that_disagree_widen_the_interval() -> None:
    steady = np.full((5, 400), 0.7)
    moody = np.repeat(np.array([[0.5], [0.6], [0.7], [0.8], [0.9]]), 400, axis=1)
    resampler = Resampler(5, 400)
    assert resampler.estimate(steady).high - resampler.estimate(steady).low < 1e-9
    found = resampler.estimate(moody)
    assert found.low < 0.6 and found.high > 0.8


def test_samples_of_a_group_are_drawn_as_a_whole() -> None:
    of_groups = np.random.default_rng(0).random(20)
    items = np.repeat(of_groups, 20)[None].repeat(5, axis=0)
    groups = np.repeat(np.arange(20), 20)
    alone, together = Resampler(5, 400).estimate(items), Resampler(5, 400, groups).estimate(items)
    assert together.high - together.low > 3 * (alone.high - alone.low)


def test_a_real_gain_is_told_from_noise() -> None:
    base = right_or_wrong(0.6, 1)
    better = np.maximum(base, right_or_wrong(0.3, 2))
    resampler = Resampler(5, 400)
    gain = resampler.gain(better, base, higher_is_better=True)
    assert gain.low > 0 and gain.p < 0.01
    assert verdict(gain, gain.p, "average", CLASSIFY, "en").startswith("Better than average by ")
    luck = resampler.gain(right_or_wrong(0.6, 3), base, higher_is_better=True)
    assert luck.p > 0.05
    assert "noise" in verdict(luck, luck.p, "average", CLASSIFY, "en")
    assert "噪声" in verdict(luck, luck.p, "average", CLASSIFY, "zh")


def test_a_smaller_error_is_a_gain() -> None:
    errors = np.random.default_rng(0).random((3, 200))
    gain = Resampler(3, 200).gain(0.5 * errors, errors, higher_is_better=False)
    assert gain.value > 0
    assert verdict(gain, 0.001, "average", TASKS["regress"], "en").startswith("Better than average by 0.2")


def test_a_method_against_itself_gains_nothing() -> None:
    items = right_or_wrong(0.6, 1)
    gain = Resampler(5, 400).gain(items, items, higher_is_better=True)
    assert (gain.value, gain.low, gain.high, gain.p) == (0.0, 0.0, 0.0, 1.0)


def test_chance_alone_is_called_real_about_as_often_as_promised() -> None:
    called = 0
    for seed in range(60):
        a, b = right_or_wrong(0.7, 2 * seed, 5, 150), right_or_wrong(0.7, 2 * seed + 1, 5, 150)
        called += Resampler(5, 150, draws=400, seed=seed).gain(a, b, higher_is_better=True).p < 0.05
    assert called <= 9  # 3 expected of 60; five seeds make the bootstrap a little bold
