"""The encoders of streams for `classify` and `regress`, by name.

To add one: a module with `(shape, width, **options)`, where `shape` is that of one step's values, which takes
`Steps [B, T, *shape]` to `Steps [B, T', width]` and leaves padding without influence; a line in the
dictionary; a recipe class in `zimu.training.predict_recipes`.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from zimu.errors import unknown_name
from zimu.model.encoders.features import FeatureEncoder
from zimu.model.encoders.image import ImageEncoder
from zimu.model.encoders.points import PointsEncoder
from zimu.model.encoders.series import SeriesEncoder
from zimu.model.encoders.table import TableEncoder
from zimu.model.encoders.text import TextEncoder

__all__ = ["STREAM_ENCODERS", "build_encoder"]

STREAM_ENCODERS: dict[str, Any] = {
    "features": FeatureEncoder,
    "image": ImageEncoder,
    "points": PointsEncoder,
    "series": SeriesEncoder,
    "table": TableEncoder,
    "text": TextEncoder,
}


def build_encoder(name: str, shape: tuple[int, ...], width: int, **options: Any) -> nn.Module:
    """Return an encoder.

    Args:
        name: A key of `STREAM_ENCODERS`.
        shape: Of one step's values.
        width: D of what it gives.
        options: The encoder's own.

    Raises:
        UnknownNameError: There is no such encoder.
    """
    if name not in STREAM_ENCODERS:
        raise unknown_name("encoder", name, STREAM_ENCODERS)
    encoder: nn.Module = STREAM_ENCODERS[name](shape, width, **options)
    return encoder
