from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from zimu.bundles.session import Graph
from zimu.data.manifest import read_manifest
from zimu.errors import ConfigError
from zimu.features.store import FeatureStore
from zimu.model.encoders.resnet import ResNet
from zimu.model.encoders.tail import cut, regions_of
from zimu.training import extraction
from zimu.training.export import export, load_run, verify_run
from zimu.training.extraction import contract_of
from zimu.training.loop import train
from zimu.training.recipes import Recipe, load_recipe
from zimu.training.stages import epochs_of, stage_at

SETTINGS = """
backbone = "resnet18"
tuned = 2
[training]
epochs = 1
batch_size = 2
warmup_steps = 0
learning_rate = 0.01
[tuning]
epochs = 2
learning_rate = 0.01
warmup_steps = 0
"""


@pytest.fixture(scope="module")
def folder(regions_folder: Callable[..., Path]) -> Path:
    """Pictures of noise, a frame encoder of random weights, a recipe that tunes its last two blocks."""
    torch.manual_seed(0)
    folder = regions_folder(ResNet(18, classes=5), SETTINGS)
    train(load_recipe(folder / "recipe.toml"), folder / "run")
    return folder


@pytest.fixture
def recipe(folder: Path) -> Recipe:
    return load_recipe(folder / "recipe.toml")


def tail_after(recipe: Recipe, out: Path, steps: int) -> dict[str, torch.Tensor]:
    train(recipe, out, max_steps=steps)
    kept = torch.load(out / "last.pt", weights_only=True)["weights"]
    return {k: v for k, v in kept.items() if ".tail." in k}


def test_the_tail_stands_still_in_the_first_stage_and_learns_in_its_own(
    recipe: Recipe, tmp_path: Path
) -> None:
    _, published = cut(_published(recipe).blocks(), 2)
    first = tail_after(recipe, tmp_path, 2)
    assert len(first) == len(published.state_dict()) > 0
    for name, value in published.state_dict().items():
        assert torch.equal(first[f"encoders.video.tail.{name}"], value)
    second = tail_after(recipe, tmp_path, 2)
    moved = {k for k in first if not torch.equal(first[k], second[k])}
    assert {k for k in first if "conv" in k} <= moved
    assert not any("running" in k or "num_batches" in k for k in moved)


def _published(recipe: Recipe) -> ResNet:
    from zimu.training.pretrained import load_backbone

    backbone = load_backbone(recipe.model.encoders["video"])  # type: ignore[arg-type]
    assert isinstance(backbone, ResNet)
    return backbone


@pytest.mark.parametrize("stops", [[3], [1, 1, 1, 1]])
def test_a_run_stopped_around_the_change_of_stage_ends_with_the_same_weights(
    recipe: Recipe, folder: Path, tmp_path: Path, stops: list[int]
) -> None:
    for steps in stops:
        train(recipe, tmp_path, max_steps=steps)
    train(recipe, tmp_path)
    straight, resumed = (
        torch.load(p / "last.pt", weights_only=True)["weights"] for p in (folder / "run", tmp_path)
    )
    assert [n for n in straight if not torch.equal(straight[n], resumed[n])] == []


def test_the_bundle_carries_the_tail_that_was_trained_and_writes_what_torch_writes(
    recipe: Recipe, folder: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(folder / "run", tmp_path / "run")
    shutil.copy(run / "last.pt", run / "best.pt")
    bundle = export(run, tmp_path / "bundle")
    assert verify_run(run, bundle) == 2
    frames = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    found = Graph(bundle, "video", 1)(frames=frames.numpy())["regions"]
    _, _, model = load_run(run)
    front, untrained = cut(_published(recipe).eval().blocks(), 2)
    with torch.no_grad():
        maps = front(frames)
        trained = regions_of(model.encoders["video"].tail(maps))  # type: ignore[operator]
        before = regions_of(untrained(maps))
    np.testing.assert_allclose(found, trained.numpy(), atol=0.02 * trained.std().item())
    assert np.abs(found - before.numpy()).max() > 0.1 * trained.std().item()


def test_a_cut_network_is_the_whole_network() -> None:
    torch.manual_seed(0)
    whole = ResNet(18).eval()
    frames = torch.rand(1, 3, 64, 96)
    front, tail = cut(whole.blocks(), 3)
    torch.testing.assert_close(regions_of(tail(front(frames))), whole.regions(frames))
    front, tail = cut(whole.blocks(), 9)
    assert front(frames) is frames
    torch.testing.assert_close(regions_of(tail(frames)), whole.regions(frames))
    with pytest.raises(ConfigError, match="has 9 blocks, of which 10 cannot be tuned"):
        cut(whole.blocks(), 10)


WHOLE = [f"model.encoders.video.{k}" for k in ("tuned=9", "part=0.6", "mirror=true", "light=0.1")]


def test_a_whole_encoder_is_tuned_on_new_views_of_the_stored_pictures(folder: Path, tmp_path: Path) -> None:
    recipe = load_recipe(folder / "recipe.toml", WHOLE)
    run = tmp_path / "run"
    train(recipe, run)
    store = FeatureStore(run / "features", contract_of(recipe))
    stored = store.get("0")["video"].values
    pictures = np.frombuffer((folder / "0.ppm").read_bytes()[13:], np.uint8).reshape(64, 64, 3)
    # Half precision holds all of (value - 127) / 128.
    assert np.array_equal(stored[0].astype(np.float32), (pictures.transpose(2, 0, 1) - 127.0) / 128.0)
    resumed = tmp_path / "resumed"
    for steps in (1, 4, 0):
        train(recipe, resumed, max_steps=steps or None)
    straight, again = (torch.load(p / "last.pt", weights_only=True)["weights"] for p in (run, resumed))
    assert [n for n in straight if not torch.equal(straight[n], again[n])] == []
    published = cut(_published(recipe).blocks(), 9)[1].state_dict()
    still = [n for n, v in published.items() if torch.equal(v, straight[f"encoders.video.tail.{n}"])]
    assert still and all(n.endswith(("running_mean", "running_var", "num_batches_tracked")) for n in still)
    bundle = export(run, tmp_path / "bundle")
    assert verify_run(run, bundle) == 2


def test_several_processes_store_what_one_stores(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extraction, "_WORTH", 1)
    recipe = load_recipe(folder / "recipe.toml", ["model.encoders.video.views=4"])
    samples = list(read_manifest(folder / "manifest.jsonl"))
    told: list[tuple[int, int]] = []
    stores = []
    for jobs in (1, 2):
        store = FeatureStore(tmp_path / str(jobs), contract_of(recipe))
        extraction.extract_samples(recipe, samples, store, all_views=False)  # the plain view is there
        extraction.extract_samples(
            recipe, samples, store, all_views=True, jobs=jobs, progress=lambda *at: told.append(at)
        )
        stores.append(store)
    assert set(stores[0]) == set(stores[1]) and len(stores[0]) == 4 * len(samples)
    for key in stores[0]:
        one, other = (store.get(key)["video"].values.astype(np.float32) for store in stores)
        np.testing.assert_allclose(one, other, atol=0.02 * one.std())
    assert told[-1] == (len(samples), len(samples))


def test_samples_that_cannot_be_used_are_told_together(folder: Path, tmp_path: Path) -> None:
    recipe = load_recipe(folder / "recipe.toml")
    gone = {"video": tmp_path / "none.png"}
    samples = [
        replace(s, media=gone) if s.id in ("1", "3") else s for s in read_manifest(folder / "manifest.jsonl")
    ]
    store = FeatureStore(tmp_path / "store", contract_of(recipe))
    with pytest.raises(ConfigError, match=r"2 of 6 samples cannot be used, the first is '1': .*none\.png"):
        extraction.extract_samples(recipe, samples, store, all_views=False)
    assert set(store) == {"0", "2", "4", "5"}


def test_pictures_that_change_need_every_block_tuned(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="2 of 9 blocks of resnet18 are tuned"):
        train(load_recipe(folder / "recipe.toml", WHOLE[1:]), tmp_path)


def test_every_stage_has_its_own_rate(recipe: Recipe) -> None:
    critical = recipe.self_critical.model_copy(update={"epochs": 1, "learning_rate": 0.5, "warmup_steps": 1})
    full = recipe.model_copy(update={"self_critical": critical})
    names = [stage_at(full, epoch).name for epoch in range(epochs_of(full))]
    assert names == ["teacher", "tuning", "tuning", "critical"]
    rates = [stage_at(full, e).rate(full, e, s, 2) for e in range(4) for s in range(2)]
    assert rates[0] == 0.01 and rates[2] == 0.01 and rates[6] == 0.5
    assert rates[2:6] == sorted(rates[2:6], reverse=True)


def test_a_tuning_stage_without_blocks_to_tune_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="the blocks that learn"):
        load_recipe(folder / "recipe.toml", ["model.encoders.video.tuned=0"])
    with pytest.raises(ConfigError, match="does not go with the fusion"):
        load_recipe(folder / "recipe.toml", ['model.fusion.name="early"'])
