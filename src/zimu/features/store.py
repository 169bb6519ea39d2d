"""Arrays on disk: extracted once, never twice, and only read under the contract that they were made by.

A store is a folder of safetensors shards beside `contract.json`. A shard appears whole or not at all (written
beside, renamed), under a name that no other writer takes, so several processes may fill one store, and one
that is killed loses at most the shard it was filling. The headers of the shards are the index: nothing else
could disagree with them.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.errors import BundleError, ConfigError
from zimu.features.spec import FeatureContract, check_same
from zimu.records import RecordError
from zimu.streams import Stream

__all__ = ["FeatureStore"]

_SAMPLES = 250
_BYTES = 64 << 20

# What a killed process left unfinished is removed when it is this old: no shard takes so long to write.
_STALE_S = 3600

_PARTS = ("values", "keep", "times")
_Arrays = dict[str, npt.NDArray[Any]]


class FeatureStore:
    """Streams by the id of their sample.

    Args:
        folder: Made if it is not there.
        contract: What the arrays are made by.
        shard_samples: Samples a shard, at most.

    Raises:
        BundleError: The folder holds arrays of another contract (both are shown) or a damaged shard.
        ConfigError: The folder's contract cannot be read, or nothing can be written there.
    """

    def __init__(
        self, folder: str | os.PathLike[str], contract: FeatureContract, *, shard_samples: int = _SAMPLES
    ) -> None:
        self.folder, self.contract, self.shard_samples = Path(folder), contract, shard_samples
        self._check_contract()
        self._shard_of: dict[str, Path] = {}
        self._streams: dict[str, list[str]] = {}
        self._open: dict[Path, Any] = {}
        self._pending: dict[str, Mapping[str, Stream]] = {}
        self._bytes = 0
        self.refresh()

    def __len__(self) -> int:
        return len(self._shard_of) + len(self._pending)

    def __contains__(self, sample: object) -> bool:
        return sample in self._shard_of or sample in self._pending

    def __iter__(self) -> Iterator[str]:
        yield from self._shard_of
        yield from self._pending

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": {}}  # open files do not travel between processes

    def refresh(self) -> None:
        """Take in the shards that other processes have written.

        Raises:
            BundleError: A shard is damaged, or of another contract.
        """
        known = set(self._shard_of.values())
        for shard in sorted(self.folder.glob("*.safetensors")):
            if shard not in known:
                self._take(shard)

    def missing(self, ids: Iterable[str]) -> list[str]:
        """Return those of the ids that the store does not hold, each once, in their order."""
        return [sample for sample in dict.fromkeys(ids) if sample not in self]

    def add(self, sample: str, streams: Mapping[str, Stream]) -> None:
        """Take a sample's streams in; they are on disk after `flush`, or when a shard is full.

        Args:
            sample: The id; adding it again replaces nothing and is refused.
            streams: {name: stream}.

        Raises:
            ConfigError: The id is there already, there is no stream, or the shard cannot be written.
        """
        if sample in self:
            raise ConfigError(f"{self.folder} holds features of {sample!r} already.")
        if not streams:
            raise ConfigError(f"{sample!r} has no stream to keep.")
        self._pending[sample] = dict(streams)
        self._bytes += sum(s.values.nbytes for s in streams.values())
        if len(self._pending) >= self.shard_samples or self._bytes >= _BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is pending as one shard.

        Raises:
            ConfigError: It cannot be written; nothing of it is left.
        """
        if not self._pending:
            return
        from safetensors.numpy import save

        arrays: _Arrays = {}
        for sample, streams in self._pending.items():
            for name, stream in streams.items():
                for part in _PARTS:
                    arrays[f"{name}/{part}/{sample}"] = np.ascontiguousarray(getattr(stream, part))
        shard = self.folder / f"{secrets.token_hex(8)}.safetensors"
        self._write(shard, save(arrays, {"contract": self.contract.hash}))
        self._take(shard)
        self._pending, self._bytes = {}, 0

    def get(self, sample: str) -> dict[str, Stream]:
        """Return a sample's streams.

        Raises:
            ConfigError: The store does not hold it.
        """
        if sample in self._pending:
            return dict(self._pending[sample])
        if sample not in self._shard_of:
            raise ConfigError(f"{self.folder} holds no features of {sample!r}. Extract them first.")
        shard = self._reader(self._shard_of[sample])
        return {
            name: Stream(*(shard.get_tensor(f"{name}/{part}/{sample}") for part in _PARTS))
            for name in self._streams[sample]
        }

    def _check_contract(self) -> None:
        kept = self.folder / "contract.json"
        if not kept.exists():
            self._write(kept, self.contract.canonical().encode())
            return
        try:
            found = FeatureContract.model_validate_json(kept.read_text("utf-8"))
        except (RecordError, UnicodeDecodeError) as error:
            raise ConfigError(f"{kept} is damaged. Delete the folder and extract again.") from error
        check_same(found, self.contract, str(self.folder))

    def _reader(self, shard: Path) -> Any:
        from safetensors import SafetensorError, safe_open

        if shard not in self._open:
            try:
                self._open[shard] = safe_open(shard, "np")
            except (SafetensorError, OSError) as error:
                raise BundleError(
                    f"{shard} is damaged ({error}). Delete it; its samples are extracted again."
                ) from error
        return self._open[shard]

    def _take(self, shard: Path) -> None:
        reader = self._reader(shard)
        found = (reader.metadata() or {}).get("contract")
        if found != self.contract.hash:
            raise BundleError(
                f"{shard} was made under contract {found}, its folder is of {self.contract.hash}. Delete it; "
                "its samples are extracted again."
            )
        for key in reader.keys():  # noqa: SIM118 -- the reader is no mapping  # noqa: SIM118 (it is no mapping)
            name, part, sample = key.split("/", 2)
            if part == "values" and self._shard_of.setdefault(sample, shard) == shard:
                self._streams.setdefault(sample, []).append(name)

    def _write(self, path: Path, content: bytes) -> None:
        """Write a file beside its place, then move it there: it appears whole or not at all."""
        beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for left in self.folder.glob(".*.part"):
                if left.stat().st_mtime < time.time() - _STALE_S:
                    left.unlink(missing_ok=True)
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as error:
            raise ConfigError(
                f"{path} cannot be written: {error.strerror or error}. Nothing of it is left; what was "
                "finished before is kept."
            ) from error
        finally:
            with suppress(OSError):  # the error above is the one to tell
                beside.unlink()
