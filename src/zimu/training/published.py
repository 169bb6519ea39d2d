"""Pretrained weights by name: published files, fetched once and only when the user asks.

Source: the addresses are torchvision's; the eight digits in a file's name begin its SHA-256.
"""

from __future__ import annotations

import hashlib
import os
import re
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from urllib.error import URLError

import torch
from torch import Tensor

from zimu.errors import ConfigError

__all__ = ["PUBLISHED", "fetch", "read_weights", "weights_file"]

_HOME = "https://download.pytorch.org/models"

# name: address
PUBLISHED: dict[str, str] = {
    "resnet18": f"{_HOME}/resnet18-f37072fd.pth",
    "resnet34": f"{_HOME}/resnet34-b627a593.pth",
    "resnet50": f"{_HOME}/resnet50-0676ba61.pth",
    "resnet101": f"{_HOME}/resnet101-63fe2227.pth",
}

_CHUNK = 1 << 20
_TIMEOUT_S = 30.0
# No published file is as large; an answer without end must not fill the disk.
_LARGEST = 1 << 30


def weights_file(text: str) -> Path:
    """Return where weights lie on this computer; nothing is fetched.

    Args:
        text: A path, or a key of `PUBLISHED`.

    Raises:
        ConfigError: There is no such file, or the published one was not fetched yet.
    """
    if text not in PUBLISHED or Path(text).is_file():
        if Path(text).is_file():
            return Path(text)
        raise ConfigError(
            f"The weights {text} are not there. Set `weights` of the encoder to a local file, or, for "
            f"frames, to the name of published ones: {', '.join(PUBLISHED)}."
        )
    path = _cached(text)
    if not path.is_file():
        raise ConfigError(
            f"The published weights {text!r} are not on this computer, and nothing is fetched unasked. "
            f"`zimu train RECIPE --download` fetches {PUBLISHED[text]}; or set `weights` to a local file."
        )
    return path


def fetch(name: str, tell: Callable[[str], None] = lambda line: None) -> Path:
    """Fetch published weights, check their hash and keep them; return where they lie.

    Args:
        name: A key of `PUBLISHED`.
        tell: Is told in a line what is fetched from where.

    Raises:
        ConfigError: The file cannot be had, or is not the one that was published.
    """
    path, address = _cached(name), PUBLISHED[name]
    if path.is_file():
        return path
    tell(f"fetching {address} to {path}")
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = _download(address, beside)
        wanted = _digits(address)
        if not digest.startswith(wanted):
            raise ConfigError(
                f"{address} is not what was published: its SHA-256 begins with {digest[: len(wanted)]}, not "
                f"with {wanted}. It was deleted."
            )
        beside.replace(path)
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error.strerror or error
        raise ConfigError(f"{address} cannot be fetched: {reason}.") from error
    finally:
        beside.unlink(missing_ok=True)
    return path


def read_weights(path: Path) -> Mapping[str, Tensor]:
    """Return the tensors of a safetensors file, or of PyTorch's own format without running code of it.

    Raises:
        ConfigError: It is neither.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise ConfigError(f"The weights {path} hold more than tensors. Refused: it could be code.") from error
    except (SafetensorError, RuntimeError, ValueError, OSError, EOFError, KeyError) as error:
        raise ConfigError(f"The weights {path} cannot be read: {str(error).splitlines()[0]}") from error
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        raise ConfigError(f"The weights {path} are no table of tensors.")
    return found


def _cached(name: str) -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "zimu" / "weights" / PUBLISHED[name].rpartition("/")[2]


def _digits(address: str) -> str:
    match = re.search(r"-([0-9a-f]{8,64})\.[a-z]+$", address)
    assert match is not None, address  # the table is ours
    return match[1]


def _download(address: str, target: Path) -> str:
    """Write what an address holds to a file; return its SHA-256."""
    digest, size = hashlib.sha256(), 0
    with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer, target.open("wb") as file:
        while chunk := answer.read(_CHUNK):
            size += len(chunk)
            if size > _LARGEST:
                raise ConfigError(f"{address} is larger than any weights. It was deleted.")
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()
