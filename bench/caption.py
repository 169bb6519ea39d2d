"""`zimu caption` as a whole process against FFmpeg decoding the same file to nothing; memory; the search.

Prints ratios, medians of five runs that take turns, on the clock and in seconds of processor: the second hold
also on a machine that is busy. Needs `ffmpeg` on the path and the shipped bundles. The straightforward
pipeline in PyTorch (see `_straightforward`) needs the training half.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
from bench._processes import Cost, medians, peak_mb

RUNS = 5
SIZE, FPS = (1280, 720), 30
# Loudness of the grain of a camera's sensor, of 255: without it a film of patterns costs nothing to decode.
GRAIN = 3.0


def make_video(path: Path, seconds: int, size: tuple[int, int] = SIZE) -> Path:
    """Write textured, moving, grainy pictures with a cut every five seconds, and coloured noise as sound."""
    import av

    rng = np.random.default_rng(0)
    width, height = size
    grain = rng.normal(0, GRAIN, (height + 64, width + 64, 1)).round().astype(np.int16)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "23"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = container.add_stream("aac", rate=16000)
        audio.layout = "mono"
        scene = np.zeros((height, width, 3), np.int16)
        for number in range(seconds * FPS):
            if number % (5 * FPS) == 0:
                small = rng.integers(8, 248, (height // 16 + 1, width // 16, 3), np.uint8)
                scene = small.repeat(16, 0)[:height].repeat(16, 1).astype(np.int16)
            down, right = rng.integers(0, 64, 2)
            picture = np.roll(scene, 3 * number, axis=1) + grain[down : down + height, right : right + width]
            frame = av.VideoFrame.from_ndarray(np.clip(picture, 0, 255).astype(np.uint8), format="rgb24")
            container.mux(video.encode(frame))
        sound = np.cumsum(rng.normal(0, 0.02, seconds * 16000)).astype(np.float32)
        sound = (0.3 * np.sin(sound))[None]
        heard = av.AudioFrame.from_ndarray(sound, format="fltp", layout="mono")
        heard.sample_rate, heard.time_base, heard.pts = 16000, Fraction(1, 16000), 0
        container.mux(audio.encode(heard))
        container.mux(audio.encode(None))
        container.mux(video.encode(None))
    return path


def repeated(path: Path, times: int, target: Path) -> Path:
    """Write a video several times in succession, without encoding it again."""
    command = ["ffmpeg", "-v", "error", "-stream_loop", str(times - 1), "-i", str(path), "-c", "copy"]
    subprocess.run([*command, str(target)], check=True)
    return target


def compare_searches() -> None:
    """Print how many times as many captions a second the batched search writes as two naive loops."""
    from bench._straightforward import captions_a_second

    from zimu.bundles.manifest import find_bundle
    from zimu.captions.engine import CaptionEngine
    from zimu.search.beam import search
    from zimu.search.stepper import State
    from zimu.streams import StreamBatch

    engine = CaptionEngine(find_bundle("describe"), threads=1)
    rng = np.random.default_rng(0)
    clips = 16
    regions = engine.manifest.memory["video"].regions
    batch = {
        "video": StreamBatch(
            np.abs(rng.normal(0, 1, (clips, 1, regions, 1280))).astype(np.float32),
            np.ones((clips, 1), np.bool_),
            np.zeros((clips, 1), np.float32),
        )
    }
    start, stepper, options = engine.vocabulary.start("en"), engine._stepper, engine.options

    def naive() -> None:
        """One clip at a time, one hypothesis at a time, over the same graph."""
        for clip in range(clips):
            state = stepper.start(
                {n: StreamBatch(*(p[clip : clip + 1] for p in b)) for n, b in batch.items()}
            )
            beam: list[tuple[float, list[int], State]] = [(0.0, [start], state)]
            for _ in range(options.max_length + 1):
                grown: list[tuple[float, list[int], State]] = []
                for score, tokens, before in beam:
                    if tokens[-1] == 1:
                        grown.append((score, tokens, before))
                        continue
                    ids, log_probs, after = stepper.step(np.array(tokens[-1:]), before)
                    for i, p in zip(ids[0, : options.beam_size], log_probs[0], strict=False):
                        grown.append((score + float(p), [*tokens, int(i)], after))
                beam = sorted(grown, key=lambda h: -h[0])[: options.beam_size]

    def median(run: Callable[[], object]) -> float:
        times = []
        for _ in range(RUNS):
            begun = time.process_time()
            run()
            times.append(time.process_time() - begun)
        return statistics.median(times)

    ours = median(lambda: search(stepper, batch, start, options, best=1))
    print(f"batched beam search, {clips / ours:.0f} captions a second of one processor; times as many as")
    print(f"  a loop over clips and hypotheses over the same ONNX graph: {median(naive) / ours:.1f}")
    try:
        print(f"  the same loop in eager PyTorch: {clips / ours / captions_a_second():.1f}")
    except ImportError:
        print("  the same loop in eager PyTorch: not measured, PyTorch is not installed")


def ratio(ours: Cost, theirs: Cost) -> str:
    """Return both ratios as text."""
    return (
        f"{ours.wall_s / theirs.wall_s:.2f} on the clock, {ours.cpu_s / theirs.cpu_s:.2f} of processor time"
    )


def compare_runs(folder: Path) -> None:
    """Print whole runs against FFmpeg, and the memory."""
    zimu = [sys.executable, "-m", "zimu.cli"]
    short = repeated(make_video(folder / "part.mp4", 20), 3, folder / "minute.mp4")
    caption = [*zimu, "caption", str(short), "--output", str(folder)]
    found = medians(
        {
            "ffmpeg": ["ffmpeg", "-v", "error", "-i", str(short), "-f", "null", "-"],
            "zimu caption": caption,
            "zimu caption --every-frame": [*caption, "--every-frame"],
            "zimu caption --keyframes": [*caption, "--keyframes"],
        },
        RUNS,
    )
    rest = found.pop("ffmpeg")
    megabits = short.stat().st_size * 8 / 60 / 1e6
    print(
        f"a minute of 1280x720 at {megabits:.1f} Mb/s; ffmpeg decoding it to nothing: {rest.wall_s:.2f} s on "
        f"the clock, {rest.cpu_s:.2f} s of processor"
    )
    for name, cost in found.items():
        print(f"{name}: {ratio(cost, rest)}")
    small = make_video(folder / "small.mp4", 60, (320, 180))
    hour = repeated(small, 60, folder / "hour.mp4")
    peaks = [peak_mb([*zimu, "caption", str(p), "-o", str(folder)]) for p in (short, small, hour)]
    print(
        f"peak memory of all processes: {peaks[0]:.0f} MB for a minute of 1280x720; at 320x180 "
        f"{peaks[1]:.0f} MB for a minute, {peaks[2]:.0f} MB for an hour"
    )


def main() -> int:
    from bench._straightforward import compare

    zimu = [sys.executable, "-m", "zimu.cli"]
    compare_searches()
    costs = medians({"help": [*zimu, "--help"], "python": [sys.executable, "-c", "pass"]}, RUNS)
    for name, cost in costs.items():
        print(f"{name}: {cost.wall_s:.2f} s on the clock, {cost.cpu_s:.2f} s of processor")
    with tempfile.TemporaryDirectory() as name:
        compare(make_video(Path(name) / "clip.mp4", 10), RUNS)
        if shutil.which("ffmpeg") is None:
            print("ffmpeg is not installed, so nothing is compared with it (Debian: apt-get install ffmpeg)")
            return 1
        compare_runs(Path(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
