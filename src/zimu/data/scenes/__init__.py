"""Scenes: short videos with sound and captions that the project makes itself from a seed.

Some facts can only be seen, some only heard, and most are only found by matching in time what is seen with
what is heard.
"""

from zimu.data.scenes.facts import COLOURS, KINDS, MOTIONS, SHAPES, SIZES, SOUNDS, STILL, Facts, Noise, Thing
from zimu.data.scenes.generate import facts_arrays, make_scenes, scene_arrays, scene_references
from zimu.data.scenes.pictures import FRAME_HZ, FRAME_SIZE
from zimu.data.scenes.plan import DURATION_S, SHARES, scene_facts, split_of
from zimu.data.scenes.presence import presence
from zimu.data.scenes.sounds import RATE_HZ
from zimu.data.scenes.wording import facts_named, references, sentences

__all__ = [
    "COLOURS",
    "DURATION_S",
    "FRAME_HZ",
    "FRAME_SIZE",
    "KINDS",
    "MOTIONS",
    "RATE_HZ",
    "SHAPES",
    "SHARES",
    "SIZES",
    "SOUNDS",
    "STILL",
    "Facts",
    "Noise",
    "Thing",
    "facts_arrays",
    "facts_named",
    "make_scenes",
    "presence",
    "references",
    "scene_arrays",
    "scene_facts",
    "scene_references",
    "sentences",
    "split_of",
]
