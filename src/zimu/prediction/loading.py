"""`zimu.load`: a bundle of any task, ready to work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

from zimu.bundles.manifest import find_bundle
from zimu.captions.captioner import Captioner
from zimu.captions.captioner import load as load_captioner
from zimu.prediction.model import Model

__all__ = ["load"]


@overload
def load(bundle: None = None, *, threads: int = 0) -> Captioner: ...
@overload
def load(bundle: str | Path | Sequence[str | Path], *, threads: int = 0) -> Any: ...
def load(bundle: str | Path | Sequence[str | Path] | None = None, *, threads: int = 0) -> Any:
    """Return a captioner, or the model that `zimu.fit` made.

    Args:
        bundle: A path or a shipped bundle's name, or several of them that caption together; None takes the
            default captioner.
        threads: Threads of ONNX Runtime; 0 takes as many as there are cores, at most 4.

    Raises:
        UnknownNameError: Neither a path nor a shipped name.
        BundleError: A bundle is damaged, or two of them write captions of scenes.
    """
    if isinstance(bundle, str | Path):
        found = find_bundle(bundle)
        if found.manifest.task == "predict":
            return Model(found, threads)
    return load_captioner(bundle, threads=threads)
