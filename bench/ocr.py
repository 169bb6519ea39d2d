"""Known subtitles burnt into real clips and read back: what is read, and how far off its times are.

    python -m bench.ocr [VIDEO...]

Without videos the example of the project is taken. Prints how many characters of the Chinese and the English
text are right, how many cues were found, and the errors of their starts and ends. Needs the extras burn, ocr.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from zimu.media.probe import probe
from zimu.metrics.errors import align
from zimu.subtitles.burn import burn
from zimu.subtitles.cue import Cue
from zimu.subtitles.ocr import RapidReader
from zimu.subtitles.screen import read_screen

_TEXTS = (
    ("今天天气晴朗，我们去公园吧。",), ("Where did you put the keys?",), ("他说：“明天再来。”",),
    ("I never said that, you know.", "It was 1984."), ("一共三百二十五块钱", "请在这里签字"),
    ("Don't worry about it!",), ("这是最后一次机会",), ("We leave at 7:30 tomorrow.",),
    ("没有人知道他去了哪里", "Nobody knows where he went"), ("Stop! Come back here!",),
)  # fmt: skip


def cues_for(seconds: float) -> list[Cue]:
    """Return cues of 0.7 to 1.6 s, some right after each other, until the end of a video."""
    rng = np.random.default_rng(0)
    cues, at, number = [], 300, 0
    while True:
        end = at + int(rng.integers(700, 1600))
        if end > seconds * 1000 - 200:
            return cues
        cues.append(Cue(at, end, _TEXTS[number % len(_TEXTS)]))
        at, number = end + int(rng.choice([0, 40, 300, 900])), number + 1


def errors_of(wanted: list[Cue], found: list[Cue]) -> tuple[list[int], dict[str, list[int]], int]:
    """Return errors of times in milliseconds, [errors, characters] a language, and cues found."""
    times: list[int] = []
    counts = {"zh": [0, 0], "en": [0, 0]}
    matched = 0
    for cue in wanted:
        near = max(
            found, key=lambda f: min(f.end_ms, cue.end_ms) - max(f.start_ms, cue.start_ms), default=None
        )
        if near is None or min(near.end_ms, cue.end_ms) <= max(near.start_ms, cue.start_ms):
            near = None
        else:
            matched += 1
            times += [abs(near.start_ms - cue.start_ms), abs(near.end_ms - cue.end_ms)]
        language = "zh" if any("\u4e00" <= c <= "\u9fff" for c in cue.text) else "en"
        reference = "".join(cue.text.split())
        candidate = "".join(near.text.split()) if near is not None else ""
        counts[language][0] += align(reference, candidate).errors
        counts[language][1] += len(reference)
    return times, counts, matched


def main() -> int:
    videos = [Path(name) for name in sys.argv[1:]] or [Path(__file__).parents[1] / "examples" / "friday.mp4"]
    reader = RapidReader()
    times: list[int] = []
    totals = {"zh": [0, 0], "en": [0, 0]}
    wanted_cues = found_cues = matched = 0
    seconds = spent = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for video in videos:
            info = probe(video)
            assert info.video is not None and info.video.fps is not None and info.duration is not None
            wanted = cues_for(float(info.duration))
            burnt = Path(folder) / f"{video.stem}.mp4"
            burn(video, wanted, burnt)
            begun = time.process_time()
            found = read_screen(burnt, reader)
            spent, seconds = spent + time.process_time() - begun, seconds + float(info.duration)
            some, counts, hits = errors_of(wanted, found)
            for cue in found if "-v" in sys.argv else ():
                print(cue.start_ms, cue.end_ms, cue.lines)
            frame_ms = float(1000 / info.video.fps)
            print(
                f"{video.name}: {hits} of {len(wanted)} cues, {len(found)} found, "
                f"a frame is {frame_ms:.0f} ms"
            )
            times, matched = times + some, matched + hits
            wanted_cues, found_cues = wanted_cues + len(wanted), found_cues + len(found)
            for language, (errors, characters) in counts.items():
                totals[language][0] += errors
                totals[language][1] += characters
    for language, (errors, characters) in totals.items():
        if characters:
            print(f"{language}: {1 - errors / characters:.1%} of {characters} characters right")
    within = {limit: statistics.mean(t <= limit for t in times) for limit in (50, 100, 400)} if times else {}
    print(f"recall {matched / wanted_cues:.2f}, precision {matched / max(1, found_cues):.2f}")
    print("ends within " + ", ".join(f"{limit} ms {share:.0%}" for limit, share in within.items()))
    print(f"{spent / seconds:.2f} processor s a second of video")
    return 0


if __name__ == "__main__":
    sys.exit(main())
