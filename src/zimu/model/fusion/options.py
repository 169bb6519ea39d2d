"""The kinds of options a fusion may have: a recipe checks them by these annotations."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

__all__ = ["Count", "Layers", "Positive", "Share"]

Count = Annotated[int, Field(ge=1)]
Layers = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
