"""A model that begins with a bundle: the shipped describer's weights, words and frame encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from zimu.bundles.manifest import Bundle, find_bundle
from zimu.bundles.session import Graph
from zimu.errors import BundleError, ConfigError
from zimu.search.beam import SearchOptions
from zimu.streams import Stream
from zimu.text.vocabulary import Vocabulary
from zimu.training import starting
from zimu.training.building import build_backbone, build_model
from zimu.training.export import check_parity
from zimu.training.extraction import contract_of
from zimu.training.pretrained import load_backbone
from zimu.training.recipes import Recipe, RegionsRecipe, load_recipe
from zimu.training.starting import extend_vocabulary, load_blocks, load_start

OWN = Path("src/zimu/training/own.toml")


@pytest.fixture(scope="module")
def describe() -> Bundle:
    return find_bundle("describe")


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """The recipe for own videos, without sound, which the describer does not have."""
    root = Path(__file__).resolve().parents[2]
    own = load_recipe(root / OWN)
    encoders = {"video": own.model.encoders["video"]}
    training = own.training.model_copy(update={"absent": {}})
    return own.model_copy(
        update={"model": own.model.model_copy(update={"encoders": encoders}), "training": training}
    )


def test_a_model_that_was_not_trained_on_writes_what_the_bundle_writes(
    recipe: Recipe, describe: Bundle
) -> None:
    vocabulary = describe.vocabulary()
    model = build_model(recipe, len(vocabulary)).eval()
    assert load_start(model, vocabulary, describe) == len(model.state_dict()) - 1  # the tied rows count once
    rng = np.random.default_rng(0)
    values = np.maximum(rng.normal(0, 1, (4, 1, 49, 1280)), 0).astype(np.float16).astype(np.float32)
    clips = [{"video": Stream(v, np.ones(1, np.bool_), np.zeros(1))} for v in values]
    options = SearchOptions(beam_size=2, length_penalty=0.9, max_length=12, min_length=4)
    assert check_parity(describe, model, vocabulary, clips, options) == 8


def test_frames_become_the_regions_that_the_bundle_makes_of_them(recipe: Recipe, describe: Bundle) -> None:
    encoder = recipe.model.encoders["video"]
    assert isinstance(encoder, RegionsRecipe)
    frames = np.random.default_rng(1).normal(0, 1, (2, 3, 224, 224)).astype(np.float32)
    backbone = load_backbone(encoder)
    with torch.no_grad():
        regions = backbone.regions(torch.from_numpy(frames)).numpy()
    wanted = Graph(describe, "video")(frames=frames)["regions"]
    assert np.abs(regions - wanted).max() < 1e-3 * np.abs(wanted).max()
    assert describe.manifest.graphs["video"].sha256[:12] in contract_of(recipe).encoders["video"]


def test_a_frame_encoder_of_which_a_part_is_missing_is_refused(
    describe: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle whose encoder was never tuned names its parameters as the encoder does."""
    whole = build_backbone("efficientnet_lite0")
    held = {n: p.detach() + 1 for n, p in whole.named_parameters() if not n.startswith("_fc")}
    monkeypatch.setattr(starting, "_parameters", lambda bundle, graph: held)
    backbone = build_backbone("efficientnet_lite0")
    load_blocks(backbone, backbone.blocks(), describe)
    assert torch.equal(backbone.state_dict()["_conv_head.weight"], held["_conv_head.weight"])
    del held["_conv_head.weight"]
    with pytest.raises(BundleError, match="another kind"):
        load_blocks(backbone, backbone.blocks(), describe)


def test_another_kind_of_frame_encoder_is_refused(describe: Bundle) -> None:
    backbone = build_backbone("resnet18")
    with pytest.raises(BundleError, match="another kind"):
        load_blocks(backbone, backbone.blocks(), describe)


def test_new_words_come_after_those_of_the_bundle_and_known_ones_keep_their_weights(
    recipe: Recipe, describe: Bundle
) -> None:
    own = Vocabulary.build({"en": ["a zebrafish is running", "a dog"]}, {"en": "words"})
    both = extend_vocabulary(own, describe)
    assert both.tokens[:4] == ("<pad>", "<end>", "<unk>", "<en>")
    assert both.tokens[-1] == "zebrafish" and len(set(both.tokens)) == len(both)
    model = build_model(recipe, len(both))
    fresh = model.decoder.embed.weight[-1].detach().clone()
    load_start(model, both, describe)
    again = build_model(recipe, len(describe.vocabulary()))
    load_start(again, describe.vocabulary(), describe)
    rows = model.decoder.embed.weight, again.decoder.embed.weight
    for token in ("dog", "running", "<en>", "<end>"):
        assert torch.equal(
            rows[0][both.tokens.index(token)], rows[1][describe.vocabulary().tokens.index(token)]
        )
    assert torch.equal(rows[0][-1], fresh)


def test_what_does_not_fit_the_bundle_is_told_in_one_line(recipe: Recipe, describe: Bundle) -> None:
    smaller = recipe.model.model_copy(update={"width": 64})
    model = build_model(recipe.model_copy(update={"model": smaller}), len(describe.vocabulary()))
    with pytest.raises(ConfigError, match="Take the sizes of its recipe"):
        load_start(model, describe.vocabulary(), describe)
    with pytest.raises(ConfigError, match=r"data\.splitters\.zh"):
        extend_vocabulary(Vocabulary.build({"zh": ["一只狗"]}, {"zh": "words"}), describe)
