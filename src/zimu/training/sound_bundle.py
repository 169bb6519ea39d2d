"""YAMNet and a table of words become a bundle of task "tag"."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from zimu.bundles.manifest import Bundle, BundleManifest, FileEntry
from zimu.bundles.session import Graph
from zimu.captions.wording import read_wording
from zimu.errors import BundleError
from zimu.features.spec import YAMNET_SPEC, AudioSpec, FeatureContract
from zimu.model.encoders.yamnet import YamNet

__all__ = ["check_graph", "export_tagger", "whole_steps"]

_OPSET = 18
# A weight rounded to float16 lies this far from a whole step at most, relative to its size.
_HALF_ROUNDING = 2.0**-11


class _Tag(nn.Module):
    def __init__(self, model: YamNet) -> None:
        super().__init__()
        self.model = model

    def forward(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        features = self.model.embed(patches)
        return self.model.scores(features), features


def whole_steps(
    weight: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]] | None:
    """Return int8 numbers and the size of a step such that their product is the weight, or None.

    The published weights were int8 once, with one step a channel or one a tensor, and were written out as
    float16. Where the steps can be found again, one byte a weight holds all that there is.

    Args:
        weight: float32 [C, ...], as rounded to float16.

    Returns:
        int8 [C, ...] and float32 [C, 1, ...], or None where the weight is no multiple of any such step.
    """
    flat = weight.reshape(len(weight), -1).astype(np.float64)
    largest = np.abs(flat).max(1, keepdims=True)
    for per_channel in (True, False):
        step = np.maximum(largest if per_channel else largest.max(keepdims=True), 1e-12) / 127
        numbers = np.round(flat / step)
        axis = 1 if per_channel else None
        step = (flat * numbers).sum(axis, keepdims=True) / np.maximum(
            (numbers**2).sum(axis, keepdims=True), 1e-12
        )
        # Twice the rounding: the step itself is known only as well as the weights are.
        if (np.abs(flat - numbers * step) <= 2 * _HALF_ROUNDING * np.abs(flat) + 1e-7).all():
            shape = (len(weight),) + (1,) * (weight.ndim - 1)
            steps = np.broadcast_to(step, (len(weight), 1)).reshape(shape)
            return numbers.astype(np.int8).reshape(weight.shape), steps.astype(np.float32)
    return None


def _pad_within_convolutions(path: Path) -> None:
    """Rewrite a graph so that its convolutions pad by themselves, which is a sixth faster than a node for it.

    YAMNet pads only where a stride of 2 wants one row below and one column to the right.
    """
    import onnx

    graph = onnx.load(path)
    pads = {n.output[0]: n.input[0] for n in graph.graph.node if n.op_type == "Pad"}
    for node in graph.graph.node:
        if node.op_type == "Conv" and node.input[0] in pads:
            node.input[0] = pads[node.input[0]]
            for attribute in node.attribute:
                if attribute.name == "pads":
                    attribute.ints[:] = (0, 0, 1, 1)
    wanted = {o.name for o in graph.graph.output}
    kept = []
    for node in reversed(graph.graph.node):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= set(node.input)
    del graph.graph.node[:]
    graph.graph.node.extend(reversed(kept))
    onnx.save(graph, path)


def _store_small(path: Path) -> None:
    """Rewrite a graph's weights as int8 times a step where that loses nothing, else as float16."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    graph = onnx.load(path)
    kept, nodes = [], []
    for tensor in graph.graph.initializer:
        values, name = numpy_helper.to_array(tensor), tensor.name
        if values.dtype != np.float32 or values.ndim == 0:
            kept.append(tensor)
            continue
        found = whole_steps(values) if values.ndim > 1 else None
        if found is None:
            kept.append(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
            nodes.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
            continue
        kept += [
            numpy_helper.from_array(found[0], f"{name}_int8"),
            numpy_helper.from_array(found[1], f"{name}_step"),
        ]
        # Cast and Mul, not DequantizeLinear: ONNX Runtime folds these on loading and runs plain convolutions.
        nodes += [
            helper.make_node("Cast", [f"{name}_int8"], [f"{name}_whole"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{name}_whole", f"{name}_step"], [name]),
        ]
    rest = list(graph.graph.node)
    del graph.graph.initializer[:], graph.graph.node[:]
    graph.graph.initializer.extend(kept)
    graph.graph.node.extend(nodes + rest)
    onnx.checker.check_model(graph)
    onnx.save(graph, path)


def _export_graph(model: YamNet, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "You are using the legacy TorchScript-based ONNX export")
        warnings.filterwarnings("ignore", "Constant folding - Only steps=1")
        torch.onnx.export(
            _Tag(model).eval(),
            (torch.zeros(2, 96, 64),),
            path,
            input_names=["patches"],
            output_names=["scores", "features"],
            dynamic_axes={"patches": {0: "P"}, "scores": {0: "P"}, "features": {0: "P"}},
            opset_version=_OPSET,
            dynamo=False,
            do_constant_folding=False,
        )
    _pad_within_convolutions(path)
    _store_small(path)


def check_graph(bundle: Bundle, model: YamNet, patches: npt.NDArray[np.float32]) -> float:
    """Return the largest difference of a score between the bundle's graph and torch.

    Args:
        bundle: A bundle of task "tag".
        model: The model that it was made from.
        patches: float32 [P, 96, 64].
    """
    with torch.no_grad():
        wanted = model.scores(model.embed(torch.from_numpy(patches))).numpy()
    return float(np.abs(Graph(bundle, "tag", 1)(patches=patches)["scores"] - wanted).max())


def export_tagger(
    model: YamNet,
    wording: Path,
    target: Path,
    *,
    spec: AudioSpec = YAMNET_SPEC,
    documents: Mapping[str, bytes] | None = None,
    scores: Mapping[str, float] | None = None,
) -> Bundle:
    """Make a bundle that names sounds; it appears whole or not at all.

    Args:
        model: YAMNet.
        wording: The table of words, see `zimu.captions.wording`.
        target: The bundle's folder; an existing one is replaced.
        spec: The contract's part for sound.
        documents: {file name: content}, for instance `CARD.md` and the licence.
        scores: Measured on data that the model did not see.

    Raises:
        BundleError: The table is wrong, or has another number of classes than the model.
    """
    content = wording.read_bytes()
    if (rows := len(read_wording(content, wording.name).class_names)) != model.classes:
        raise BundleError(f"{wording} has {rows} rows, the model scores {model.classes} classes.")
    folder = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _export_graph(model, folder / "tag.onnx")
    (folder / "wording.csv").write_bytes(content)
    for name, document in (documents or {}).items():
        (folder / name).write_bytes(document)
    manifest = BundleManifest(
        name=target.name,
        task="tag",
        kind="sound",
        languages=("en", "zh"),
        streams=("audio",),
        contract=FeatureContract(audio=spec),
        graphs={"tag": FileEntry.of(folder / "tag.onnx")},
        files={"wording": FileEntry.of(folder / "wording.csv")},
        scores=dict(scores or {}),
    )
    (folder / "bundle.json").write_text(manifest.model_dump_json(indent=2) + "\n", "utf-8")
    Bundle(folder).verify()
    shutil.rmtree(target, ignore_errors=True)
    folder.replace(target)
    return Bundle(target)
