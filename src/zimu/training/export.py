"""A trained model becomes a bundle: graphs, tokens, manifest; and the graphs are held against torch."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.jit._trace import TracerWarning

from zimu.bundles.manifest import (
    Bundle,
    BundleManifest,
    FileEntry,
    MemoryLayout,
    SearchSettings,
    WindowSettings,
)
from zimu.bundles.session import OnnxStepper
from zimu.data.manifest import read_manifest
from zimu.errors import BundleError
from zimu.model.captioner import CaptionModel
from zimu.model.decoder import DecoderMemory, DecoderState
from zimu.model.encoders.regions import RegionEncoder
from zimu.model.encoders.tail import cut, regions_of
from zimu.model.encoders.wavenet import WaveNetEncoder
from zimu.model.fusion import FUSIONS
from zimu.model.steps import Steps
from zimu.search.beam import SearchOptions
from zimu.streams import Stream
from zimu.text.vocabulary import Vocabulary
from zimu.training.building import build_model, step_shape
from zimu.training.card import card_of
from zimu.training.checkpoint import RunFolder, load_recipe_of, load_weights
from zimu.training.extraction import contract_of
from zimu.training.half import halve_precision, store_half
from zimu.training.padding import fold_padding
from zimu.training.pretrained import load_backbone
from zimu.training.recipes import Recipe, RegionsRecipe
from zimu.training.source import SampleSource
from zimu.training.stepper import TorchStepper
from zimu.training.validation import caption_samples

__all__ = ["check_parity", "export", "load_run", "verify_run"]

_BEST = 16
_OPSET = 18


class _Encode(nn.Module):
    """Raw streams to what the decoder needs, as one graph with named inputs."""

    def __init__(self, model: CaptionModel, names: Sequence[str]) -> None:
        super().__init__()
        self.model, self.names = model, list(names)

    def forward(self, *arrays: Tensor) -> tuple[Tensor, ...]:
        streams = {n: Steps(*arrays[3 * i : 3 * i + 3]) for i, n in enumerate(self.names)}
        memory = self.model.encode(streams)
        shared, state = self.model.decoder.start(memory.values, memory.keep)
        return shared.values, shared.keys, shared.keep, memory.times, state.hidden, state.cell


class _Step(nn.Module):
    """One token a hypothesis to the best next ones; the top-k stays inside the graph."""

    def __init__(self, model: CaptionModel, best: int) -> None:
        super().__init__()
        self.decoder, self.best = model.decoder, best

    def forward(
        self, tokens: Tensor, hidden: Tensor, cell: Tensor, values: Tensor, keys: Tensor, keep: Tensor
    ) -> tuple[Tensor, ...]:
        memory = DecoderMemory(values, keys, keep)
        log_probs, state, weights = self.decoder.step(tokens, DecoderState(hidden, cell), memory)
        top, ids = log_probs.topk(self.best, dim=1)
        return ids, top, weights, state.hidden, state.cell


def load_run(folder: Path, checkpoint: str = "best.pt") -> tuple[Recipe, Vocabulary, CaptionModel]:
    """Return recipe, vocabulary and model, in evaluation mode, of a run's folder."""
    weights = load_weights(folder / checkpoint)
    recipe, vocabulary = load_recipe_of(folder), RunFolder.read_vocabulary(folder)
    model = build_model(recipe, len(vocabulary))
    model.load_state_dict(weights)
    return recipe, vocabulary, model.eval()


def export(run: Path, target: Path, *, card: str = "", scores: Mapping[str, float] | None = None) -> Bundle:
    """Make a bundle of a run's best checkpoint; it appears whole or not at all.

    Args:
        run: The run's folder.
        target: The bundle's folder; an existing one is replaced.
        card: Text of `CARD.md`; without one it says what the run says of itself.
        scores: Measured on data that the model did not see.
    """
    recipe, vocabulary, model = load_run(run)
    halve_precision(model)
    backbone = _take_backbone(recipe, model)
    folder = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = list(recipe.model.encoders)
    _export_graph(_Encode(model, names), folder / "encode.onnx", *_encode_example(recipe, names))
    _export_graph(_Step(model, min(_BEST, len(vocabulary))), folder / "step.onnx", *_step_example(model))
    graphs = ["encode", "step"]
    if backbone is not None and recipe.video is not None:
        example = torch.zeros(2, 3, recipe.video.height, recipe.video.width)
        _export_graph(backbone, folder / "video.onnx", {"frames": (example, {0: "count"})}, ["regions"])
        fold_padding(folder / "video.onnx")
        graphs.append("video")
    (folder / "tokens.txt").write_text("\n".join(vocabulary.tokens), "utf-8")
    (folder / "recipe.json").write_text(recipe.model_dump_json(indent=2), "utf-8")
    (folder / "CARD.md").write_text(card or card_of(run), "utf-8")
    manifest = BundleManifest(
        name=recipe.name,
        task="caption",
        kind=recipe.kind,
        languages=vocabulary.languages,
        streams=tuple(names),
        contract=contract_of(recipe),
        graphs={n: FileEntry.of(folder / f"{n}.onnx") for n in graphs},
        files={"tokens": FileEntry.of(folder / "tokens.txt"), "recipe": FileEntry.of(folder / "recipe.json")},
        splitters=dict(vocabulary.splitters),
        endings=recipe.data.endings,
        memory=_layouts(recipe, model),
        search=SearchSettings(**recipe.search.model_dump()),
        window=WindowSettings(**recipe.window.model_dump()),
        scores=dict(scores or {}),
    )
    (folder / "bundle.json").write_text(manifest.model_dump_json(indent=2), "utf-8")
    Bundle(folder).verify()
    shutil.rmtree(target, ignore_errors=True)
    folder.replace(target)
    return Bundle(target)


class _Backbone(nn.Module):
    """Frames [N, 3, H, W] to regions [N, R, F], with the tail that was trained."""

    def __init__(self, front: nn.Module, tail: nn.Module) -> None:
        super().__init__()
        self.front, self.tail = front, tail

    def forward(self, frames: Tensor) -> Tensor:
        return regions_of(self.tail(self.front(frames)))


def _take_backbone(recipe: Recipe, model: CaptionModel) -> nn.Module | None:
    """Return the frame encoder with its tail, rounded as it is stored; the model then takes regions."""
    encoder = recipe.model.encoders.get("video")
    if not isinstance(encoder, RegionsRecipe):
        return None
    backbone = load_backbone(encoder)
    halve_precision(backbone)
    regions = model.encoders["video"]
    assert isinstance(regions, RegionEncoder)
    if regions.tail is None:
        return backbone
    whole = _Backbone(cut(backbone.blocks(), encoder.tuned)[0], regions.tail)
    regions.tail = None
    return whole.eval()


def check_parity(
    bundle: Bundle,
    model: CaptionModel,
    vocabulary: Vocabulary,
    clips: Sequence[Mapping[str, Stream]],
    options: SearchOptions,
    batch_size: int = 25,
) -> int:
    """Caption clips with torch and with the bundle and compare them token for token.

    Returns:
        The number of captions compared.

    Raises:
        BundleError: A caption differs; the message shows the first one.
    """
    torch_stepper, onnx_stepper = TorchStepper(model, _BEST), OnnxStepper(bundle)
    compared = 0
    for first in range(0, len(clips), batch_size):
        part = clips[first : first + batch_size]
        for language in vocabulary.languages:
            wanted = caption_samples(torch_stepper, part, vocabulary, language, options)
            found = caption_samples(onnx_stepper, part, vocabulary, language, options)
            for i, (a, b) in enumerate(zip(wanted, found, strict=True)):
                if a.tokens != b.tokens:
                    raise BundleError(
                        f"{bundle.path}: clip {first + i} ({language}) reads "
                        f"{vocabulary.decode(b.tokens, language)!r}, torch wrote "
                        f"{vocabulary.decode(a.tokens, language)!r}."
                    )
                compared += 1
    return compared


def _layouts(recipe: Recipe, model: CaptionModel) -> dict[str, MemoryLayout]:
    """Return where each stream stands in the memory; nothing where a step is of several streams at once."""
    family = FUSIONS.get(recipe.model.fusion.name)
    if family is None or family.memory != "all":
        return {}
    return {n: _layout(e) for n, e in model.encoders.items()}


def _layout(encoder: nn.Module) -> MemoryLayout:
    if isinstance(encoder, RegionEncoder):
        return MemoryLayout(regions=encoder.regions)
    return MemoryLayout(stride=encoder.stride) if isinstance(encoder, WaveNetEncoder) else MemoryLayout()


def verify_run(run: Path, bundle: Bundle) -> int:
    """Compare a bundle's captions of the validation part with its run's; return how many were compared."""
    recipe, vocabulary, model = load_run(run)
    halve_precision(model)
    samples = [s for s in read_manifest(recipe.data.manifest) if s.split == recipe.data.val]
    source = SampleSource(recipe, samples, run / "features")
    clips = [_seen(model, source.arrays(i, None)) for i in range(len(samples))]
    _take_backbone(recipe, model)
    return check_parity(bundle, model, vocabulary, clips, SearchOptions(**recipe.search.model_dump()))


@torch.no_grad()
def _seen(model: CaptionModel, clip: Mapping[str, Stream]) -> dict[str, Stream]:
    """Return a clip with regions where its pictures stand as what goes into a tail."""
    encoder = model.encoders["video"] if "video" in clip else None
    if not isinstance(encoder, RegionEncoder) or encoder.tail is None:
        return dict(clip)
    maps = clip["video"]
    regions = encoder.regions_of(torch.from_numpy(maps.values).float().unsqueeze(0))[0]
    return {**clip, "video": Stream(regions.numpy(), maps.keep, maps.times)}


_Examples = dict[str, tuple[Tensor, dict[int, str]]]


def _encode_example(recipe: Recipe, names: Sequence[str]) -> tuple[_Examples, list[str]]:
    examples: _Examples = {}
    for name in names:
        values = _example_stream(recipe, name)
        steps = values.shape[1]
        axes = {0: "clips", 1: f"{name}_steps"}
        examples[name] = (values, axes)
        examples[f"{name}_keep"] = (torch.ones(2, steps, dtype=torch.bool), axes)
        examples[f"{name}_times"] = (torch.arange(steps).float().expand(2, -1).clone() / 25, axes)
    return examples, ["values", "keys", "keep", "times", "hidden", "cell"]


def _example_stream(recipe: Recipe, name: str) -> Tensor:
    """Return two clips of silence, or of gray; the numbers of steps are any that a stride leaves some of."""
    steps = {"regions": 3, "yamnet": 3, "frames": 12, "strided": 12}
    return torch.zeros(2, steps.get(recipe.model.encoders[name].name, 48), *step_shape(recipe, name))


def _step_example(model: CaptionModel) -> tuple[_Examples, list[str]]:
    decoder = model.decoder
    hidden, width, keys = decoder.gate.in_features, decoder.gate.out_features, decoder.key.out_features
    rows, clips = {0: "hypotheses"}, {0: "clips", 1: "steps"}
    steps = 7 * decoder.streams
    examples: _Examples = {
        "tokens": (torch.ones(6, dtype=torch.int64), rows),
        "hidden": (torch.zeros(6, hidden), rows),
        "cell": (torch.zeros(6, hidden), rows),
        "values": (torch.zeros(2, steps, width), clips),
        "keys": (torch.zeros(2, steps, keys), clips),
        "keep": (torch.ones(2, steps, dtype=torch.bool), clips),
    }
    return examples, ["ids", "log_probs", "attention", "hidden_next", "cell_next"]


def _export_graph(module: nn.Module, path: Path, inputs: _Examples, outputs: list[str]) -> None:
    """Write a module as one ONNX file without external data.

    Weights that happen to be equal (two biases that are added to the same thing learn alike) must keep their
    names, so that `zimu.training.starting` finds them. The exporter merges them unless the outermost module
    says that it is in training; all within it stays in evaluation mode.
    """
    module.eval().training = True
    with warnings.catch_warnings():
        # The tracer warns of every shape that it reads as a number. `verify_run` holds the graph against
        # torch on clips of other lengths, which is what the warning asks for.
        warnings.simplefilter("ignore", TracerWarning)
        warnings.filterwarnings("ignore", "You are using the legacy TorchScript-based ONNX export")
        warnings.filterwarnings("ignore", "Constant folding - Only steps=1")
        torch.onnx.export(
            module,
            tuple(example for example, _ in inputs.values()),
            path,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes={n: axes for n, (_, axes) in inputs.items()},
            opset_version=_OPSET,
            dynamo=False,
            # Preserved, evaluation mode stays as it is, but batch norms are not folded into convolutions: the
            # weights remain what `halve_precision` made them. ONNX Runtime folds them on loading.
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
        )
    module.eval()
    store_half(path)
