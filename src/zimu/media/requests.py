"""What to take from a file: which frames, at what size, and which sound."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from zimu.errors import ConfigError
from zimu.timing import to_seconds

__all__ = ["LOWEST_RATE_HZ", "WATCH", "FrameRequest", "MediaRequest", "SampleRequest"]


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


# No recording has fewer samples a second. A header that says so makes hours of a few bytes.
LOWEST_RATE_HZ = 1000

# What the shot detector looks at: 0.3 ms for a frame of 1280x720, at 12.5 Hz under 5 % of the decoding.
WATCH = FrameRequest(rate_hz=12.5, width=48, height=27, colour="gray")


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """All that is taken from a file in one pass; see `iter_media` for the fields."""

    frames: FrameRequest | None
    samples: SampleRequest | None
    watch: FrameRequest | None
    keyframes: bool
    approximate: bool
    start: Fraction | None
    end: Fraction | None

    @classmethod
    def of(
        cls,
        frames: FrameRequest | None,
        samples: SampleRequest | None,
        watch: FrameRequest | None,
        *,
        keyframes: bool,
        approximate: bool,
        start: float | Fraction | None,
        end: float | Fraction | None,
    ) -> MediaRequest:
        """Return the request, checked.

        Raises:
            ConfigError: Nothing is asked for, or the span is empty.
        """
        if frames is None and samples is None and watch is None:
            raise ConfigError("Neither frames nor samples are asked for. Ask for one of them.")
        if watch is not None and watch.colour != "gray":
            raise ConfigError("watch must ask for gray pictures.")
        first = None if start is None else to_seconds(start)
        last = None if end is None else to_seconds(end)
        if last is not None and last <= (first or 0):
            raise ConfigError(f"The span from {float(first or 0)} s to {float(last)} s is empty.")
        return cls(frames, samples, watch, keyframes, approximate, first, last)

    @property
    def wants_video(self) -> bool:
        """Whether pictures of any kind are asked for."""
        return self.frames is not None or self.watch is not None
