"""Reading a video against FFmpeg decoding the same file to nothing.

The file is made here: 60 s, 1280x720, 30 frames a second, H.264 with a keyframe every 250 frames, stereo AAC.
We read 224x224 pictures once a second and mono sound at 16 kHz, as a whole process, interpreter and imports
included. Prints ratios, medians of five interleaved runs, by the clock and in processor seconds (which a busy
machine disturbs less). Needs `ffmpeg` on the path.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

RUNS = 5
SECONDS, FPS, SIZE = 60, 30, (1280, 720)

_READ = """
import sys
from zimu.media.{module} import {name}
from zimu.media.requests import WATCH, FrameRequest, SampleRequest
with {name}(sys.argv[1], frames=FrameRequest(1), samples=SampleRequest(){more}) as stream:
    print(sum(1 for _ in stream))
"""


def program(guarded: bool, more: str = "") -> str:
    """Return the code of a process that reads the file once."""
    module, name = ("guard", "iter_media_guarded") if guarded else ("reader", "iter_media")
    return _READ.format(module=module, name=name, more=more)


def make_video(path: Path) -> Path:
    """Write a slow flight over textured plains with a cut every ten seconds, a little grain, and a melody."""
    import av

    width, height = SIZE
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        options = {"preset": "veryfast", "crf": "26", "g": "250", "threads": "2"}
        video = container.add_stream("libx264", rate=FPS, options=options)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = container.add_stream("aac", rate=48000)
        audio.layout = "stereo"
        grain = rng.normal(0, 3, (height + 64, width + 64)).astype(np.int16)
        for number in range(SECONDS * FPS):
            if number % (10 * FPS) == 0:
                plain = _plain(rng, height + 64, width + 700)
            x, y, gx, gy = 2 * (number % (10 * FPS)), number % 64, *rng.integers(0, 64, 2)
            luma = plain[y : y + height, x : x + width] + grain[gy : gy + height, gx : gx + width]
            picture = np.full((height * 3 // 2, width), 128, np.uint8)
            picture[:height] = np.clip(luma, 16, 235)
            picture[height:] = picture[0:height:2].reshape(height // 2, width) // 2 + 64
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(video.encode(frame))
            if number % FPS == 0:
                container.mux(audio.encode(_melody(number // FPS)))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return path


def _plain(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return int16 [height, width]: noise at many sizes, as in landscapes."""
    out = np.full((height, width), 128.0, np.float32)
    for step, strength in ((128, 40), (32, 22), (8, 12), (2, 6)):
        coarse = rng.normal(0, strength, (height // step + 2, width // step + 2))
        out += coarse.repeat(step, 0).repeat(step, 1)[:height, :width]
    return out.astype(np.int16)


def _melody(second: int) -> object:
    import av

    time_s = second + np.arange(48000) / 48000
    sound = np.float32(0.3 * np.sin(2 * np.pi * (220 + 40 * (second % 7)) * time_s))
    frame = av.AudioFrame.from_ndarray(np.stack([sound, sound]), format="fltp", layout="stereo")
    frame.sample_rate, frame.time_base, frame.pts = 48000, Fraction(1, 48000), second * 48000
    return frame


def cost_of(command: list[str]) -> tuple[float, float]:
    """Return the seconds by the clock and the processor seconds of a command and its children."""
    begun = time.perf_counter()
    with Path(os.devnull).open("wb") as nowhere:
        actions = [(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1), (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 2)]
        pid = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"{command[0]} failed")
    return time.perf_counter() - begun, usage.ru_utime + usage.ru_stime


def main() -> int:
    if shutil.which("ffmpeg") is None:
        print("ffmpeg is not installed, so there is nothing to compare with (Debian: apt-get install ffmpeg)")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        path = make_video(Path(folder) / "minute.mp4")
        print(f"made {path.stat().st_size * 8 / SECONDS / 1e6:.1f} Mbit/s")
        ours = {
            "pictures and sound": program(guarded=False),
            "... guarded, and watching for shots": program(guarded=True, more=", watch=WATCH"),
            "... approximate, guarded, and watching": program(True, ", watch=WATCH, approximate=True"),
            "... keyframes only": program(guarded=False, more=", keyframes=True"),
            "... keyframes only, guarded": program(guarded=True, more=", keyframes=True"),
        }
        null = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "null", "-"]
        commands = {"ffmpeg to nothing": null}
        commands |= {name: [sys.executable, "-c", code, str(path)] for name, code in ours.items()}
        costs: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(RUNS):
            for name, command in commands.items():
                costs[name].append(cost_of(command))
    clock, processor = (
        {name: statistics.median(cost[kind] for cost in row) for name, row in costs.items()}
        for kind in (0, 1)
    )
    base = "ffmpeg to nothing"
    print(f"{base}: {clock[base]:.2f} s, {processor[base]:.2f} processor s")
    for name in ours:
        print(
            f"{name}: {clock[name] / clock[base]:.2f} by the clock, "
            f"{processor[name] / processor[base]:.2f} in processor seconds"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
