"""A recipe's names and sizes become torch modules; the dictionaries say which names there are."""

from __future__ import annotations

from torch import nn

from zimu.model.captioner import CaptionModel
from zimu.model.decoder import AttentionDecoder
from zimu.model.encoders.efficientnet_lite import EfficientNetLite0
from zimu.model.encoders.frames import FrameEncoder
from zimu.model.encoders.regions import RegionEncoder
from zimu.model.encoders.resnet import ResNet
from zimu.model.encoders.strided import StridedEncoder
from zimu.model.encoders.wavenet import WaveNetEncoder
from zimu.model.fusion import FUSIONS, build_fusion
from zimu.training.recipes import (
    EncoderRecipe,
    FramesRecipe,
    Recipe,
    RegionsRecipe,
    StridedRecipe,
    WaveNetRecipe,
)

__all__ = ["build_backbone", "build_model"]

_RARE = -4.0  # logit


def build_backbone(name: str) -> EfficientNetLite0 | ResNet:
    """Return a frame encoder that is used frozen, without weights yet."""
    if name == "efficientnet_lite0":
        return EfficientNetLite0()
    return ResNet(int(name.removeprefix("resnet")))


def build_model(recipe: Recipe, tokens: int) -> CaptionModel:
    """Return the model of a recipe with fresh weights.

    Args:
        recipe: Names and sizes.
        tokens: Size of the vocabulary.
    """
    width = recipe.model.width
    encoders = {name: _encoder(recipe, name, spec) for name, spec in recipe.model.encoders.items()}
    apart = len(encoders) if FUSIONS[recipe.model.fusion.name].apart else 1
    decoder = AttentionDecoder(tokens, width, **recipe.model.decoder.model_dump(), streams=apart)
    aligned = tokens if recipe.training.alignment or recipe.training.presence else 0
    fusion = build_fusion(recipe.model.fusion.name, list(encoders), width, **recipe.model.fusion.options())
    model = CaptionModel(encoders, fusion, decoder, width, aligned)
    if recipe.training.presence:
        # Most words are false at most moments: the heads start from there.
        for head in model.present.values():
            nn.init.constant_(head.bias, _RARE)
    return model


def _encoder(recipe: Recipe, stream: str, encoder: EncoderRecipe) -> nn.Module:
    width = recipe.model.width
    if stream == "video":
        assert recipe.video is not None  # load_recipe has checked it
        height, across = recipe.video.height, recipe.video.width
        if isinstance(encoder, RegionsRecipe):
            regions = (height // 32) * (across // 32)
            return RegionEncoder(build_backbone(encoder.backbone).width, regions, width, encoder.dropout)
        if isinstance(encoder, FramesRecipe):
            return FrameEncoder(
                1 if recipe.video.colour == "gray" else 3,
                width,
                (height, across),
                **encoder.model_dump(exclude={"name", "shift", "mirror"}),
            )
        if isinstance(encoder, StridedRecipe):
            return StridedEncoder(
                1 if recipe.video.colour == "gray" else 3,
                width,
                (height, across),
                **encoder.model_dump(exclude={"name", "shift", "mirror"}),
            )
    assert recipe.audio is not None and isinstance(encoder, WaveNetRecipe)
    return WaveNetEncoder(
        1 if recipe.audio.kind == "waveform" else recipe.audio.bands,
        width,
        **encoder.model_dump(exclude={"name"}),
    )
