"""Padding before a convolution becomes the convolution's own, in an exported graph.

PyTorch exports TensorFlow's SAME padding as arithmetic on shapes and a node that pads, although all of it is
known once the size of the pictures is. ONNX Runtime neither works it out nor merges it: every picture is
copied and its layout changed before each such convolution.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["fold_padding"]

_Pads = npt.NDArray[np.int64]


def fold_padding(path: Path) -> int:
    """Merge nodes that pad with zeros into the convolutions after them; the graph computes the same.

    Args:
        path: An ONNX file whose inputs are float32 and of known shape but for their first axis.

    Returns:
        How many nodes were merged.
    """
    import onnx

    model = onnx.load(str(path))
    amounts = _amounts(model)
    folded = 0
    for padding, convolutions in list(_before_convolutions(model.graph)):
        pads = amounts.get(padding.output[0])
        if pads is None or pads.reshape(2, -1)[:, :2].any():
            continue  # not known, or not of the picture's sides
        for node in convolutions:
            node.input[0] = padding.input[0]
            _widen(node, pads.reshape(2, -1)[:, 2:].reshape(-1))
        folded += 1
    _drop_unused(model.graph)
    onnx.save(model, str(path))
    return folded


def _before_convolutions(graph: Any) -> Iterator[tuple[Any, list[Any]]]:
    """Yield (a node that pads, the convolutions that alone take what it gives)."""
    kept = {output.name for output in graph.output}
    for node in graph.node:
        if node.op_type == "Pad" and node.output[0] not in kept:
            users = [user for user in graph.node if node.output[0] in user.input]
            if users and all(user.op_type == "Conv" for user in users):
                yield node, users


def _amounts(model: Any) -> dict[str, _Pads]:
    """Return how much each node pads that pads with zeros, and by as much whatever the batch."""
    import onnx
    import onnxruntime

    zeros = _zeros(model.graph)
    nodes = [n for n in model.graph.node if n.op_type == "Pad" and _pads_zeros(n, zeros)]
    if not nodes:
        return {}
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    asked = sorted({node.input[1] for node in nodes})
    del probe.graph.output[:]
    probe.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in asked)
    session = onnxruntime.InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    found = []
    for batch in (1, 2):
        shapes = {i.name: [batch, *(d.dim_value for d in _dims(i)[1:])] for i in model.graph.input}
        values = session.run(asked, {name: np.zeros(shape, np.float32) for name, shape in shapes.items()})
        found.append(dict(zip(asked, values, strict=True)))
    return {
        node.output[0]: found[0][node.input[1]]
        for node in nodes
        if np.array_equal(found[0][node.input[1]], found[1][node.input[1]])
    }


def _dims(value: Any) -> Sequence[Any]:
    dims: Sequence[Any] = value.type.tensor_type.shape.dim
    return dims


def _zeros(graph: Any) -> set[str]:
    """Return the names of constants that are zero; the empty name stands for an input left out."""
    from onnx import numpy_helper

    constants = {t.name: t for t in graph.initializer}
    constants |= {n.output[0]: n.attribute[0].t for n in graph.node if n.op_type == "Constant"}
    return {"", *(name for name, t in constants.items() if not numpy_helper.to_array(t).any())}


def _pads_zeros(node: Any, zeros: set[str]) -> bool:
    mode = next((a.s for a in node.attribute if a.name == "mode"), b"constant")
    value = node.input[2] if len(node.input) > 2 else ""
    return mode == b"constant" and value in zeros and len(node.input) < 4


def _widen(node: Any, more: _Pads) -> None:
    """Let a convolution pad by itself what was padded before it."""
    import onnx

    own = next((list(a.ints) for a in node.attribute if a.name == "pads"), [0] * len(more))
    kept = [a for a in node.attribute if a.name != "pads"]
    del node.attribute[:]
    node.attribute.extend([*kept, onnx.helper.make_attribute("pads", [int(p) for p in more + own])])


def _drop_unused(graph: Any) -> None:
    """Delete the nodes and numbers that nothing needs any more."""
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed & set(node.output):
            kept.append(node)
            needed |= set(node.input)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    used = [t for t in graph.initializer if t.name in needed]
    del graph.initializer[:]
    graph.initializer.extend(used)
