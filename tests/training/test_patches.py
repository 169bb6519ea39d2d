"""YAMNet as the sound encoder of a caption model: frozen, tuned at the end, taken from a file or a bundle."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from zimu.bundles.manifest import Bundle
from zimu.bundles.session import Graph
from zimu.captions.captioner import load
from zimu.errors import BundleError, ConfigError
from zimu.features.spec import YAMNET_SPEC
from zimu.model.encoders.patches import PatchEncoder
from zimu.model.encoders.yamnet import YamNet
from zimu.model.steps import Steps
from zimu.training.export import export, load_run, verify_run
from zimu.training.half import halve_precision
from zimu.training.loop import train
from zimu.training.pretrained import load_yamnet
from zimu.training.recipes import Recipe, load_recipe

SOUND = re.compile(r"\[model\.encoders\.audio\]\n(?:\w.*\n)*")
ENCODER = '[model.encoders.audio]\nname = "yamnet"\nweights = "WEIGHTS"\ntuned = 2\ncontext = 1\n'
TUNING = "[tuning]\nepochs = 1\nlearning_rate = 0.01\nwarmup_steps = 0\n"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the names and sizes of the published weights, and random numbers."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("yamnet") / "yamnet.safetensors"
    save_file({n: v.half() for n, v in YamNet().state_dict().items()}, path)
    return path


@pytest.fixture(scope="module")
def text(tiny_run: Path, published: Path) -> str:
    """The recipe of the tiny model, its sound heard by YAMNet."""
    recipe = (tiny_run.parent / "recipe.toml").read_text("utf-8")
    recipe = SOUND.sub(ENCODER.replace("WEIGHTS", published.as_posix()), recipe)
    return recipe.replace("[audio]\n", '[audio]\nkind = "patches"\npatch_hop = 24\n') + TUNING


def read(folder: Path, text: str, settings: Sequence[str] = ()) -> Recipe:
    (folder / "recipe.toml").write_text(text, "utf-8")
    return load_recipe(folder / "recipe.toml", settings)


@pytest.fixture(scope="module")
def run(text: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train(read(folder, text), folder / "run")
    return folder / "run"


def weights(path: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["weights"]
    return {n.removeprefix("encoders.audio."): v for n, v in found.items()}


def test_each_patch_becomes_what_yamnet_makes_of_it(published: Path) -> None:
    whole = load_yamnet(published)
    encoder = PatchEncoder(12, tuned=3).load(whole).eval()
    patches = torch.randn(2, 3, 96, 64)
    keep = torch.tensor([[True, True, True], [True, False, False]])
    with torch.no_grad():
        found = encoder(Steps(patches, keep, torch.zeros(2, 3)))
        wanted = encoder.norm(encoder.project(whole(patches, keep)[0]))
    torch.testing.assert_close(found.values[keep], wanted[keep])
    assert not found.values[~keep].any()


def test_only_the_last_layers_learn_and_only_in_their_stage(
    text: str, published: Path, run: Path, tmp_path: Path
) -> None:
    train(read(tmp_path, text), tmp_path / "run", max_steps=4)  # both epochs of the first stage
    before, after = weights(tmp_path / "run" / "last.pt"), weights(run / "last.pt")
    blocks = load_yamnet(published).blocks()
    start = {
        f"{'tail' if i >= 12 else 'front'}.{i if i < 12 else i - 12}.{n}": v
        for i, block in enumerate(blocks)
        for n, v in block.state_dict().items()
    }
    assert all(torch.equal(before[n], v) for n, v in start.items())
    learned = {n for n, v in start.items() if not torch.equal(after[n], v)}
    assert learned and learned <= {n for n in start if n.startswith("tail.")}
    assert {n for n in start if n.startswith("tail.") and "weight" in n} <= learned


def test_a_run_that_was_stopped_ends_with_the_same_weights(text: str, run: Path, tmp_path: Path) -> None:
    recipe = read(tmp_path, text)
    for steps in (1, 4, None):
        train(recipe, tmp_path / "run", max_steps=steps)
    straight, resumed = weights(run / "last.pt"), weights(tmp_path / "run" / "last.pt")
    assert [n for n in straight if not torch.equal(straight[n], resumed[n])] == []


def test_the_bundle_hears_what_torch_hears_and_captions_a_video(
    run: Path, tiny_run: Path, tmp_path: Path
) -> None:
    bundle = export(run, tmp_path / "bundle", card="# tiny")
    assert verify_run(run, bundle) == 4
    assert bundle.manifest.contract.encoders == {}  # nothing of it is stored outside the model
    _, _, model = load_run(run)
    halve_precision(model)
    torch.manual_seed(3)
    patches, times = 2 * torch.randn(2, 5, 96, 64) - 4, torch.arange(5.0).expand(2, -1)
    sound = Steps(patches, torch.tensor([[True] * 5, [True] * 3 + [False] * 2]), times)
    frames = Steps(torch.rand(2, 2, 3, 24, 32), torch.ones(2, 2, dtype=torch.bool), times[:, :2])
    streams = {"video": frames, "audio": sound}
    given = {
        f"{stream}{end}": array.numpy()
        for stream, steps in streams.items()
        for end, array in zip(("", "_keep", "_times"), steps, strict=True)
    }
    found = Graph(bundle, "encode", 1)(**given)["values"]
    with torch.no_grad():
        memory = model.encode(streams)
        np.testing.assert_allclose(
            found, model.decoder.start(memory.values, memory.keep)[0].values, atol=1e-4
        )
    captions = load(bundle.path).caption(next(tiny_run.parent.glob("*.mp4")), language="zh")
    assert captions
    for caption in captions:
        times, attended = caption.attention["audio"]
        assert attended.shape == (len(caption.tokens), len(times))


def test_the_shipped_tagger_lends_its_network(shared: Path) -> None:
    file = load_yamnet(shared / "weights" / "yamnet_folded_fp16.safetensors").state_dict()
    lent = load_yamnet("bundle:sounds").state_dict()
    assert lent.keys() == file.keys()
    for name, value in file.items():
        assert (lent[name] - value).abs().max() <= 2**-10 * value.abs().max()


def test_a_bundle_without_the_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="'describe' has no network that names sounds"):
        load_yamnet("bundle:describe")
    other = {n: v for n, v in YamNet().state_dict().items() if not n.startswith("layer9")}
    monkeypatch.setattr("zimu.training.starting._parameters", lambda bundle, graph: other)
    with pytest.raises(BundleError, match="another network than YAMNet"):
        load_yamnet("bundle:sounds")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ('audio={kind="log_mel"}', '`yamnet` knows sound as it learned it: kind = "patches"'),
        ('audio={kind="patches", bands=80}', "`yamnet` knows sound as it learned it"),
        ('model.encoders.audio={name="wavenet"}', "`wavenet` takes log_mel or waveform"),
        ('model.encoders.video={name="wavenet"}', "'wavenet' does not read video"),
        ('model.fusion={name="early"}', "`yamnet` does not go with the fusion `early`"),
        ("training.augment.holes=2", "`training.augment.holes` are holes in log_mel"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_read(
    text: str, tmp_path: Path, setting: str, told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text, [setting])
    assert told in str(caught.value)


def test_more_layers_than_there_are_cannot_be_tuned(text: str, tmp_path: Path) -> None:
    recipe = read(tmp_path, text, ["model.encoders.audio.tuned=15"])
    with pytest.raises(ConfigError, match="has 14 blocks, of which 15 cannot be tuned"):
        train(recipe, tmp_path / "run")


def test_patches_are_those_of_the_tagger() -> None:
    assert Bundle(Path(__file__).parents[2] / "bundles" / "sounds").manifest.contract.audio == YAMNET_SPEC
