"""The feature contract: how raw streams become arrays.

Its canonical JSON has a short hash. Features on disk and graphs in a bundle carry the hash; where two
disagree, the work is refused with both contracts printed.
"""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from zimu.errors import BundleError

__all__ = ["AudioSpec", "FeatureContract", "VideoSpec", "check_same"]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VideoSpec(_Frozen):
    """How frames become float32 [T, C, height, width]."""

    rate_hz: float = Field(gt=0, description="frames taken a second, by time")
    max_frames: int = Field(gt=0, description="at most this many frames a clip, evenly spread")
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    resize: Literal["stretch", "crop"] = Field(
        default="stretch", description="crop: scale the short side, then cut the centre"
    )
    box: tuple[float, float, float, float] = Field(
        default=(0.0, 0.0, 1.0, 1.0), description="left, top, right, bottom of the part looked at, as shares"
    )
    colour: Literal["rgb", "gray"] = "rgb"
    mean: float = Field(default=127.0, description="taken off each value 0..255")
    scale: float = Field(default=128.0, description="then divided by this")


class AudioSpec(_Frozen):
    """How samples become float32 [T, bands] (log_mel), [P, 96, 64] (patches) or [n, 1] (waveform)."""

    kind: Literal["log_mel", "patches", "waveform"] = "log_mel"
    rate_hz: int = Field(default=16000, gt=0)
    window: int = Field(default=400, gt=0, description="samples, periodic Hann")
    hop: int = Field(default=160, gt=0, description="samples")
    fft: int = Field(default=512, gt=0)
    bands: int = Field(default=64, gt=0)
    low_hz: float = 125.0
    high_hz: float = 7500.0
    offset: float = Field(default=0.001, description="log(mel + offset)")
    patch: int = Field(default=96, gt=0, description="steps of one patch, for kind patches")
    patch_hop: int = Field(default=48, gt=0, description="steps from one patch to the next")
    mean: float = 0.0
    scale: float = 1.0


class FeatureContract(_Frozen):
    """What a model takes: a spec a stream, and the weights behind features of a frozen encoder."""

    video: VideoSpec | None = None
    audio: AudioSpec | None = None
    encoders: dict[str, str] = Field(
        default_factory=dict, description="stream: name and hash of frozen weights"
    )

    def canonical(self) -> str:
        """Return the canonical JSON: sorted keys, no blanks."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))

    @property
    def hash(self) -> str:
        """The first 12 hex digits of the SHA-256 of the canonical JSON."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()[:12]


def check_same(found: FeatureContract, wanted: FeatureContract, where: str) -> None:
    """Raise BundleError with both contracts if they differ.

    Args:
        found: The contract that the data carries.
        wanted: The contract of the model.
        where: The file or folder, for the message.
    """
    if found != wanted:
        raise BundleError(
            f"{where} was made under another feature contract. Found {found.hash}: {found.canonical()}. "
            f"Wanted {wanted.hash}: {wanted.canonical()}. Extract the features again."
        )
