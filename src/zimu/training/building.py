"""A recipe's names and sizes become torch modules; the dictionaries say which names there are."""

from __future__ import annotations

from torch import nn

from zimu.errors import ConfigError
from zimu.model.captioner import CaptionModel
from zimu.model.decoder import AttentionDecoder
from zimu.model.encoders.efficientnet_lite import EfficientNetLite0
from zimu.model.encoders.frames import FrameEncoder
from zimu.model.encoders.patches import PatchEncoder
from zimu.model.encoders.regions import RegionEncoder
from zimu.model.encoders.resnet import ResNet
from zimu.model.encoders.strided import StridedEncoder
from zimu.model.encoders.tail import cut
from zimu.model.encoders.views import RandomView
from zimu.model.encoders.wavenet import WaveNetEncoder
from zimu.model.fusion import FUSIONS, build_fusion
from zimu.model.fusion.early import EarlyJoin
from zimu.training.recipes import (
    EarlyRecipe,
    EncoderRecipe,
    FramesRecipe,
    Recipe,
    RegionsRecipe,
    StridedRecipe,
    YamNetRecipe,
)

__all__ = ["build_backbone", "build_model", "step_shape"]

_RARE = -4.0  # logit


def build_backbone(name: str) -> EfficientNetLite0 | ResNet:
    """Return a frame encoder that is used pretrained, without weights yet."""
    if name == "efficientnet_lite0":
        return EfficientNetLite0()
    return ResNet(int(name.removeprefix("resnet")))


def build_model(recipe: Recipe, tokens: int) -> CaptionModel:
    """Return the model of a recipe with fresh weights.

    Args:
        recipe: Names and sizes.
        tokens: Size of the vocabulary.
    """
    width, fusion = recipe.model.width, recipe.model.fusion
    join = _join(recipe) if isinstance(fusion, EarlyRecipe) else None
    read = recipe.model.encoders if join is None else {join.onto: recipe.model.encoders[join.onto]}
    encoders = {name: _encoder(recipe, name, spec, join) for name, spec in read.items()}
    method = fusion.name if join is None else "concat_time"
    apart = len(encoders) if FUSIONS[method].memory == "in_turn" else 1
    decoder = AttentionDecoder(tokens, width, **recipe.model.decoder.model_dump(), streams=apart)
    aligned = tokens if recipe.training.alignment or recipe.training.presence else 0
    options = fusion.options() if join is None else {}
    fused = build_fusion(method, list(encoders), width, **options)
    model = CaptionModel(encoders, fused, decoder, width, aligned, join)
    if recipe.training.presence:
        # Most words are false at most moments: the heads start from there.
        for head in model.present.children():
            assert isinstance(head, nn.Linear)
            nn.init.constant_(head.bias, _RARE)
    return model


def _view(encoder: RegionsRecipe, blocks: int) -> RandomView:
    if encoder.tuned != blocks:
        raise ConfigError(
            f"`part`, `mirror` and `light` change the pictures, but {encoder.tuned} of {blocks} blocks of "
            f"{encoder.backbone} are tuned and the rest is stored. Set model.encoders.video.tuned = {blocks}."
        )
    return RandomView(encoder.part, encoder.mirror, encoder.light)


def _join(recipe: Recipe) -> EarlyJoin:
    options = recipe.model.fusion.options()
    names = list(recipe.model.encoders)
    onto = options.pop("onto") or ("video" if "video" in names else names[0])
    return EarlyJoin({n: step_shape(recipe, n) for n in names}, onto, **options)


def step_shape(recipe: Recipe, stream: str) -> tuple[int, ...]:
    """Return the shape of one step of a raw stream."""
    if stream == "audio":
        assert recipe.audio is not None  # load_recipe has checked it
        spec = recipe.audio
        return {"waveform": (1,), "log_mel": (spec.bands,), "patches": (spec.patch, spec.bands)}[spec.kind]
    assert recipe.video is not None  # load_recipe has checked it
    height, across = recipe.video.height, recipe.video.width
    encoder = recipe.model.encoders[stream]
    if isinstance(encoder, RegionsRecipe):
        return ((height // 32) * (across // 32), build_backbone(encoder.backbone).width)
    return (1 if recipe.video.colour == "gray" else 3, height, across)


def _encoder(recipe: Recipe, stream: str, encoder: EncoderRecipe, join: EarlyJoin | None) -> nn.Module:
    width = recipe.model.width
    shape = step_shape(recipe, stream) if join is None else join.shape
    if isinstance(encoder, RegionsRecipe):
        blocks = build_backbone(encoder.backbone).blocks()
        tail = cut(blocks, encoder.tuned)[1] if encoder.tuned else None
        view = _view(encoder, len(blocks)) if encoder.changes_pictures else None
        return RegionEncoder(shape[1], shape[0], width, encoder.dropout, tail, view)
    if isinstance(encoder, FramesRecipe | StridedRecipe):
        make = FrameEncoder if isinstance(encoder, FramesRecipe) else StridedEncoder
        options = encoder.model_dump(exclude={"name", "shift", "mirror"})
        return make(shape[0], width, (shape[1], shape[2]), **options)
    if isinstance(encoder, YamNetRecipe):
        return PatchEncoder(width, **encoder.model_dump(exclude={"name", "weights"}))
    return WaveNetEncoder(shape[0], width, **encoder.model_dump(exclude={"name"}))
