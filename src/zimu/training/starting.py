"""A model that does not begin at nothing: weights out of the graphs of a bundle, by their names.

Graphs are written without folding constants (see `zimu.training.export`), so each parameter stands in them
under its own name, most of them in half precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn

from zimu.bundles.manifest import Bundle, find_bundle
from zimu.errors import BundleError, ConfigError
from zimu.model.captioner import CaptionModel
from zimu.model.encoders.yamnet import YamNet
from zimu.text.vocabulary import Vocabulary

__all__ = ["PREFIX", "extend_vocabulary", "load_blocks", "load_start", "load_tagger", "named_bundle"]

# `weights = "bundle:describe"`: the pretrained encoder of a bundle.
PREFIX = "bundle:"
# How `zimu.training.half` and `zimu.training.sound_bundle` name what they store small.
_HALF = (".half", "_half")
_WHOLE, _STEP = "_int8", "_step"
# Parameters with a row a token; a token keeps its row wherever it stands in the new vocabulary.
_BY_TOKEN = ("decoder.embed.weight", "decoder.out.weight", "decoder.out.bias")


def named_bundle(weights: str, graph: Literal["video", "tag"]) -> Bundle | None:
    """Return the bundle that `weights` of an encoder names, if it names one.

    Args:
        weights: As a recipe has it.
        graph: Where the bundle keeps the encoder.

    Raises:
        ConfigError: The bundle has no such encoder of its own.
    """
    if not weights.startswith(PREFIX):
        return None
    bundle = find_bundle(weights.removeprefix(PREFIX))
    if graph == "tag" and graph not in bundle.manifest.graphs:
        raise ConfigError(f"The bundle {bundle.name!r} has no network that names sounds. `sounds` has one.")
    if graph not in bundle.manifest.graphs:
        raise ConfigError(f"The bundle {bundle.name!r} has no pretrained frame encoder. `describe` has one.")
    return bundle


def load_blocks(backbone: nn.Module, blocks: list[nn.Module], bundle: Bundle) -> None:
    """Give a frame encoder the weights of a bundle's graph `video`.

    Args:
        backbone: The encoder.
        blocks: The same in order, from frames to maps; see `zimu.model.encoders.tail.cut`.
        bundle: With the same kind of encoder.

    Raises:
        BundleError: The graph is of another encoder.
    """
    found = _parameters(bundle, "video")
    numbers = [int(name.split(".")[1]) for name in found if name.startswith("front.")]
    module: nn.Module = backbone
    if any(name.startswith("tail.") for name in found):  # blocks were trained: the graph counts them apart
        ahead = {"front": 0, "tail": max(numbers, default=-1) + 1}
        module, found = nn.ModuleList(blocks), {_in_order(n, ahead): v for n, v in found.items()}
    used = {id(p) for block in blocks for p in block.parameters()}
    wanted = {n for n, p in module.named_parameters() if id(p) in used}
    own = {n: tuple(v.shape) for n, v in module.state_dict().items()}
    if wanted - set(found) or any(own.get(n) != tuple(v.shape) for n, v in found.items()):
        raise BundleError(
            f"{bundle.path}: the frame encoder is of another kind than the recipe's `backbone`. "
            "Write the one that stands in its recipe.json."
        )
    module.load_state_dict(found, strict=False)


def load_tagger(model: YamNet, bundle: Bundle) -> None:
    """Give YAMNet the weights of a bundle that names sounds.

    Raises:
        BundleError: The bundle names them by another network.
    """
    found = {n.removeprefix("model."): v for n, v in _parameters(bundle, "tag").items()}
    own = model.state_dict()
    if any(n not in found or found[n].shape != v.shape for n, v in own.items()):
        raise BundleError(f"{bundle.path}: sounds are named by another network than YAMNet.")
    model.load_state_dict({n: found[n] for n in own})


def extend_vocabulary(own: Vocabulary, bundle: Bundle) -> Vocabulary:
    """Return the words of a bundle, then those that only the new captions have.

    Raises:
        ConfigError: A language is cut into other tokens than in the bundle.
    """
    theirs = bundle.vocabulary()
    for language, splitter in own.splitters.items():
        if theirs.splitters.get(language, splitter) != splitter:
            raise ConfigError(
                f"The bundle {bundle.name!r} writes {language!r} in {theirs.splitters[language]}, the recipe "
                f"in {splitter}. Set data.splitters.{language} to {theirs.splitters[language]!r}."
            )
    first = len(own.tokens) - len(_words(own))
    words = dict.fromkeys((*_words(theirs), *_words(own)))
    return Vocabulary((*own.tokens[:first], *words), own.splitters)


def load_start(model: CaptionModel, vocabulary: Vocabulary, bundle: Bundle) -> int:
    """Give a new model what a bundle has of it; the rest stays fresh.

    Returns:
        How many parameters were taken.

    Raises:
        ConfigError: A parameter has another size in the bundle.
    """
    theirs, own = bundle.vocabulary(), model.state_dict()
    found = {n.removeprefix("model."): v for n, v in _parameters(bundle, "encode").items()}
    found |= _parameters(bundle, "step")
    taken: dict[str, Tensor] = {}
    for name in sorted(own.keys() & found.keys()):
        value = found[name]
        if name in _BY_TOKEN:
            value = _rows(own[name], value, vocabulary, theirs)
        if value.shape != own[name].shape:
            raise ConfigError(
                f"`model.start`: {name} is {list(value.shape)} in the bundle {bundle.name!r} and "
                f"{list(own[name].shape)} by the recipe. Take the sizes of its recipe.json."
            )
        taken[name] = value
    model.load_state_dict(taken, strict=False)
    return len(taken)


def _parameters(bundle: Bundle, graph: str) -> dict[str, Tensor]:
    """Return what a graph holds by name, float32: as it is, as halves, or as whole steps of a size."""
    import onnx
    from onnx import numpy_helper

    loaded: Any = onnx.load_from_string(bundle.graph(graph))
    held = {
        i.name: torch.from_numpy(numpy_helper.to_array(i).copy()).float() for i in loaded.graph.initializer
    }
    found = {}
    for name, value in held.items():
        if name.endswith(_HALF):
            found[name[: -len(_HALF[0])]] = value
        elif name.endswith(_WHOLE) and (step := name.removesuffix(_WHOLE) + _STEP) in held:
            found[name.removesuffix(_WHOLE)] = value * held[step]
        else:
            found[name] = value
    return found


def _in_order(name: str, ahead: Mapping[str, int]) -> str:
    part, number, rest = name.split(".", 2)
    return f"{ahead[part] + int(number)}.{rest}"


def _rows(own: Tensor, value: Tensor, vocabulary: Vocabulary, theirs: Vocabulary) -> Tensor:
    """Return fresh rows, those of known tokens replaced."""
    place = {token: i for i, token in enumerate(theirs.tokens)}
    pairs = [(i, place[token]) for i, token in enumerate(vocabulary.tokens) if token in place]
    to, at = torch.tensor(pairs).T
    if own.shape[1:] != value.shape[1:]:
        return value
    out = own.clone()
    out[to] = value[at]
    return out


def _words(vocabulary: Vocabulary) -> tuple[str, ...]:
    return vocabulary.tokens[3 + len(vocabulary.splitters) :]
