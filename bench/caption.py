"""`zimu caption` as a whole process against FFmpeg decoding the same file to nothing; memory; the search.

Prints ratios, medians of five interleaved runs. Needs `ffmpeg` on the path and the shipped bundles.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

RUNS = 5
SIZE, FPS = (1280, 720), 30


def make_video(path: Path, seconds: int) -> Path:
    """Write textured, moving pictures with a cut every five seconds, and coloured noise as sound."""
    import av

    rng = np.random.default_rng(0)
    width, height = SIZE
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "23"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = container.add_stream("aac", rate=16000)
        audio.layout = "mono"
        scene = np.zeros((height, width, 3), np.uint8)
        for number in range(seconds * FPS):
            if number % (5 * FPS) == 0:
                small = rng.integers(0, 256, (height // 16, width // 16, 3), np.uint8)
                scene = small.repeat(16, 0).repeat(16, 1)
            picture = np.roll(scene, 3 * number, axis=1)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        sound = np.cumsum(rng.normal(0, 0.02, seconds * 16000)).astype(np.float32)
        sound = (0.3 * np.sin(sound))[None]
        frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = 16000, Fraction(1, 16000), 0
        container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
        container.mux(video.encode(None))
    return path


def seconds_of(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def medians(commands: dict[str, list[str]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            times[name].append(seconds_of(command))
    return {name: statistics.median(row) for name, row in times.items()}


def peak_mb(command: list[str]) -> float:
    """Return the largest sum of resident memory of a process and its children, in MB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0.0
    done = threading.Event()
    threading.Thread(target=lambda: (process.wait(), done.set()), daemon=True).start()
    while not done.wait(0.05):
        peak = max(peak, _resident(process.pid))
    return peak


def _resident(pid: int) -> float:
    total = 0.0
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                total += int(line.split()[1]) / 1024
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            total += _resident(int(child))
    except FileNotFoundError:
        return total
    return total


def compare_searches() -> float:
    """Return how many times as many captions a second the batched search writes as a loop over hypotheses."""
    from zimu.bundles.manifest import find_bundle
    from zimu.captions.engine import CaptionEngine
    from zimu.search.beam import search
    from zimu.search.stepper import State
    from zimu.streams import StreamBatch

    engine = CaptionEngine(find_bundle("describe"), threads=1)
    rng = np.random.default_rng(0)
    clips = 32
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
        """One clip at a time, one hypothesis at a time, as most tutorials do it."""
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
            begun = time.perf_counter()
            run()
            times.append(time.perf_counter() - begun)
        return statistics.median(times)

    return median(naive) / median(lambda: search(stepper, batch, start, options))


def main() -> int:
    zimu = [sys.executable, "-m", "zimu.cli"]
    print(f"batched beam search against a naive loop: {compare_searches():.1f} times the captions a second")
    help_s = medians({"help": [*zimu, "--help"], "python": [sys.executable, "-c", "pass"]})
    print(f"zimu --help: {help_s['help']:.2f} s (python itself {help_s['python']:.2f} s)")
    if shutil.which("ffmpeg") is None:
        print("ffmpeg is not installed, so nothing is compared with it (Debian: apt-get install ffmpeg)")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        short = make_video(Path(folder) / "minute.mp4", 60)
        long = Path(folder) / "ten.mp4"
        subprocess.run(
            ["ffmpeg", "-v", "error", "-stream_loop", "9", "-i", str(short), "-c", "copy", str(long)],
            check=True,
        )
        caption = [*zimu, "caption", str(short), "--output", folder]
        found = medians(
            {
                "ffmpeg": ["ffmpeg", "-v", "error", "-i", str(short), "-f", "null", "-"],
                "zimu": caption,
                "keyframes": [*caption, "--keyframes"],
            }
        )
        for name in ("zimu", "keyframes"):
            print(f"{name}: {found[name] / found['ffmpeg']:.2f} of ffmpeg's {found['ffmpeg']:.2f} s")
        memory = peak_mb(caption), peak_mb([*zimu, "caption", str(long), "--output", folder])
        print(f"peak memory: {memory[0]:.0f} MB for 1 minute, {memory[1]:.0f} MB for 10 minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
