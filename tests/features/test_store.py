from __future__ import annotations

import os
import pickle
import time
from pathlib import Path

import numpy as np
import pytest

from zimu.errors import BundleError, ConfigError
from zimu.features import store as store_module
from zimu.features.spec import AudioSpec, FeatureContract, VideoSpec
from zimu.features.store import FeatureStore
from zimu.streams import Stream

CONTRACT = FeatureContract(video=VideoSpec(rate_hz=1, max_frames=4, width=8, height=8), audio=AudioSpec())


def streams(seed: int) -> dict[str, Stream]:
    rng = np.random.default_rng(seed)
    length = seed % 5
    return {
        "video": Stream(
            rng.integers(0, 255, (length, 8, 8, 3), np.uint8),
            np.ones(length, np.bool_),
            np.arange(length) / 2,
        ),
        "audio": Stream(rng.random((7, 3)).astype(np.float16), rng.random(7) > 0.5, rng.random(7)),
    }


def equal(one: dict[str, Stream], other: dict[str, Stream]) -> bool:
    return one.keys() == other.keys() and all(
        getattr(one[name], part).dtype == getattr(other[name], part).dtype
        and np.array_equal(getattr(one[name], part), getattr(other[name], part))
        for name in one
        for part in ("values", "keep", "times")
    )


def filled(folder: Path, count: int = 12, shard_samples: int = 5) -> FeatureStore:
    store = FeatureStore(folder, CONTRACT, shard_samples=shard_samples)
    for seed in range(count):
        store.add(f"片段/{seed} a", streams(seed))
    store.flush()
    return store


def test_what_is_stored_comes_back_bit_for_bit(tmp_path):
    filled(tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) == 3
    store = FeatureStore(tmp_path, CONTRACT)
    assert len(store) == 12
    assert all(equal(store.get(f"片段/{seed} a"), streams(seed)) for seed in range(12))


def test_what_waits_for_its_shard_is_there_already(tmp_path):
    store = FeatureStore(tmp_path, CONTRACT)
    store.add("a", streams(3))
    assert "a" in store
    assert equal(store.get("a"), streams(3))
    assert not list(tmp_path.glob("*.safetensors"))


def test_missing_names_each_absent_sample_once_in_order(tmp_path):
    store = filled(tmp_path, 3)
    assert store.missing(["z", "片段/1 a", "b", "z"]) == ["z", "b"]


def test_a_sample_is_never_stored_twice(tmp_path):
    store = filled(tmp_path, 2)
    with pytest.raises(ConfigError, match="holds features of '片段/1 a' already"):
        store.add("片段/1 a", streams(9))
    assert equal(store.get("片段/1 a"), streams(1))


def test_two_stores_may_fill_one_folder(tmp_path):
    one, other = FeatureStore(tmp_path, CONTRACT), FeatureStore(tmp_path, CONTRACT)
    one.add("a", streams(1))
    one.flush()
    other.add("b", streams(2))
    other.flush()
    assert one.missing(["a", "b"]) == ["b"]
    one.refresh()
    assert one.missing(["a", "b"]) == []
    assert equal(one.get("b"), streams(2))


def test_a_store_of_another_contract_is_refused_with_both_shown(tmp_path):
    filled(tmp_path, 1)
    other = FeatureContract(audio=AudioSpec(bands=80))
    with pytest.raises(BundleError) as caught:
        FeatureStore(tmp_path, other)
    assert all(part in str(caught.value) for part in (CONTRACT.hash, other.hash, CONTRACT.canonical()))


def test_every_shard_carries_the_contract(tmp_path):
    filled(tmp_path / "a", 1)
    other = FeatureContract(audio=AudioSpec(bands=80))
    FeatureStore(tmp_path / "b", other)
    shard = next((tmp_path / "a").glob("*.safetensors"))
    (tmp_path / "b" / shard.name).write_bytes(shard.read_bytes())
    with pytest.raises(BundleError, match=f"under contract {CONTRACT.hash}, its folder is of {other.hash}"):
        FeatureStore(tmp_path / "b", other)


@pytest.mark.parametrize("cut", [0, 3, 50, -1])
def test_a_damaged_shard_is_named(tmp_path, cut):
    filled(tmp_path, 1)
    shard = next(tmp_path.glob("*.safetensors"))
    shard.write_bytes(shard.read_bytes()[:cut])
    with pytest.raises(BundleError, match=rf"{shard.name} is damaged .* Delete it"):
        FeatureStore(tmp_path, CONTRACT)


def test_an_absent_sample_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"holds no features of 'b'\. Extract them first"):
        filled(tmp_path, 1).get("b")


def test_a_sample_without_a_stream_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="'a' has no stream to keep"):
        FeatureStore(tmp_path, CONTRACT).add("a", {})


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    store = filled(tmp_path, 1)
    before = sorted(tmp_path.iterdir())

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_module.os, "fsync", full)
    store.add("b", streams(1))
    with pytest.raises(ConfigError, match="cannot be written: No space left on device"):
        store.flush()
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_that_cannot_be_made_is_an_error_of_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"contract\.json cannot be written: File exists"):
        FeatureStore(tmp_path / "file", CONTRACT)


def test_what_a_killed_process_left_is_removed_when_it_is_old(tmp_path):
    store = filled(tmp_path, 1)
    old, new = tmp_path / ".a.1.part", tmp_path / ".b.2.part"
    old.touch()
    new.touch()
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    store.add("b", streams(1))
    store.flush()
    assert not old.exists()
    assert new.exists()


def test_a_store_travels_to_another_process(tmp_path):
    store = filled(tmp_path, 4)
    store.get("片段/1 a")
    assert equal(pickle.loads(pickle.dumps(store)).get("片段/3 a"), streams(3))
