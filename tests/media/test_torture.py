"""Seeds of the torture set (issue 10, section 2): each file is read or refused in one line, none hangs."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zimu.errors import MediaError
from zimu.media.guard import iter_media_guarded
from zimu.media.requests import WATCH, FrameRequest, SampleRequest

# Reads every file of a folder in one process of its own: a hang or a crash ends only that.
READER = """
import json, resource, sys
from pathlib import Path
from zimu.errors import MediaError
from zimu.media.probe import probe
from zimu.media.reader import iter_media
from zimu.media.requests import WATCH, FrameRequest, SampleRequest
from zimu.streams import Frame

resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
request = dict(frames=FrameRequest(4, 32, 24), samples=SampleRequest(), watch=WATCH)
for path in sorted(Path(sys.argv[1]).rglob("*")):
    if path.is_dir():
        continue
    result = {"name": path.name, "frames": 0, "watch": 0, "samples": 0, "warnings": [], "end": 0.0}
    try:
        probe(path)
        with iter_media(path, **request) as stream:
            for item in stream:
                if isinstance(item, Frame):
                    result["frames" if item.picture.ndim == 3 else "watch"] += 1
                    assert item.picture.shape in ((24, 32, 3), (27, 48))
                else:
                    result["samples"] += len(item.values)
            result |= {"warnings": stream.warnings, "end": float(stream.end)}
    except MediaError as error:
        result["error"] = str(error)
    print(json.dumps(result), flush=True)
"""

SMALL = (64, 48)
FAST, QUIET = {"deadline": "realtime"}, {"x265-params": "log-level=none"}

# name: arguments of make_video; all have one second of picture, and of sound unless it says otherwise.
VIDEOS = {
    "plain.mp4": {},
    "中文 名字 with 'quotes' and \"more\" 100%d.mp4": {},
    "mpeg4.avi": {"codec": "mpeg4", "sound_codec": "libmp3lame"},
    "vp8.webm": {"codec": "libvpx", "sound_codec": "libopus", "rate_hz": 48000},
    "vp9.webm": {"codec": "libvpx-vp9", "sound_codec": "libopus", "rate_hz": 48000, "options": FAST},
    "av1.mkv": {"codec": "libsvtav1", "options": {"preset": "12"}},
    "hevc 10 bit.mp4": {"codec": "libx265", "pixel_format": "yuv420p10le", "options": QUIET},
    "mpeg2.ts": {"codec": "mpeg2video", "sound_codec": "mp2", "rate_hz": 48000},
    "mjpeg.avi": {"codec": "mjpeg", "pixel_format": "yuvj420p", "sound_codec": "pcm_s16le"},
    "prores.mov": {"codec": "prores_ks", "pixel_format": "yuv422p10le"},
    "alpha.mov": {"codec": "qtrle", "pixel_format": "argb"},
    "lossless.mkv": {"codec": "ffv1", "pixel_format": "yuv444p", "sound_codec": "flac"},
    "odd size.mp4": {"size": (61, 47), "pixel_format": "yuv444p"},
    "tiny.avi": {"size": (2, 2), "codec": "ffv1", "pixel_format": "yuv444p", "sound_codec": "pcm_s16le"},
    "tall.mp4": {"size": (16, 400)},
    "rotated.mp4": {"rotation": 90},
    "late picture.mkv": {"start": 2},
    "late sound.mkv": {"sound_start": 2},
    "gray.mkv": {"codec": "ffv1", "pixel_format": "gray"},
    "twelve bit.mkv": {"codec": "ffv1", "pixel_format": "yuv420p12le"},
    "full range.mp4": {"pixel_format": "yuvj420p"},
    "three tracks.mkv": {"sound_tracks": 3},
    "8 kHz.mov": {"rate_hz": 8000, "sound_codec": "pcm_mulaw"},
    "96 kHz stereo.mkv": {"rate_hz": 96000, "sound_codec": "flac", "sound_layout": "stereo"},
    "5.1.mkv": {"rate_hz": 48000, "sound_codec": "ac3", "sound_layout": "5.1"},
    "7.1.mkv": {"rate_hz": 48000, "sound_codec": "flac", "sound_layout": "7.1"},
    "silent.mp4": {"sound": "silence"},
    "mute.mp4": {"sound": None},
    "one frame.mp4": {"times": [0], "sound": None},
    "slides.mkv": {"times": [0, 0.001, 0.7, 0.99]},
    "animated.gif": {"codec": "gif", "pixel_format": "rgb8", "sound": None, "fps": 10},
    "flash.flv": {"codec": "flv1", "sound_codec": "libmp3lame", "rate_hz": 44100},
    "windows.wmv": {"codec": "wmv2", "sound_codec": "wmav2", "rate_hz": 44100},
    "elementary.h264": {"sound": None, "container_format": "h264"},
}  # fmt: skip

SOUNDS = {
    "speech.wav": {},
    "float.wav": {"codec": "pcm_f32le"},
    "song.mp3": {"codec": "libmp3lame"},
    "song.flac": {"codec": "flac", "layout": "stereo"},
    "song.oga": {"codec": "flac", "layout": "stereo", "rate_hz": 44100},
    "voice.opus": {"codec": "libopus", "rate_hz": 48000},
    "song.m4a": {"codec": "aac"},
    "short.wav": {"count": 3},
}


def read_folder(folder: Path) -> dict[str, dict]:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", READER, str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == sum(path.is_file() for path in folder.rglob("*"))
    for result in results:
        for line in [*result["warnings"], result.get("error", "")]:
            assert "\n" not in line
    return {result["name"]: result for result in results}


def test_every_good_file_is_read_whole(make_video, make_sound, make_picture, tmp_path):
    import av

    folder = tmp_path / "媒体 files"
    absent = set()
    for name, settings in VIDEOS.items():
        codecs = {settings.get("codec", "libx264"), settings.get("sound_codec", "aac")}
        if codecs <= av.codecs_available:
            make_video(folder / name, 1, **{"size": SMALL, **settings})
        else:
            absent |= codecs - av.codecs_available
    for name, settings in SOUNDS.items():
        settings = dict(settings)
        rate, count = settings.get("rate_hz", 16000), settings.pop("count", None)
        wave = np.sin(np.arange(count or rate) * 0.1).astype(np.float32) / 2
        if settings.get("codec", "aac") in av.codecs_available or "codec" not in settings:
            make_sound(folder / name, wave, **settings)
    for suffix in (".png", ".jpg", ".webp"):
        make_picture(folder / f"still{suffix}", np.full((40, 50, 3), 99, np.uint8))
    assert len(absent) <= 2, f"this FFmpeg cannot make {absent}"

    results = read_folder(folder)
    for name, result in results.items():
        assert "error" not in result, result
        assert result["warnings"] == [], result
        if name.startswith("still") or name == "one frame.mp4":
            assert (result["frames"], result["watch"], result["samples"]) == (1, 1, 0)
        elif name in SOUNDS:
            wanted = 3 if name == "short.wav" else 16000
            assert result["frames"] == 0
            assert wanted <= result["samples"] <= wanted + 3000, result
        else:
            assert result["frames"] in (4, 5), result  # a last picture may stay a little longer than a second
            has_sound = VIDEOS[name].get("sound", "tone") is not None
            assert (15500 <= result["samples"] <= 19500) if has_sound else result["samples"] == 0, result


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_truncated_at_every_tenth_and_with_bytes_flipped(make_video, tmp_path, name):
    folder = tmp_path / "broken"
    folder.mkdir()
    whole = make_video(tmp_path / name, 1, SMALL).read_bytes()
    for tenth in range(10):
        (folder / f"cut {tenth} {name}").write_bytes(whole[: len(whole) * tenth // 10])
    for seed in range(12):
        rng = np.random.default_rng(seed)
        data = np.frombuffer(whole, np.uint8).copy()
        places = rng.integers(0, len(data), 1 + 2 * seed)
        data[places] ^= rng.integers(1, 255, len(places), np.uint8)
        (folder / f"flipped {seed:02} {name}").write_bytes(data.tobytes())
    results = read_folder(folder)
    assert "empty (0 bytes)" in results[f"cut 0 {name}"]["error"]
    for result in results.values():
        assert "error" in result or result["frames"] + result["samples"] > 0
    if name != "a.mp4":  # its index is at the end
        assert sum("error" not in result for result in results.values()) > 12
        assert results[f"cut 9 {name}"]["samples"] > results[f"cut 4 {name}"]["samples"] > 0


def test_a_lie_about_the_length_costs_nothing_and_is_told(make_video, tmp_path):
    """The header of this file says that it lasts 37 hours."""
    path = make_video(tmp_path / "a.mkv", 0.4, SMALL)
    data = bytearray(path.read_bytes())
    at = data.index(b"\x44\x89\x88") + 3  # Matroska's Duration, a double of milliseconds
    data[at : at + 8] = struct.pack(">d", 37 * 3600e3)
    path.write_bytes(data)
    request = {"frames": FrameRequest(4, 8, 8), "samples": SampleRequest(), "watch": WATCH}
    with iter_media_guarded(path, **request) as stream:
        assert stream.probe.duration == 37 * 3600
        assert len(list(stream)) < 20
        assert any("is cut short: 0.4 s of 133200.0 s could be read" in line for line in stream.warnings)


def test_a_leap_of_a_time_stamp_costs_nothing(make_video, tmp_path):
    """The last frame claims to come eleven days after the others: the time between is not filled."""
    path = make_video(tmp_path / "a.mkv", times=[0, 0.2, 0.4, 1_000_000], size=SMALL, sound=None)
    with iter_media_guarded(path, frames=FrameRequest(4, 8, 8), samples=None) as stream:
        times = [float(frame.time) for frame in stream]
    assert len(times) <= 4 * 600 + 3
    assert times[-1] == 1_000_000


@pytest.mark.parametrize("with_picture", [False, True])
def test_a_lie_about_the_sampling_rate_does_not_make_hours_of_a_second(make_video, tmp_path, with_picture):
    """Issue 10: 32 kB that call themselves 16,000 samples of one second each."""
    path = tmp_path / ("a.avi" if with_picture else "a.wav")
    settings = {"codec": "mjpeg", "pixel_format": "yuvj420p"} if with_picture else {"times": []}
    source = make_video(tmp_path / "a.avi", 1, SMALL, sound_codec="pcm_s16le", **settings)
    data = bytearray(source.read_bytes())
    if not with_picture:
        data = bytearray(
            b"RIFF" + struct.pack("<I", 32036) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 1, 2, 2, 16)
        ) + b"data" + struct.pack("<I", 32000) + bytes(32000)  # fmt: skip
    else:
        at = data.rindex(b"strf") + 12  # nSamplesPerSec of the sound
        assert struct.unpack_from("<I", data, at)[0] == 16000
        struct.pack_into("<I", data, at, 1)
    path.write_bytes(data)
    stream = iter_media_guarded(path, frames=FrameRequest(4, 8, 8), samples=SampleRequest())
    if with_picture:
        assert 0 < len(list(stream)) < 20
    else:
        with pytest.raises(
            MediaError, match=r"a\.wav says that its sound has 1 samples a second, fewer than"
        ):
            list(stream)


FUZZED = sorted((Path(__file__).parents[1] / "golden" / "fuzz").iterdir())


@pytest.mark.parametrize("path", FUZZED, ids=lambda path: path.stem)
def test_what_the_fuzzer_found_is_refused_in_one_line(path):
    """Mutations of `python -m bench.fuzz` that asked for more memory than there is; names are their seeds."""
    stream = iter_media_guarded(path, frames=FrameRequest(4, 32, 24), samples=SampleRequest(), watch=WATCH)
    with pytest.raises(MediaError) as found:
        list(stream)
    assert "\n" not in str(found.value)
    assert "memory" in str(found.value)


def test_a_line_feed_in_a_name_stays_out_of_the_message(tmp_path):
    path = tmp_path / "two\nlines.mp4"
    for data in (b"", b"no video " * 99):
        path.write_bytes(data)
        with pytest.raises(MediaError, match=r"two lines\.mp4 (is empty|cannot be read)") as found:
            list(iter_media_guarded(path, frames=FrameRequest(4, 8, 8), samples=None))
        assert "\n" not in str(found.value)


CHECKOUT = Path(__file__).parents[2]


def run_bench(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


@pytest.mark.slow
def test_the_whole_torture_set_is_captioned_or_refused_in_one_line():
    assert re.search(r"all +5\d\d ", run_bench("bench.torture"))


@pytest.mark.slow
def test_nothing_that_a_mutated_file_does_leaves_the_child():
    assert "errors outside the child: 0" in run_bench("bench.fuzz", "--count", "1000", "--seed", "20000")
