"""Fixtures for every room: the shared data, and media made on the spot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zimu.training  # noqa: F401  (before torch: it calms the waiting threads)

Picture = Callable[[float], np.ndarray]

# Encoders that take no finer clock than their frame rate.
_FIXED_RATE = frozenset({"flv1", "gif", "mpeg2video", "mpeg4", "wmv2"})

_CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data next to the checkout; the test is skipped where it is absent."""
    folder = _CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data is not at {folder}")
    return folder


def moving_picture(size: tuple[int, int], seed: int = 0) -> Picture:
    """Return a function of the time that gives uint8 [H, W, 3]: coloured waves that drift slowly."""
    width, height = size
    rng = np.random.default_rng(seed)
    waves = rng.uniform(2, 9, (3, 2))
    phases = rng.uniform(0, 2 * np.pi, 3)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    still = np.stack(
        [np.sin(2 * np.pi * (a * x + b * y) + phase) for (a, b), phase in zip(waves, phases, strict=True)],
        axis=-1,
    )
    still = np.uint8(127.5 + 120 * still)

    def picture(time: float) -> np.ndarray:
        return np.roll(still, round(time * width / 8), axis=1)

    return picture


def tone(seconds: float, rate_hz: int = 16000, hz: float = 440.0, loudness: float = 0.5) -> np.ndarray:
    """Return float32 [n], a sine."""
    return (loudness * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(
        np.float32
    )


def _add_sound(container: Any, sound: np.ndarray, rate_hz: int, codec: str, layout: str) -> Any:
    stream = container.add_stream(codec, rate=rate_hz)
    stream.layout = layout
    stream.bit_rate = 96_000
    return stream, np.atleast_2d(sound)


def _encode_sound(container: Any, stream: Any, sound: np.ndarray, rate_hz: int, start: float) -> None:
    import av

    layout = stream.layout.name
    channels = stream.layout.nb_channels
    values = np.repeat(sound, channels, axis=0) if len(sound) != channels else sound
    packed = np.float32(values).T.reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(packed), format="flt", layout=layout)
    frame.sample_rate, frame.time_base = rate_hz, Fraction(1, rate_hz)
    frame.pts = round(start * rate_hz)
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _make_video(
    path: Path,
    seconds: float = 2,
    size: tuple[int, int] = (320, 240),
    fps: int = 25,
    sound: np.ndarray | str | None = "tone",
    *,
    picture: Picture | None = None,
    times: Sequence[float] | None = None,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    options: dict[str, str] | None = None,
    rotation: int = 0,
    start: float = 0,
    rate_hz: int = 16000,
    sound_codec: str = "aac",
    sound_layout: str = "mono",
    sound_start: float = 0,
    sound_tracks: int = 1,
    container_format: str | None = None,
) -> Path:
    import av

    picture = picture or moving_picture(size)
    if times is None:
        times = [index / fps for index in range(round(seconds * fps))]
    if isinstance(sound, str):
        sound = tone(seconds, rate_hz, loudness=0.5 if sound == "tone" else 0.0)
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format=container_format) as container:
        speed = {"preset": "veryfast"} if codec in ("libx264", "libx265") else {}
        video = container.add_stream(codec, rate=fps, options={**speed, **(options or {})})
        video.width, video.height, video.pix_fmt = *size, pixel_format
        clock = Fraction(1, fps if codec in _FIXED_RATE else 1000)
        video.codec_context.time_base = clock
        if rotation:
            video.set_display_rotation(rotation)
        tracks = []
        if sound is not None:
            tracks = [
                _add_sound(container, sound, rate_hz, sound_codec, sound_layout) for _ in range(sound_tracks)
            ]
        for time in times:
            frame = av.VideoFrame.from_ndarray(picture(time), format="rgb24")
            frame.pts, frame.time_base = round((time + start) / clock), clock
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for stream, values in tracks:
            _encode_sound(container, stream, values, rate_hz, sound_start)
    return path


@pytest.fixture
def make_video() -> Callable[..., Path]:
    """A function that makes a video and returns its path.

    make_video(path, seconds=2, size=(320, 240), fps=25, sound="tone", ...). `sound` is None, "tone",
    "silence", float32 [n] or [channels, n]; `picture` gives uint8 [H, W, 3] for a time; `times` are the
    frames' times in seconds, for a variable rate; `start` delays the pictures, `sound_start` the sound.
    """

    return _make_video


@pytest.fixture
def make_sound() -> Callable[..., Path]:
    """A function that makes a sound file: make_sound(path, values, rate_hz=16000, codec=..., layout=...)."""

    def make(
        path: Path,
        values: np.ndarray,
        rate_hz: int = 16000,
        *,
        codec: str = "pcm_s16le",
        layout: str = "mono",
    ) -> Path:
        import av

        with av.open(str(path), "w") as container:
            stream, sound = _add_sound(container, values, rate_hz, codec, layout)
            _encode_sound(container, stream, sound, rate_hz, 0)
        return path

    return make


@pytest.fixture
def make_picture() -> Callable[..., Path]:
    """A function that makes a still picture, format by the suffix: make_picture(path, array [H, W, 3])."""

    def make(path: Path, picture: np.ndarray) -> Path:
        import av

        codecs = {".png": ("png", "rgb24"), ".jpg": ("mjpeg", "yuvj444p"), ".webp": ("libwebp", "bgra")}
        codec, pixel_format = codecs[path.suffix]
        context = av.CodecContext.create(codec, "w")
        context.width, context.height, context.pix_fmt = picture.shape[1], picture.shape[0], pixel_format
        context.time_base = Fraction(1, 25)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixel_format)
        path.write_bytes(
            b"".join(bytes(packet) for packet in (*context.encode(frame), *context.encode(None)))
        )
        return path

    return make


def write_tiny_data(folder: Path, make: Callable[..., Path], count: int = 8) -> Path:
    """Write short videos with a manifest of two splits and both languages, and return the manifest."""
    import json

    rows = []
    for i in range(count):
        make(
            folder / f"{i}.mp4",
            0.8,
            (64, 48),
            10,
            tone(0.8, hz=300.0 + 100 * i),
            picture=moving_picture((64, 48), seed=i),
        )
        word = ("red", "blue")[i % 2]
        rows.append(
            {
                "id": str(i),
                "video": f"{i}.mp4",
                "split": "val" if i >= count - 2 else "train",
                "references_en": [f"a {word} wave", f"the {word} wave moves"],
                "references_zh": ["红色的波浪" if word == "red" else "蓝色的波浪"],
                "words": [{"word": word, "start": 0.1, "end": 0.5}],
            }
        )
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows) + "\n", "utf-8")
    return path


def _write_noise_pictures(folder: Path) -> None:
    import json

    rng = np.random.default_rng(0)
    rows = []
    for i in range(6):
        head, noise = b"P6\n64 64\n255\n", rng.integers(0, 256, (64, 64, 3), np.uint8)
        (folder / f"{i}.ppm").write_bytes(head + noise.tobytes())
        split = "val" if i > 3 else "train"
        rows.append({"id": str(i), "image": f"{i}.ppm", "split": split, "references_en": [f"a picture {i}"]})
    (folder / "manifest.jsonl").write_text("\n".join(json.dumps(r) for r in rows), "utf-8")


# What a test adds goes on in the table of the encoder.
_REGIONS_RECIPE = """
name = "regions"
[data]
manifest = "FOLDER/manifest.jsonl"
splitters = { en = "words" }
[video]
rate_hz = 5.0
max_frames = 1
width = 64
height = 64
[search]
beam_size = 2
max_length = 4
[model]
width = 8
[model.decoder]
hidden = 8
embedding = 8
attention = 8
dropout = 0.0
[model.encoders.video]
name = "regions"
weights = "FOLDER/weights.safetensors"
"""


@pytest.fixture(scope="session")
def regions_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A function that makes the folder of a describer: regions_folder(network, settings).

    In it are the weights of `network`, six small pictures of noise with a manifest of two splits, and
    `recipe.toml`, whose encoder's table `settings` (TOML) goes on.
    """
    safetensors = pytest.importorskip("safetensors.torch")

    def make(network: Any, settings: str) -> Path:
        folder = tmp_path_factory.mktemp("regions")
        safetensors.save_file(network.state_dict(), folder / "weights.safetensors")
        _write_noise_pictures(folder)
        (folder / "recipe.toml").write_text(
            _REGIONS_RECIPE.replace("FOLDER", folder.as_posix()) + settings, "utf-8"
        )
        return folder

    return make


TINY_RECIPE = """
# zimu train recipes/tiny/recipe.toml
name = "tiny"
[data]
manifest = "MANIFEST"
[video]
rate_hz = 5.0
max_frames = 4
width = 32
height = 24
[audio]
[model]
width = 16
[model.encoders.video]
name = "frames"
planes = 8
stem = "medium"
shift = 1
[model.encoders.audio]
name = "wavenet"
channels = 8
layers = 2
stacks = 1
[model.fusion]
name = "aligned"
context = 1
[model.decoder]
hidden = 16
embedding = 12
attention = 8
[training]
epochs = 2
batch_size = 3
warmup_steps = 2
alignment = 0.5
average = 0.9
absent = { audio = 0.3 }
[training.noise]
share = 0.5
kinds = ["white"]
[search]
max_length = 6
[window]
seconds = 2.0
"""


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of a tiny model with picture and sound; needs the training half."""
    pytest.importorskip("torch")
    from zimu.training.loop import train
    from zimu.training.recipes import load_recipe

    folder = tmp_path_factory.mktemp("tiny")
    manifest = write_tiny_data(folder, _make_video)
    (folder / "recipe.toml").write_text(TINY_RECIPE.replace("MANIFEST", manifest.as_posix()), "utf-8")
    train(load_recipe(folder / "recipe.toml"), folder / "run")
    return folder / "run"


@pytest.fixture(scope="session")
def tiny_bundle(tiny_run: Path) -> Path:
    """The bundle of `tiny_run`."""
    from zimu.training.export import export

    return export(tiny_run, tiny_run.parent / "bundle", card="# tiny").path
