"""Draw five scenes as one picture: a row of frames each, and under it the sound on the same clock.

Run: python examples/scenes_sheet.py docs/scenes.webp
"""

from __future__ import annotations

import sys
from pathlib import Path

import av
import numpy as np

from zimu.data.scenes import FRAME_SIZE, Facts, scene_arrays, scene_references
from zimu.features.sound import log_mel
from zimu.features.spec import AudioSpec

KINDS = ("matched", "matched", "matched", "seen", "heard")
FRAMES = 10
WIDTH = FRAMES * FRAME_SIZE


def draw_scene(index: int, kind: str) -> tuple[np.ndarray, Facts]:
    """Return uint8 [H, W, 3], frames over a log-mel strip, and what happens."""
    frames, samples, facts = scene_arrays(3, index, {kind: 1.0})
    step = len(frames) // FRAMES
    strip = np.concatenate(list(frames[step // 2 :: step]), axis=1)
    spec = AudioSpec(hop=len(samples) // WIDTH, bands=32)
    mel = log_mel(np.pad(samples, spec.window // 2), spec)[:WIDTH].T[::-1]
    level = np.clip((mel + 4.3) / 6, 0, 1)[..., None]
    sound = np.uint8(level * (255, 225, 150) + (1 - level) * (20, 24, 60))
    return np.concatenate((strip, sound, np.full((6, WIDTH, 3), 255, np.uint8))), facts


def main(path: Path) -> None:
    """Write the picture and print its captions."""
    rows = []
    for index, kind in enumerate(KINDS):
        picture, facts = draw_scene(index, kind)
        rows.append(picture)
        said = scene_references(facts)
        print(f"{kind:8} {said['en'][0]}  {said['zh'][0]}")
    sheet = np.concatenate(rows)[:-6]
    with av.open(str(path), "w", format="webp") as container:
        stream = container.add_stream("libwebp", rate=1, options={"quality": "60"})
        stream.height, stream.width, stream.pix_fmt = *sheet.shape[:2], "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(sheet, format="rgb24")))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
