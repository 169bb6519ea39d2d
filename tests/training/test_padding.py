from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zimu.training.padding import fold_padding

# The tracer warns of shapes that are read as numbers, and of its age.
pytestmark = pytest.mark.filterwarnings("ignore")


class Padded(nn.Module):
    """Convolutions behind paddings of several kinds; only the first two can be merged."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b, self.c, self.d = (nn.Conv2d(3, 3, 3, stride=2, padding=p) for p in (0, 1, 0, 0))

    def forward(self, x: Tensor) -> Tensor:
        same = max((-(-x.shape[2] // 2) - 1) * 2 + 3 - x.shape[2], 0)
        x = self.a(F.pad(x, (same // 2, same - same // 2, 0, 1)))
        x = self.b(F.pad(x, (0, 1, 2, 3)))
        x = self.c(F.pad(x, (1, 1, 1, 1), value=0.5))
        y = F.pad(x, (1, 1, 1, 1))
        out: Tensor = self.d(y).flatten(1).sum(1) + y.flatten(1).sum(1)
        return out


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "graph.onnx"
    torch.onnx.export(
        Padded(),
        (torch.zeros(2, 3, 32, 32),),
        path,
        input_names=["x"],
        dynamic_axes={"x": {0: "count"}},
        opset_version=18,
        dynamo=False,
        do_constant_folding=False,
    )
    return path


def run(path: Path, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found: npt.NDArray[np.float32] = session.run(None, {"x": x})[0]
    return found


def nodes(path: Path) -> Counter[str]:
    return Counter(node.op_type for node in onnx.load(str(path)).graph.node)


def test_zeros_before_a_convolution_become_its_own_and_the_graph_computes_the_same(graph: Path) -> None:
    x = np.random.default_rng(0).normal(size=(3, 3, 32, 32)).astype(np.float32)
    before, had = run(graph, x), nodes(graph)
    assert fold_padding(graph) == 2
    np.testing.assert_allclose(run(graph, x), before, rtol=1e-5, atol=1e-5)
    onnx.checker.check_model(str(graph))
    assert (had["Pad"], nodes(graph)["Pad"]) == (4, 2)
    assert sum(nodes(graph).values()) < sum(had.values()) / 2


def test_what_was_merged_once_is_not_merged_again(graph: Path) -> None:
    fold_padding(graph)
    content = graph.read_bytes()
    assert fold_padding(graph) == 0
    assert graph.read_bytes() == content
