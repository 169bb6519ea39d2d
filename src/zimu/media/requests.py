"""What to take from a file: which frames, at what size, and which sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zimu.errors import ConfigError

__all__ = ["FrameRequest", "SampleRequest"]


@dataclass(frozen=True, slots=True)
class FrameRequest:
    """Which frames to take and what their pictures look like.

    Attributes:
        rate_hz: Frames a second, chosen by time: for each moment the picture that is on the screen then. None
            takes every frame once.
        width: Pixels.
        height: Pixels.
        resize: "stretch" fills the size whatever the shape; "crop" cuts the centre of the right shape first.
        box: Left, top, right, bottom of the part looked at, as shares of the upright picture.
        colour: "rgb" gives pictures [H, W, 3], "gray" [H, W, 1].
    """

    rate_hz: float | None = None
    width: int = 224
    height: int = 224
    resize: Literal["stretch", "crop"] = "stretch"
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    colour: Literal["rgb", "gray"] = "rgb"

    def __post_init__(self) -> None:
        if self.rate_hz is not None and not self.rate_hz > 0:
            raise ConfigError(f"rate_hz is {self.rate_hz}. It must be above 0, or None for every frame.")
        if self.width < 1 or self.height < 1:
            raise ConfigError(f"A picture of {self.width}x{self.height} pixels has no content.")
        left, top, right, bottom = self.box
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise ConfigError(
                f"box is {self.box}. It must be left, top, right, bottom with 0 <= left < right <= 1 and "
                "0 <= top < bottom <= 1."
            )
        if self.resize not in ("stretch", "crop"):
            raise ConfigError(f"resize is {self.resize!r}. It must be 'stretch' or 'crop'.")
        if self.colour not in ("rgb", "gray"):
            raise ConfigError(f"colour is {self.colour!r}. It must be 'rgb' or 'gray'.")


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """How the sound is handed over: mono float32.

    Attributes:
        rate_hz: Samples a second after resampling.
        block_s: Seconds a block; the last may be shorter.
    """

    rate_hz: int = 16000
    block_s: float = 1.0

    def __post_init__(self) -> None:
        if self.rate_hz < 1:
            raise ConfigError(f"rate_hz is {self.rate_hz}. It must be at least 1.")
        if not self.block_s * self.rate_hz >= 1:
            raise ConfigError(f"block_s is {self.block_s}. A block must hold at least one sample.")
