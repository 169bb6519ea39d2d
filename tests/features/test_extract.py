from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from zimu.errors import ConfigError, MediaError
from zimu.features.extract import Failure, extract
from zimu.features.spec import AudioSpec, FeatureContract
from zimu.features.store import FeatureStore
from zimu.streams import Stream

CONTRACT = FeatureContract(audio=AudioSpec())

# Worker processes must find `make` in a module; test files are in none.
MODULE = textwrap.dedent(
    """
    import sys, time
    from dataclasses import dataclass
    from functools import partial
    from pathlib import Path
    import numpy as np
    from zimu.errors import MediaError
    from zimu.features.extract import extract
    from zimu.features.spec import AudioSpec, FeatureContract
    from zimu.features.store import FeatureStore
    from zimu.streams import Stream

    @dataclass(frozen=True)
    class Row:
        id: str

    def make(row, log, pause_s):
        time.sleep(pause_s)
        with open(log, "a") as file:
            file.write(row.id + "\\n")
        if row.id.endswith("7"):
            raise MediaError(f"{row.id} cannot be read.")
        values = np.full((3, 2), int(row.id), np.float32)
        return {"audio": Stream(values, np.ones(3, np.bool_), np.arange(3.0))}

    def run(folder, log, jobs, pause_s, count):
        store = FeatureStore(folder, FeatureContract(audio=AudioSpec()), shard_samples=4)
        rows = [Row(str(number)) for number in range(count)]
        done = []
        failures = extract(rows, store, partial(make, log=log, pause_s=pause_s), jobs=jobs,
                           progress=lambda *at: done.append(at))
        return store, failures, done

    if __name__ == "__main__":
        run(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
    """
)


@pytest.fixture
def work(tmp_path, monkeypatch):
    (tmp_path / "extracting_rows.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "extracting_rows", raising=False)
    import extracting_rows

    yield extracting_rows
    sys.modules.pop("extracting_rows", None)


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


@pytest.mark.parametrize("jobs", [1, 2])
def test_everything_is_made_once_and_failures_are_listed(work, tmp_path, jobs):
    log = tmp_path / "log"
    store, failures, done = work.run(tmp_path / "store", log, jobs, 0, 20)
    assert sorted(lines(log), key=int) == [str(number) for number in range(20)]
    assert failures == [Failure("7", "7 cannot be read."), Failure("17", "17 cannot be read.")]
    assert done[0] == (0, 20)
    assert done[-1] == (20, 20)
    assert len(store) == 18
    assert store.get("11")["audio"].values[0, 0] == 11

    _, failures, done = work.run(tmp_path / "store", log, jobs, 0, 20)
    assert sorted(lines(log)[20:]) == ["17", "7"]  # only what failed is tried again
    assert [failure.sample for failure in failures] == ["7", "17"]
    assert done[0] == (0, 2)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_extraction_goes_on_where_it_was(work, tmp_path, jobs):
    """Issue 7: resume after a kill, never twice."""
    log, folder = tmp_path / "log", tmp_path / "store"
    command = [
        sys.executable,
        str(tmp_path / "extracting_rows.py"),
        str(folder),
        str(log),
        str(jobs),
        "0.03",
        "60",
    ]
    with subprocess.Popen(command, start_new_session=True) as process:
        until = time.monotonic() + 30
        while len(list(folder.glob("*.safetensors"))) < 3 and time.monotonic() < until:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    kept = set(FeatureStore(folder, CONTRACT))
    assert 9 <= len(kept) < 54
    before = lines(log)

    store, failures, _ = work.run(folder, log, jobs, 0, 60)
    assert not kept & set(lines(log)[len(before) :])
    assert len(store) == 54
    assert len(failures) == 6
    assert {row: store.get(row)["audio"].values[0, 0] for row in store} == {row: float(row) for row in store}


@dataclass(frozen=True)
class Row:
    name: str


def test_rows_may_be_identified_by_anything(tmp_path):
    store = FeatureStore(tmp_path, CONTRACT)
    stream = Stream(np.zeros((1, 1), np.float32), np.ones(1, np.bool_), np.zeros(1))
    assert extract([Row("a"), Row("b")], store, lambda row: {"audio": stream}, key=lambda row: row.name) == []
    assert list(store) == ["a", "b"]


def test_two_rows_of_one_id_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="1 of the 2 rows have the id of another row"):
        extract(["a", "a"], FeatureStore(tmp_path, CONTRACT), lambda row: {}, key=str)


def test_no_jobs_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="jobs is 0"):
        extract(["a"], FeatureStore(tmp_path, CONTRACT), lambda row: {}, key=str, jobs=0)


def test_a_row_without_streams_is_a_failure(tmp_path):
    failures = extract(["a"], FeatureStore(tmp_path, CONTRACT), lambda row: {}, key=str)
    assert failures == [Failure("a", "It has no stream that the contract asks for.")]


def test_a_bug_stops_the_run_but_keeps_what_was_finished(tmp_path):
    stream = Stream(np.zeros((1, 1), np.float32), np.ones(1, np.bool_), np.zeros(1))

    def make(row: str) -> dict[str, Stream]:
        return {"audio": stream} if row != "c" else {}["bug"]

    with pytest.raises(KeyError):
        extract(["a", "b", "c", "d"], FeatureStore(tmp_path, CONTRACT), make, key=str)
    assert list(FeatureStore(tmp_path, CONTRACT)) == ["a", "b"]


def test_a_worker_that_dies_is_told_with_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match=r"A worker process died .* run again with jobs=1"):
        extract([1, 2], FeatureStore(tmp_path / "store", CONTRACT), os._exit, jobs=2, key=str)


def test_only_errors_of_ours_are_failures(tmp_path):
    def make(row: str) -> dict[str, Stream]:
        raise MediaError("no")

    assert extract(["a"], FeatureStore(tmp_path, CONTRACT), make, key=str) == [Failure("a", "no")]
