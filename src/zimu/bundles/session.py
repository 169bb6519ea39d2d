"""ONNX Runtime behind the `Stepper` port."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.bundles.manifest import Bundle
from zimu.errors import BundleError
from zimu.search.stepper import State
from zimu.streams import StreamBatch

__all__ = ["Graph", "OnnxStepper"]

_STATE = ("hidden", "cell")
_MEMORY = ("values", "keys", "keep")


class Graph:
    """One ONNX graph of a bundle, ready to run on the CPU.

    Args:
        bundle: The bundle.
        name: The graph's name in its manifest.
        threads: Threads of ONNX Runtime; 0 takes half the cores, at most 4: the decoder needs the rest.

    Raises:
        BundleError: ONNX Runtime refuses the graph.
    """

    def __init__(self, bundle: Bundle, name: str, threads: int = 0) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or max(1, min(4, (os.cpu_count() or 1) // 2))
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Decoding runs beside inference: a thread that waits must not burn the core that decodes.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                bundle.graph(name), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime has no common base for what it raises on a strange graph
            reason = str(error).splitlines()[0]
            raise BundleError(f"{bundle.path}: graph {name!r} cannot be loaded: {reason}") from error
        self.inputs = tuple(i.name for i in self._session.get_inputs())
        self.outputs = tuple(o.name for o in self._session.get_outputs())
        self._where = f"{bundle.path}: graph {name!r}"

    def __call__(self, **arrays: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
        """Run the graph.

        Raises:
            BundleError: The graph wants other inputs than it is given.
        """
        if missing := set(self.inputs) - set(arrays):
            raise BundleError(f"{self._where} wants inputs that this Zimu does not make: {sorted(missing)}.")
        values = self._session.run(None, {n: arrays[n] for n in self.inputs})
        return dict(zip(self.outputs, values, strict=True))


class OnnxStepper:
    """A bundle of task "caption" as a `Stepper`.

    Args:
        bundle: The bundle.
        threads: Threads of ONNX Runtime, see `Graph`.
    """

    def __init__(self, bundle: Bundle, threads: int = 0) -> None:
        self._encode = Graph(bundle, "encode", threads)
        self._step = Graph(bundle, "step", threads)

    def start(self, streams: Mapping[str, StreamBatch]) -> State:
        """Encode B clips."""
        inputs: dict[str, npt.NDArray[Any]] = {}
        for name, batch in streams.items():
            inputs[name] = np.ascontiguousarray(batch.values, np.float32)
            inputs[f"{name}_keep"], inputs[f"{name}_times"] = batch.keep, batch.times
        found = self._encode(**inputs)
        return State({n: found[n] for n in _STATE}, {n: found[n] for n in (*_MEMORY, "times")})

    def step(
        self, tokens: npt.NDArray[np.int64], state: State
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], State]:
        """Read one token a hypothesis."""
        memory = {n: state.memory[n] for n in _MEMORY}
        found = self._step(tokens=np.ascontiguousarray(tokens), **state.arrays, **memory)
        after = State({n: found[f"{n}_next"] for n in _STATE}, state.memory, found["attention"])
        return found["ids"], found["log_probs"], after
