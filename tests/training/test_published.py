from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from zimu.errors import ConfigError
from zimu.model.encoders.resnet import ResNet
from zimu.training import published
from zimu.training.pretrained import load_backbone
from zimu.training.published import fetch, read_weights, weights_file
from zimu.training.recipes import RegionsRecipe


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the publisher, with the weights of a ResNet-18 named by their hash."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    plain = tmp_path / "plain.pth"
    torch.manual_seed(0)
    torch.save(ResNet(18, classes=3).state_dict(), plain)
    digits = hashlib.sha256(plain.read_bytes()).hexdigest()[:8]
    path = plain.rename(tmp_path / f"resnet18-{digits}.pth")
    monkeypatch.setitem(published.PUBLISHED, "resnet18", path.as_uri())
    return path


def test_published_weights_are_fetched_when_asked_for_and_only_once(server: Path) -> None:
    with pytest.raises(ConfigError, match="--download"):
        weights_file("resnet18")
    lines: list[str] = []
    path = fetch("resnet18", lines.append)
    assert lines == [f"fetching {server.as_uri()} to {path}"]
    server.unlink()
    assert fetch("resnet18", lines.append) == path == weights_file("resnet18") and len(lines) == 1
    recipe = RegionsRecipe(name="regions", backbone="resnet18", weights="resnet18")
    loaded = load_backbone(recipe).state_dict()
    assert torch.equal(loaded["conv1.weight"], read_weights(path)["conv1.weight"])


def test_a_file_that_is_not_the_published_one_is_refused_and_deleted(server: Path) -> None:
    server.write_bytes(server.read_bytes() + b"!")
    with pytest.raises(ConfigError, match="is not what was published"):
        fetch("resnet18")
    server.unlink()
    with pytest.raises(ConfigError, match="cannot be fetched"):
        fetch("resnet18")
    folder = server.parent / "cache" / "zimu" / "weights"
    assert not list(folder.iterdir())


def test_every_published_address_is_encrypted_and_carries_its_hash() -> None:
    for address in published.PUBLISHED.values():
        assert address.startswith("https://") and len(published._digits(address)) >= 8


def test_local_files_are_read_in_both_formats_and_never_run(tmp_path: Path) -> None:
    tensors = {"a": torch.arange(3.0)}
    save_file(tensors, tmp_path / "a.safetensors")
    torch.save(tensors, tmp_path / "a.pth")
    for name in ("a.safetensors", "a.pth"):
        assert torch.equal(read_weights(weights_file(str(tmp_path / name)))["a"], tensors["a"])
    torch.save({"a": Path("x")}, tmp_path / "code.pth")
    with pytest.raises(ConfigError, match="Refused"):
        read_weights(tmp_path / "code.pth")
    (tmp_path / "b.safetensors").write_text("no tensors")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_weights(tmp_path / "b.safetensors")
    with pytest.raises(ConfigError, match="are not there"):
        weights_file(str(tmp_path / "nowhere.safetensors"))
