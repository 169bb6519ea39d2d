"""A video of three hours: what reading it holds in memory, ten minutes in and at its end.

    python -m bench.long [--hours 3] [--keyframes | --caption]

The file is a minute of small pictures and sound, repeated by copying its packets. It is read as the captioner
does, guarded, to a picture a second, sound at 16 kHz and pictures for the shot detector. Prints the memory of
this process and of the one that decodes. Exit code 1 if either grows by more than 10 MB after ten minutes.
With --keyframes there is no sound and only keyframes are decoded. With --caption `zimu caption` runs on the
minute and on the whole instead, and the peaks of all its processes are compared: exit code 1 if the longer
needs more than 400 MB. (2026-11-25: a minute 257 MB, six minutes 288 MB, an hour 314 MB.)
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench._making import Picture, Sound, make
from bench._processes import peak_mb

from zimu.media.guard import Limits, iter_media_guarded
from zimu.media.requests import WATCH, FrameRequest, SampleRequest
from zimu.streams import Samples

_GROWTH_MB = 10.0
_SETTLED_S = 600
_LOOP_S = 60
_CEILING_MB = 400


def lengthen(source: Path, target: Path, times: int) -> Path:
    """Write a file with the packets of another many times after each other."""
    import av

    with av.open(str(source)) as given, av.open(str(target), "w") as made:
        copies = {stream.index: made.add_stream_from_template(stream) for stream in given.streams}
        for number in range(times):
            given.seek(0)
            for packet in given.demux():
                if packet.dts is None:
                    continue
                shift = round(number * _LOOP_S / packet.time_base)
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                packet.stream = copies[packet.stream.index]
                made.mux_one(packet)
    return target


def resident_mb(pid: int | str) -> float:
    """Return the memory of a process that is not shared with files, megabytes."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("RssAnon:")[2].split()[0]) / 1024


def caption(minute: Path, whole: Path) -> int:
    """Print the peak memory of captioning a minute and of captioning the whole."""
    peaks = []
    for path in (minute, whole):
        begun = time.perf_counter()
        command = [sys.executable, "-m", "zimu.cli", "caption", str(path), "-o", str(path.parent / "out")]
        peaks.append(peak_mb(command, 0.5))
        print(
            f"{path.name}: at most {peaks[-1]:.0f} MB, {time.perf_counter() - begun:.0f} s on the clock",
            flush=True,
        )
    return 1 if peaks[1] > _CEILING_MB else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.long")
    parser.add_argument("--hours", type=float, default=3)
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--keyframes", action="store_true")
    way.add_argument("--caption", action="store_true")
    given = parser.parse_args()
    if not Path("/proc/self/status").exists():
        print("memory is read from /proc, which this system does not have")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        pictures = Picture(times=tuple(i / 10 for i in range(10 * _LOOP_S)), options={"g": "20"})
        sound = [] if given.keyframes else [Sound("libmp3lame", seconds=_LOOP_S)]
        minute = make(Path(folder) / "minute.mkv", pictures, *sound)
        path = lengthen(minute, Path(folder) / "long.mkv", round(given.hours * 60))
        print(f"{given.hours:g} hours, {path.stat().st_size / 1e6:.0f} MB", flush=True)
        if given.caption:
            return caption(minute, path)
        settled: list[float] = []
        most = [0.0, 0.0]
        begun, minutes = time.perf_counter(), 0
        request = FrameRequest(1, 96, 96)
        with iter_media_guarded(
            path,
            frames=request,
            samples=SampleRequest(),
            watch=WATCH,
            keyframes=given.keyframes,
            limits=Limits(stall_s=600),  # a busy machine is not what is measured here
        ) as stream:
            for item in stream:
                at = item.start if isinstance(item, Samples) else item.time
                if at < 60 * (minutes + 1):
                    continue
                minutes += 1
                now = [resident_mb("self"), resident_mb(stream._process.pid)]
                if at >= _SETTLED_S and not settled:
                    settled = now
                    print(f"after ten minutes: {now[0]:.0f} MB, decoding {now[1]:.0f} MB", flush=True)
                most = [max(pair) for pair in zip(most, now, strict=True)]
            end = float(stream.end)
        print(f"at most: {most[0]:.0f} MB, decoding {most[1]:.0f} MB")
        print(f"read {end / 3600:.2f} hours in {time.perf_counter() - begun:.0f} s")
        growth = max(a - b for a, b in zip(most, settled, strict=True))
        print(f"growth after ten minutes: {growth:.1f} MB")
        return 1 if growth > _GROWTH_MB or abs(end / 3600 - given.hours) > 0.01 else 0


if __name__ == "__main__":
    sys.exit(main())
