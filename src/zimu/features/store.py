"""Arrays on disk: extracted once, never twice, and only read under the contract that they were made by.

A store is a folder of safetensors shards beside `contract.json`. A shard appears whole or not at all (written
beside, renamed), under a name that no other writer takes, so several processes may fill one store, and one that is
killed loses at most the shard it was filling.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from zimu.errors import ConfigError
from zimu.features.spec import FeatureContract, check_same
from zimu.streams import Stream

__all__ = ["FeatureStore"]

_SAMPLES = 250
_BYTES = 64 << 20
_Arrays = dict[str, npt.NDArray[Any]]


class FeatureStore:
    """Streams by the id of their sample.

    Args:
        folder: Made if it is not there.
        contract: What the arrays are made by.

    Raises:
        BundleError: The folder holds arrays of another contract; both are shown.
        ConfigError: The folder's contract cannot be read.
    """

    def __init__(self, folder: Path, contract: FeatureContract) -> None:
        self.folder, self.contract = folder, contract
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / "contract.json"
        if kept.exists():
            try:
                found = FeatureContract.model_validate_json(kept.read_text("utf-8"))
            except (ValidationError, UnicodeDecodeError) as error:
                raise ConfigError(f"{kept} is damaged. Delete the folder and extract again.") from error
            check_same(found, contract, str(folder))
        else:
            _write_beside(kept, contract.canonical().encode())
        self._shard_of: dict[str, Path] = {}
        self._streams: dict[str, list[str]] = {}
        self._open: dict[Path, Any] = {}
        self._pending: dict[str, Mapping[str, Stream]] = {}
        self._bytes = 0
        self.refresh()

    def refresh(self) -> None:
        """Take in the shards that other processes have written."""
        known = set(self._shard_of.values())
        for shard in sorted(self.folder.glob("*.safetensors")):
            if shard not in known:
                self._take(shard)

    def missing(self, ids: Iterable[str]) -> list[str]:
        """Return those of the ids that the store does not hold."""
        return [i for i in ids if i not in self._shard_of and i not in self._pending]

    def add(self, sample: str, streams: Mapping[str, Stream]) -> None:
        """Take a sample's streams in; they are on disk after `flush`, or when a shard is full.

        Args:
            sample: The id; adding it again replaces nothing and is refused.
            streams: {name: stream}.

        Raises:
            ConfigError: The id is there already.
        """
        if not self.missing([sample]):
            raise ConfigError(f"{self.folder} holds features of {sample!r} already.")
        self._pending[sample] = dict(streams)
        self._bytes += sum(s.values.nbytes for s in streams.values())
        if len(self._pending) >= _SAMPLES or self._bytes >= _BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is pending as one shard."""
        if not self._pending:
            return
        from safetensors.numpy import save

        arrays: _Arrays = {}
        for sample, streams in self._pending.items():
            for name, stream in streams.items():
                arrays[f"{name}/values/{sample}"] = np.ascontiguousarray(stream.values)
                arrays[f"{name}/keep/{sample}"] = stream.keep
                arrays[f"{name}/times/{sample}"] = np.ascontiguousarray(stream.times)
        shard = self.folder / f"{secrets.token_hex(8)}.safetensors"
        _write_beside(shard, save(arrays, {"contract": self.contract.hash}))
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
            raise ConfigError(f"{self.folder} holds no features of {sample!r}.")
        shard = self._reader(self._shard_of[sample])
        return {
            name: Stream(
                *(shard.get_tensor(f"{name}/{part}/{sample}") for part in ("values", "keep", "times"))
            )
            for name in self._streams[sample]
        }

    def _reader(self, shard: Path) -> Any:
        from safetensors import safe_open

        if shard not in self._open:
            self._open[shard] = safe_open(shard, "np")
        return self._open[shard]

    def _take(self, shard: Path) -> None:
        reader = self._reader(shard)
        if (reader.metadata() or {}).get("contract") != self.contract.hash:
            raise ConfigError(f"{shard} was made under another contract than its folder. Delete it.")
        for key in reader.keys():
            name, part, sample = key.split("/", 2)
            if part == "values" and self._shard_of.setdefault(sample, shard) == shard:
                self._streams.setdefault(sample, []).append(name)


def _write_beside(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
