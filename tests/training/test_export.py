from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from zimu.bundles.manifest import Bundle
from zimu.bundles.session import OnnxStepper
from zimu.data.manifest import read_manifest
from zimu.errors import BundleError
from zimu.search.beam import SearchOptions
from zimu.streams import Stream, pad_streams
from zimu.training.card import card_of
from zimu.training.checkpoint import load_recipe_of
from zimu.training.export import check_parity, export, load_run, verify_run
from zimu.training.half import halve_precision
from zimu.training.loop import train
from zimu.training.recipes import YamNetRecipe, load_recipe
from zimu.training.stepper import TorchStepper


def clips(count: int, seed: int = 0) -> list[dict[str, Stream]]:
    """Clips of different lengths; every third lacks its sound, every fourth its pictures."""
    rng = np.random.default_rng(seed)

    def stream(length: int, *shape: int) -> Stream:
        values = rng.normal(size=(length, *shape)).astype(np.float32)
        return Stream(values, np.ones(length, np.bool_), np.arange(length) / 5)

    return [
        {
            "video": stream(0 if i % 4 == 3 else 1 + i % 4, 3, 24, 32),
            "audio": stream(0 if i % 3 == 2 else 20 + 7 * i, 64),
        }
        for i in range(count)
    ]


def test_the_bundle_writes_torch_s_captions_token_for_token(tiny_run: Path, tiny_bundle: Path) -> None:
    _, vocabulary, model = load_run(tiny_run)
    bundle = Bundle(tiny_bundle)
    halve_precision(model)
    assert check_parity(bundle, model, vocabulary, clips(10), SearchOptions(max_length=6)) == 20
    assert verify_run(tiny_run, bundle) == 4


def test_log_probabilities_and_attention_agree_with_torch(tiny_run: Path, tiny_bundle: Path) -> None:
    _, vocabulary, model = load_run(tiny_run)
    halve_precision(model)
    part = clips(3)
    batch = {n: pad_streams([c[n] for c in part]) for n in part[0]}
    ours, theirs = OnnxStepper(Bundle(tiny_bundle)), TorchStepper(model)
    tokens = np.full(3, vocabulary.start("zh"))
    ids, log_probs, state = ours.step(tokens, ours.start(batch))
    ids_torch, log_probs_torch, state_torch = theirs.step(tokens, theirs.start(batch))
    np.testing.assert_array_equal(ids[:, :5], ids_torch[:, :5])
    np.testing.assert_allclose(log_probs, log_probs_torch, atol=1e-4)
    assert state.attention is not None and state_torch.attention is not None
    np.testing.assert_allclose(state.attention, state_torch.attention, atol=1e-4)
    for name in ("hidden", "cell"):
        np.testing.assert_allclose(state.arrays[name], state_torch.arrays[name], atol=1e-4)


def test_a_bundle_that_writes_something_else_is_found_out(tiny_run: Path, tiny_bundle: Path) -> None:
    import torch

    _, vocabulary, model = load_run(tiny_run)
    with torch.no_grad():
        model.decoder.out.bias[:] = torch.arange(len(vocabulary), dtype=torch.float32)
    with pytest.raises(BundleError, match="torch wrote"):
        check_parity(Bundle(tiny_bundle), model, vocabulary, clips(4), SearchOptions(max_length=6))


def test_the_bundle_states_where_it_comes_from(tiny_bundle: Path) -> None:
    bundle = Bundle(tiny_bundle)
    bundle.verify()
    assert bundle.card() == "# tiny"
    assert b'"name": "tiny"' in bundle.file("recipe")
    assert bundle.manifest.streams == ("video", "audio")
    assert bundle.manifest.memory["audio"].stride == 4
    assert bundle.manifest.window.seconds == 2.0


def test_a_bundle_without_a_card_gets_one_that_says_whose_work_is_in_it(
    tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = export(tiny_run, tmp_path / "bundle").card()
    assert card.startswith("# tiny\n") and "Begins with" not in card
    counts = Counter(s.split for s in read_manifest(load_recipe_of(tiny_run).data.manifest))
    assert f": {counts['train']} train, {counts['val']} val." in card
    best = torch.load(tiny_run / "best.pt", weights_only=True)["scores"]
    assert f"cider_d {best['cider_d_zh']:.3f}" in card
    recipe = load_recipe_of(tiny_run)
    heard = YamNetRecipe(name="yamnet", weights="bundle:sounds")
    model = recipe.model.model_copy(
        update={"start": "describe", "encoders": {**recipe.model.encoders, "audio": heard}}
    )
    monkeypatch.setattr(
        "zimu.training.card.load_recipe_of", lambda run: recipe.model_copy(update={"model": model})
    )
    card = card_of(tiny_run)
    assert "the bundle `describe`, whose terms hold here too" in card
    assert "non-commercial research and education" in card and "\n## describe\n" in card
    assert "Apache-2.0, © 2016 The TensorFlow Authors" in card


def test_weights_are_stored_in_half_the_space(tiny_run: Path, tiny_bundle: Path) -> None:
    import onnx

    _, _, model = load_run(tiny_run)
    weights = sum(p.numel() for p in model.parameters())
    size = sum(e.bytes for e in Bundle(tiny_bundle).manifest.graphs.values())
    tensors = [
        t
        for name in ("encode", "step")
        for t in onnx.load(str(tiny_bundle / f"{name}.onnx")).graph.initializer
        if np.prod(t.dims) >= 256 and t.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
    ]
    assert tensors and all(t.data_type == onnx.TensorProto.FLOAT16 for t in tensors)
    assert size < 2.5 * weights + 100_000


@pytest.mark.parametrize("fusion", ["sum", "early", "hierarchical"])
def test_joined_moments_are_attended_as_moments_of_the_clip(
    fusion: str, tiny_run: Path, tmp_path: Path
) -> None:
    from zimu.captions.captioner import load

    text = (tiny_run.parent / "recipe.toml").read_text("utf-8")
    table = re.compile(r"\[model\.fusion\]\n(?:\w.*\n)*")
    (tmp_path / "recipe.toml").write_text(table.sub(f'[model.fusion]\nname = "{fusion}"\n', text), "utf-8")
    train(load_recipe(tmp_path / "recipe.toml", ["training.epochs=1"]), tmp_path / "run")
    bundle = export(tmp_path / "run", tmp_path / "bundle", card="# joined")
    video = next(tiny_run.parent.glob("*.mp4"))
    for caption in load(bundle.path).caption(video, language="en"):
        times, weights = caption.attention["clip"]
        assert weights.shape == (len(caption.tokens), len(times))
        np.testing.assert_allclose(weights.sum(1), 1, atol=1e-3)


def test_weights_that_happen_to_be_equal_keep_their_names(tiny_run: Path, tmp_path: Path) -> None:
    run = shutil.copytree(tiny_run, tmp_path / "run")
    best = torch.load(run / "best.pt", weights_only=True)
    alike = ("encoders.audio.norm.bias", "encoders.video.norm.bias")
    for name in alike:
        best["weights"][name] = torch.arange(len(best["weights"][name])) / 64.0
    torch.save(best, run / "best.pt")
    graph = onnx.load_from_string(export(run, tmp_path / "bundle").graph("encode"))
    kept = {i.name.removesuffix(".half") for i in graph.graph.initializer}
    assert {f"model.{name}" for name in alike} <= kept


def test_a_model_of_subwords_tells_whole_words(tiny_run: Path, tmp_path: Path) -> None:
    from zimu.captions.captioner import load

    settings = ['data.splitters={en="subwords", zh="characters"}', "data.subwords=24", "search.max_length=20"]
    train(load_recipe(tiny_run.parent / "recipe.toml", settings), tmp_path / "run")
    _, vocabulary, _ = load_run(tmp_path / "run")
    assert any(t.startswith("##") for t in vocabulary.tokens)
    bundle = export(tmp_path / "run", tmp_path / "bundle")
    assert verify_run(tmp_path / "run", bundle) == 4
    for caption in load(bundle.path).caption(next(tiny_run.parent.glob("*.mp4")), language="en"):
        assert caption.text.lower().split() == list(caption.tokens)
        assert len(caption.log_probs) == len(caption.tokens)
        assert all(len(weights) == len(caption.tokens) for _, weights in caption.attention.values())
