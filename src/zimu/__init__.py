"""Zimu: video in, Chinese and English captions out; and a toolkit for multimodal learning.

Everything heavy is imported on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zimu.metrics.card import score as score
    from zimu.prediction.loading import load as load
    from zimu.streams import Caption as Caption
    from zimu.subtitles.files import write as write
    from zimu.training.fit import fit as fit

__version__ = "0.1.0"
__all__ = ["Caption", "__version__", "fit", "load", "score", "write"]

_HOMES = {
    "Caption": "zimu.streams",
    "fit": "zimu.training.fit",
    "load": "zimu.prediction.loading",
    "score": "zimu.metrics.card",
    "write": "zimu.subtitles.files",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'zimu' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
