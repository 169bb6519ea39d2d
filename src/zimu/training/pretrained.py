"""Pretrained encoders of a recipe with their weights: from a file, by name, or out of a bundle's graph."""

from __future__ import annotations

import hashlib
from pathlib import Path

from zimu.errors import ConfigError
from zimu.model.captioner import CaptionModel
from zimu.model.encoders.efficientnet_lite import EfficientNetLite0
from zimu.model.encoders.patches import PatchEncoder
from zimu.model.encoders.resnet import ResNet
from zimu.model.encoders.tail import Tail, cut
from zimu.model.encoders.yamnet import YamNet
from zimu.training.building import build_backbone
from zimu.training.published import read_weights, weights_file
from zimu.training.recipes import Recipe, RegionsRecipe, YamNetRecipe
from zimu.training.starting import load_blocks, load_tagger, named_bundle

__all__ = ["backbone_name", "load_backbone", "load_pretrained", "load_yamnet"]


def load_backbone(recipe: RegionsRecipe) -> EfficientNetLite0 | ResNet:
    """Return the whole frame encoder with its published weights, in evaluation mode."""
    backbone = build_backbone(recipe.backbone)
    if bundle := named_bundle(recipe.weights, "video"):
        load_blocks(backbone, backbone.blocks(), bundle)
    else:
        backbone.load_published(dict(read_weights(weights_file(recipe.weights))))
    return backbone.eval().requires_grad_(False)


def backbone_name(recipe: RegionsRecipe) -> str:
    """Return what a feature contract says of a frame encoder: its name, its weights, what is not stored."""
    if bundle := named_bundle(recipe.weights, "video"):
        digest = bundle.manifest.graphs["video"].sha256
    else:
        digest = hashlib.sha256(weights_file(recipe.weights).read_bytes()).hexdigest()
    return f"{recipe.backbone}:{digest[:12]}" + (f":-{recipe.tuned}" if recipe.tuned else "")


def load_yamnet(weights: str | Path) -> YamNet:
    """Return YAMNet with published weights, in evaluation mode.

    Args:
        weights: A file, or a bundle's: "bundle:sounds".

    Raises:
        ConfigError: No such file, or it holds other tensors than YAMNet's.
        BundleError: The bundle names sounds by another network.
    """
    model = YamNet()
    if bundle := named_bundle(str(weights), "tag"):
        load_tagger(model, bundle)
        return model.eval()
    try:
        model.load_published(dict(read_weights(weights_file(str(weights)))))
    except RuntimeError as error:
        raise ConfigError(
            f"{weights} does not hold the weights of YAMNet: {' '.join(str(error).split())[:200]}. "
            "Take yamnet_folded_fp16.safetensors, or a file with its names and shapes."
        ) from error
    return model.eval()


def load_pretrained(recipe: Recipe, model: CaptionModel) -> None:
    """Give a new model what lies within it of pretrained encoders."""
    for name, encoder in recipe.model.encoders.items():
        if isinstance(encoder, YamNetRecipe):
            patches = model.encoders[name]
            assert isinstance(patches, PatchEncoder)
            patches.load(load_yamnet(encoder.weights))
        elif isinstance(encoder, RegionsRecipe) and encoder.tuned:
            published = cut(load_backbone(encoder).blocks(), encoder.tuned)[1]
            tail = model.encoders[name].tail
            assert isinstance(tail, Tail)
            tail.load_state_dict(published.state_dict())
