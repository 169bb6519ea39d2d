from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from zimu.bundles.manifest import Bundle
from zimu.bundles.session import Graph
from zimu.cli.export import export as command
from zimu.data.manifest import Manifest, read_manifest
from zimu.errors import ConfigError
from zimu.model.encoders.efficientnet_lite import EfficientNetLite0
from zimu.training import quantise as room
from zimu.training.export import export
from zimu.training.loop import train
from zimu.training.quantise import keep_if_as_good, quantise
from zimu.training.recipes import load_recipe

SETTINGS = """
backbone = "efficientnet_lite0"
[training]
epochs = 1
batch_size = 3
"""


@pytest.fixture(scope="module")
def run(regions_folder: Callable[..., Path]) -> Path:
    """A run whose frozen frame encoder has random weights, on pictures of noise."""
    torch.manual_seed(0)
    folder = regions_folder(EfficientNetLite0(), SETTINGS)
    train(load_recipe(folder / "recipe.toml"), folder / "run")
    export(folder / "run", folder / "bundle")
    return folder / "run"


@pytest.fixture
def manifest(run: Path) -> Manifest:
    return read_manifest(run.parent / "manifest.jsonl")


@pytest.fixture
def bundle(run: Path, tmp_path: Path) -> Bundle:
    return Bundle(shutil.copytree(run.parent / "bundle", tmp_path / "bundle"))


def test_eight_bits_say_nearly_the_same_in_half_the_space(
    bundle: Bundle, manifest: Manifest, tmp_path: Path
) -> None:
    small = quantise(bundle, manifest.part("train").samples, tmp_path / "small")
    small.verify()
    # The exported graph is stored in float16.
    assert small.manifest.graphs["video"].bytes < 0.62 * bundle.manifest.graphs["video"].bytes
    frames = np.random.default_rng(1).uniform(-1, 1, (2, 3, 64, 64)).astype(np.float32)
    wanted = Graph(bundle, "video", 1)(frames=frames)["regions"]
    found = Graph(small, "video", 1)(frames=frames)["regions"]
    assert 0 < np.abs(found - wanted).mean() < 0.2 * wanted.std()


@pytest.mark.parametrize(
    ("metric", "after", "kept"),
    [
        ("cider_d", {"en": 0.995, "zh": 1.2}, True),
        ("cider_d", {"en": 1.5, "zh": 0.9}, False),
        ("wer", {"en": 0.9, "zh": 1.005}, True),
        ("wer", {"en": 0.5, "zh": 1.02}, False),
    ],
)
def test_eight_bits_stay_only_where_no_language_loses(
    bundle: Bundle,
    manifest: Manifest,
    monkeypatch: pytest.MonkeyPatch,
    metric: str,
    after: dict[str, float],
    kept: bool,
) -> None:
    monkeypatch.setattr(room, "_quantise_graph", lambda path, batches: path.write_bytes(b"smaller"))
    scores = iter([{"en": 1.0, "zh": 1.0}, after])
    monkeypatch.setattr(room, "_score", lambda *arguments: next(scores))
    found = keep_if_as_good(bundle, manifest, ["train"], "val", metric)
    assert (found.kept, found.int8_scores, found.split) == (kept, after, "val")
    size = Bundle(bundle.path).manifest.graphs["video"].bytes
    assert size == (found.int8_bytes if kept else found.float_bytes)
    assert [p.name for p in bundle.path.parent.iterdir()] == ["bundle"]


def test_the_command_prints_both_scores(run: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(command, [str(run), str(tmp_path / "made"), "--no-check", "--int8"])
    assert result.exit_code == 0, result.output
    assert "val cider_d en:" in result.output and "in eight bits" in result.output
    assert "kept" in result.output
    Bundle(tmp_path / "made").verify()


def test_a_bundle_without_a_frozen_encoder_is_refused(tiny_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no frozen frame encoder"):
        quantise(Bundle(tiny_bundle), [], tmp_path / "small")
    assert not list(tmp_path.iterdir())


def test_without_training_pictures_nothing_is_made(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no training picture"):
        quantise(bundle, [], tmp_path / "small")
    assert not (tmp_path / "small").exists()
