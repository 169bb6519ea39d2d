from __future__ import annotations

import numpy as np

from zimu.features.kernels import KernelsSpec, fit_kernels, kernels_array
from zimu.streams import Stream


def stream(values: np.ndarray) -> Stream:
    values = np.float32(values.reshape(len(values), -1))
    return Stream(values, np.ones(len(values), bool), np.arange(len(values), dtype=float))


def waves(hz: float, count: int, seed: int) -> list[Stream]:
    rng = np.random.default_rng(seed)
    at = np.arange(64) / 64
    return [
        stream(np.sin(2 * np.pi * hz * at + rng.uniform(0, 6)) + rng.normal(0, 0.5, 64)) for _ in range(count)
    ]


def test_two_rhythms_under_noise_are_told_apart_by_a_nearest_mean():
    train, test = waves(4, 20, 0) + waves(7, 20, 1), waves(4, 20, 2) + waves(7, 20, 3)
    spec = fit_kernels(train)
    a, b = kernels_array(spec, train), kernels_array(spec, test)
    scale = a.std(axis=0) + 1e-3
    apart = [np.linalg.norm((b - mean) / scale, axis=1) for mean in (a[:20].mean(0), a[20:].mean(0))]
    right = np.r_[apart[0][:20] < apart[1][:20], apart[1][20:] < apart[0][20:]]
    assert right.mean() > 0.9


def test_series_of_any_length_have_the_same_width_and_an_empty_one_is_zero():
    spec = fit_kernels(waves(4, 6, 0))
    empty = Stream(np.zeros((0, 1), np.float32), np.zeros(0, bool), np.zeros(0))
    found = kernels_array(spec, [stream(np.arange(5.0)), stream(np.arange(900.0)), empty])
    assert found.shape == (3, spec.width)
    assert np.isfinite(found).all()
    assert not found[2].any()


def test_one_series_is_the_same_alone_and_among_others_and_after_json():
    train = [stream(np.random.default_rng(i).normal(size=(40, 3))) for i in range(8)]
    spec = fit_kernels(train)
    again = KernelsSpec.model_validate_json(spec.model_dump_json())
    np.testing.assert_allclose(kernels_array(spec, train)[3:4], kernels_array(again, train[3:4]), atol=1e-6)
