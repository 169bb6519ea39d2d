"""Shot changes: real clips joined at random, so that the cuts are known; how many are found, and the cost.

Reads the clips of `caption_videos` in the folder of real data next to the checkout. They are the clips on
which the thresholds were set: the numbers show that a change did no harm, not what to expect elsewhere. Cuts
inside the clips count as given where the detector finds them in the clip by itself; only the joins are
independent of it.
"""

from __future__ import annotations

import random
import sys
import time
from fractions import Fraction
from pathlib import Path

from zimu.clips.shots import ShotDetector
from zimu.media.reader import iter_media
from zimu.media.requests import WATCH
from zimu.streams import Frame

CLIPS = Path(__file__).resolve().parents[2] / "shared" / "data" / "caption_videos" / "clips"
VIDEOS, SHOTS = 30, 30
STEP = Fraction(2, 25)


def cuts_of(frames: list[Frame]) -> list[Fraction]:
    """Return the times at which shots start."""
    detector = ShotDetector()
    cuts = [cut for frame in frames for cut in detector.push(frame)]
    return cuts + detector.finish()


def join(
    clips: list[list[Frame]], own: list[list[Fraction]], rng: random.Random
) -> tuple[list[Frame], set[Fraction], set[Fraction]]:
    """Return stretches of clips joined to one video, the times of the joins, and of the cuts inside clips."""
    frames: list[Frame] = []
    joins, inside = set[Fraction](), set[Fraction]()
    last = None
    for _ in range(SHOTS):
        chosen = rng.choice([number for number in range(len(clips)) if number != last])
        last, clip = chosen, clips[chosen]
        length = rng.randint(10, 50)
        first = rng.randrange(max(1, len(clip) - length))
        part = clip[first : first + length]
        move = (frames[-1].time + STEP if frames else Fraction(0)) - part[0].time
        if frames:
            joins.add(part[0].time + move)
        inside |= {cut + move for cut in own[chosen] if part[0].time < cut <= part[-1].time}
        frames += [Frame(frame.time + move, frame.picture) for frame in part]
    return frames, joins, inside


def main() -> int:
    if not CLIPS.is_dir():
        print(f"the clips are not at {CLIPS}")
        return 1
    clips = [
        list(iter_media(path, frames=None, samples=None, watch=WATCH)) for path in sorted(CLIPS.glob("*.mp4"))
    ]
    videos = [[item for item in clip if isinstance(item, Frame)] for clip in clips]
    own = [cuts_of(clip) for clip in videos]
    rng = random.Random(0)
    found = missed = invented = pictures = 0
    begun = time.process_time()
    for _ in range(VIDEOS):
        frames, joins, inside = join(videos, own, rng)
        cuts = set(cuts_of(frames))
        found, missed = found + len(joins & cuts), missed + len(joins - cuts)
        invented += len(cuts - joins - inside)
        pictures += len(frames)
    spent = time.process_time() - begun
    cost_ms = 1000 * spent / pictures
    print(f"joins of {len(videos)} clips found: {found} of {found + missed}; cuts invented: {invented}")
    print(f"{cost_ms:.2f} ms a watched picture, {12.5 * cost_ms:.1f} ms a second of video")
    return 0


if __name__ == "__main__":
    sys.exit(main())
