"""What happens in a scene: the record that pictures, sounds and captions are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["COLOURS", "KINDS", "MOTIONS", "SHAPES", "SIZES", "SOUNDS", "STILL", "Facts", "Noise", "Thing"]

KINDS = ("matched", "seen", "heard", "both")
SHAPES = ("circle", "square", "triangle", "star", "ring", "cross", "heart", "moon")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "white", "black")
SIZES = ("small", "big")
MOTIONS = ("left", "right", "up", "down", "loop", "bounce", "grow", "shrink", "spin")
STILL = "still"
SOUNDS = (
    "bell",
    "rain",
    "engine",
    "siren",
    "knocking",
    "birdsong",
    "applause",
    "phone",
    "dog",
    "clock",
    "thunder",
    "whistle",
)


@dataclass(frozen=True, slots=True)
class Thing:
    """One object and the only thing it does.

    Attributes:
        shape: A name of `SHAPES`.
        colour: A name of `COLOURS`.
        size: A name of `SIZES`.
        motion: A name of `MOTIONS`, or "still".
        start: Seconds; the object is seen from here,
        end: to here.
        x: The middle of its path, as a share of the picture's width,
        y: and of its height, downwards.
    """

    shape: str
    colour: str
    size: str
    motion: str
    start: float
    end: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Noise:
    """One sound: a name of `SOUNDS`, and seconds from start to end."""

    name: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Facts:
    """One scene.

    Attributes:
        seed: The seed of the set.
        index: The scene's place in the set.
        kind: "seen", "heard", "both", or "matched" (several objects act, several sounds are heard, one pair
            coincides).
        things: All objects.
        sounds: All sounds.
        thing: The object that the captions name, as a place in `things`; None where only a sound counts.
        sound: The sound that the captions name, as a place in `sounds`; None where there is none.
    """

    seed: int
    index: int
    kind: str
    things: tuple[Thing, ...]
    sounds: tuple[Noise, ...]
    thing: int | None
    sound: int | None

    @property
    def named_thing(self) -> Thing | None:
        """The object that the captions name."""
        return None if self.thing is None else self.things[self.thing]

    @property
    def named_sound(self) -> str | None:
        """The sound that the captions name."""
        return None if self.sound is None else self.sounds[self.sound].name

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, dictionaries, strings and numbers."""
        row = asdict(self)
        return {**row, "things": list(row["things"]), "sounds": list(row["sounds"])}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Facts:
        """Return the facts that `to_json` gave."""
        things = tuple(Thing(**thing) for thing in row["things"])
        sounds = tuple(Noise(**sound) for sound in row["sounds"])
        return cls(row["seed"], row["index"], row["kind"], things, sounds, row["thing"], row["sound"])
