"""The feature contract: how raw streams become arrays.

Its canonical JSON has a short hash. Features on disk and graphs in a bundle carry the hash; where two
disagree, the work is refused with both contracts printed.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal

from zimu.errors import BundleError
from zimu.records import Record, Rule, empty

__all__ = ["YAMNET_SPEC", "AudioSpec", "FeatureContract", "VideoSpec", "check_same"]


_Positive = Annotated[int, Rule(above=0)]


class VideoSpec(Record):
    """How frames become float32 [T, C, height, width].

    Attributes:
        rate_hz: Frames taken a second, by time.
        max_frames: At most this many frames a clip, evenly spread.
        width: Pixels.
        height: Pixels.
        resize: "crop": scale the short side, then cut the centre.
        box: Left, top, right, bottom of the part looked at, as shares.
        colour: Of the pictures.
        mean: Taken off each value 0..255.
        scale: Then divided by this.
    """

    rate_hz: Annotated[float, Rule(above=0)]
    max_frames: _Positive
    width: _Positive
    height: _Positive
    resize: Literal["stretch", "crop"] = "stretch"
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    colour: Literal["rgb", "gray"] = "rgb"
    mean: float = 127.0
    scale: float = 128.0


class AudioSpec(Record):
    """How samples become float32 [T, bands] (log_mel), [P, 96, 64] (patches) or [n, 1] (waveform).

    Attributes:
        kind: Which of them.
        rate_hz: Samples a second.
        window: Samples, periodic Hann.
        hop: Samples.
        fft: Samples that are transformed.
        bands: Of the mel scale.
        low_hz: Where the lowest begins.
        high_hz: Where the highest ends.
        offset: log(mel + offset).
        patch: Steps of one patch, for kind patches.
        patch_hop: Steps from one patch to the next.
        mean: Taken off each value.
        scale: Then divided by this.
    """

    kind: Literal["log_mel", "patches", "waveform"] = "log_mel"
    rate_hz: _Positive = 16000
    window: _Positive = 400
    hop: _Positive = 160
    fft: _Positive = 512
    bands: _Positive = 64
    low_hz: float = 125.0
    high_hz: float = 7500.0
    offset: float = 0.001
    patch: _Positive = 96
    patch_hop: _Positive = 48
    mean: float = 0.0
    scale: float = 1.0


# What YAMNet was trained on.
YAMNET_SPEC = AudioSpec(kind="patches")


class FeatureContract(Record):
    """What a model takes: a spec a stream, and the weights behind features of a frozen encoder.

    Attributes:
        video: Of the stream "video".
        audio: Of the stream "audio".
        encoders: {stream: name and hash of frozen weights}.
    """

    video: VideoSpec | None = None
    audio: AudioSpec | None = None
    encoders: dict[str, str] = empty()

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
