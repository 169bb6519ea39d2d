from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zimu.errors import BundleError, ConfigError
from zimu.features.spec import AudioSpec, FeatureContract
from zimu.features.store import FeatureStore
from zimu.streams import Stream

CONTRACT = FeatureContract(audio=AudioSpec())


def stream(seed: int, length: int = 3) -> Stream:
    values = np.random.default_rng(seed).normal(size=(length, 4)).astype(np.float16)
    return Stream(values, np.arange(length) != 1, np.arange(length) / 10)


def same(a: Stream, b: Stream) -> bool:
    return all(np.array_equal(x, y) for x, y in ((a.values, b.values), (a.keep, b.keep), (a.times, b.times)))


def test_what_was_added_comes_back_in_another_process_too(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, CONTRACT)
    store.add("a/b@1", {"audio": stream(1), "video": stream(2, 0)})
    assert same(store.get("a/b@1")["audio"], stream(1))
    store.flush()
    again = FeatureStore(tmp_path, CONTRACT)
    assert again.missing(["a/b@1", "c"]) == ["c"]
    assert set(again.get("a/b@1")) == {"audio", "video"}
    assert same(again.get("a/b@1")["audio"], stream(1))
    assert again.get("a/b@1")["video"].values.shape == (0, 4)


def test_a_sample_is_never_taken_twice(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, CONTRACT)
    store.add("a", {"audio": stream(1)})
    with pytest.raises(ConfigError, match="holds features of 'a' already"):
        store.add("a", {"audio": stream(1)})


def test_another_contract_is_refused_with_both_shown(tmp_path: Path) -> None:
    FeatureStore(tmp_path, CONTRACT)
    other = FeatureContract(audio=AudioSpec(bands=40))
    with pytest.raises(BundleError) as caught:
        FeatureStore(tmp_path, other)
    assert CONTRACT.canonical() in str(caught.value) and other.canonical() in str(caught.value)


def test_a_killed_writer_loses_only_what_was_not_flushed(tmp_path: Path) -> None:
    code = f"""
import os, signal, numpy as np
from pathlib import Path
from zimu.features.spec import AudioSpec, FeatureContract
from zimu.features.store import FeatureStore
from zimu.streams import Stream
store = FeatureStore(Path({str(tmp_path)!r}), FeatureContract(audio=AudioSpec()))
for i in range(600):
    store.add(str(i), {{"audio": Stream(np.full((2, 4), i, np.float32), np.ones(2, bool), np.zeros(2))}})
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    store = FeatureStore(tmp_path, CONTRACT)
    missing = store.missing([str(i) for i in range(600)])
    assert missing == [str(i) for i in range(500, 600)]
    for i in missing:
        store.add(i, {"audio": stream(int(i))})
    store.flush()
    assert store.get("499")["audio"].values[0, 0] == 499
    assert FeatureStore(tmp_path, CONTRACT).missing([str(i) for i in range(600)]) == []


def test_two_writers_fill_one_store(tmp_path: Path) -> None:
    one, two = FeatureStore(tmp_path, CONTRACT), FeatureStore(tmp_path, CONTRACT)
    one.add("a", {"audio": stream(1)})
    two.add("b", {"audio": stream(2)})
    one.flush()
    two.flush()
    one.refresh()
    assert same(one.get("b")["audio"], stream(2))


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no features of 'x'"):
        FeatureStore(tmp_path, CONTRACT).get("x")
