"""Half the size on disk: weights are rounded to float16 and stored so, but computed with in float32.

Rounding comes first, so what is stored is exactly what was exported, and captions still equal those of torch
token for token.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

__all__ = ["halve_precision", "store_half"]

# Smaller tensors are not worth a node of their own.
_SMALLEST = 256


@torch.no_grad()
def halve_precision(model: nn.Module) -> None:
    """Round all weights of a model to what float16 can hold."""
    for parameter in model.parameters():
        parameter.copy_(parameter.to(torch.float16).to(parameter.dtype))


def store_half(path: Path) -> None:
    """Store as float16 those float32 tensors of an ONNX file that lose nothing; a Cast node widens them."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(path))
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        narrow = values.astype(np.float16)
        if values.size < _SMALLEST or not np.array_equal(narrow.astype(np.float32), values):
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(narrow, f"{name}.half"))
        casts.append(onnx.helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT))
    for node in reversed(casts):
        model.graph.node.insert(0, node)
    onnx.save(model, str(path))
