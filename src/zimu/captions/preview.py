"""One self-contained page: the frames, the captions beside them, and what each word looked at."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zimu.errors import MediaError
from zimu.media.probe import Probe
from zimu.media.requests import FrameRequest
from zimu.streams import Caption, Clip
from zimu.timing import to_ms

__all__ = ["Preview"]

# A page of a long film would not open; the first clips are shown and the rest is said.
_MOST_CLIPS = 150
_MOST_FRAMES = 4


@dataclass(frozen=True)
class _Shown:
    start_ms: int
    end_ms: int
    times: tuple[float, ...]
    pictures: tuple[str, ...]


class Preview:
    """Collects clips as they are captioned and writes the page; keeps small pictures only.

    Args:
        title: The file's name.
        bundle: What captioned it.
        frames: Which part of a video its pictures show; None for all of it.
    """

    def __init__(self, title: str, bundle: str, frames: FrameRequest | None = None) -> None:
        self.title, self.bundle = title, bundle
        self._frames = frames
        self._aspect = "auto"
        self._clips: list[_Shown] = []
        self._left_out = 0

    def set_probe(self, probe: Probe) -> None:
        """Show pictures in the shape of what they show; the model's square ones are stretched back."""
        if probe.video is None:
            return
        left, top, right, bottom = self._frames.box if self._frames else (0.0, 0.0, 1.0, 1.0)
        aspect = probe.video.width * (right - left) / max(1e-9, probe.video.height * (bottom - top))
        if self._frames and self._frames.resize == "crop":
            aspect = self._frames.width / self._frames.height
        self._aspect = f"{aspect:.4f}"

    def add_clips(self, clips: Sequence[Clip]) -> None:
        """Take the clips of a batch in."""
        for clip in clips:
            if len(self._clips) >= _MOST_CLIPS:
                self._left_out += 1
                continue
            frames = clip.frames[:: max(1, -(-len(clip.frames) // _MOST_FRAMES))]
            self._clips.append(
                _Shown(
                    to_ms(clip.span.start),
                    to_ms(clip.span.end),
                    tuple(float(f.time) for f in frames),
                    tuple(_jpeg(f.picture) for f in frames),
                )
            )

    def write(self, path: Path, captions: Sequence[Caption]) -> None:
        """Write the page, whole or not at all.

        Args:
            path: The file.
            captions: Those of the clips, and sounds, in all languages.

        Raises:
            MediaError: The file cannot be written.
        """
        body = self._body(captions)
        template = resources.files("zimu.captions").joinpath("preview.html").read_text("utf-8")
        page = (
            template.replace("{{title}}", html.escape(self.title))
            .replace("{{bundle}}", html.escape(self.bundle))
            .replace("{{aspect}}", self._aspect)
            .replace("{{body}}", body)
        )
        beside = path.with_name(f".{path.name}.part")
        try:
            beside.write_text(page, "utf-8")
            beside.replace(path)
        except OSError as error:
            raise MediaError(f"{path}: cannot be written: {error.strerror or error}.") from error
        finally:
            beside.unlink(missing_ok=True)

    def _body(self, captions: Sequence[Caption]) -> str:
        rows = [self._row(clip, [c for c in captions if _belongs(c, clip)]) for clip in self._clips]
        sounds = [c for c in captions if c.kind == "sound"]
        if sounds:
            rows.insert(0, _sounds(sounds))
        if self._left_out:
            rows.append(
                f'<p class="note">+ {self._left_out} clips that are not shown · '
                f"另有 {self._left_out} 段未列出</p>"
            )
        return "\n".join(rows)

    def _row(self, clip: _Shown, captions: Sequence[Caption]) -> str:
        frames = "".join(
            f'<figure data-time="{time:.3f}"><div class="picture">'
            f'<img alt="" src="{picture}"><canvas></canvas></div>'
            f"<figcaption>{_clock(round(time * 1000))}</figcaption></figure>"
            for time, picture in zip(clip.times, clip.pictures, strict=True)
        )
        texts = "".join(_caption(c) for c in captions)
        span = f"{_clock(clip.start_ms)} – {_clock(clip.end_ms)}"
        return f'<section><h2>{span}</h2><div class="frames">{frames}</div>{texts}</section>'


def _belongs(caption: Caption, clip: _Shown) -> bool:
    return caption.kind != "sound" and (caption.start_ms, caption.end_ms) == (clip.start_ms, clip.end_ms)


def _caption(caption: Caption) -> str:
    words = []
    for i, token in enumerate(caption.tokens):
        probability = float(np.exp(caption.log_probs[i])) if i < len(caption.log_probs) else 1.0
        look = {
            name: _look(times, weights[i])
            for name, (times, weights) in caption.attention.items()
            if i < len(weights)
        }
        data = html.escape(json.dumps(look, separators=(",", ":")))
        words.append(
            f'<button type="button" data-look="{data}" style="--p:{probability:.2f}" '
            f'title="{probability:.0%}">{html.escape(token)}</button>'
        )
    text = html.escape(caption.text)
    return (
        f'<div class="caption" lang="{caption.language}"><p class="text">{text}</p>'
        f'<p class="words" aria-label="words">{"".join(words)}</p>'
        '<svg class="sound" aria-hidden="true"></svg></div>'
    )


def _look(times: npt.NDArray[np.float64], weights: npt.NDArray[np.float32]) -> list[list[float]]:
    """Return [[time, weight of each step at that time...], ...]: regions of one frame share a time."""
    moments, first = np.unique(np.round(times, 3), return_index=True)
    order = np.argsort(first)
    return [
        [float(moments[k]), *(round(float(w), 4) for w in weights[np.round(times, 3) == moments[k]])]
        for k in order
    ]


def _sounds(captions: Sequence[Caption]) -> str:
    items = "".join(
        f'<li lang="{c.language}"><time>{_clock(c.start_ms)} – {_clock(c.end_ms)}</time> '
        f'{html.escape(c.text)} <span class="p">{c.confidence:.0%}</span></li>'
        for c in sorted(captions, key=lambda c: (c.start_ms, c.language))
    )
    return f'<section><h2>♪</h2><ul class="sounds">{items}</ul></section>'


def _clock(ms: int) -> str:
    minutes, rest = divmod(ms, 60_000)
    return f"{minutes}:{rest / 1000:04.1f}"


def _jpeg(picture: npt.NDArray[np.uint8]) -> str:
    """Return a picture [H, W, 3 or 1] as a data address."""
    import av
    from av.video.codeccontext import VideoCodecContext

    height, width = picture.shape[:2]
    plain = np.repeat(picture, 3, 2) if picture.shape[2] == 1 else picture
    codec = av.CodecContext.create("mjpeg", "w")
    assert isinstance(codec, VideoCodecContext)
    codec.width, codec.height, codec.pix_fmt = width, height, "yuvj420p"
    codec.time_base, codec.options = Fraction(1), {"qmin": "4", "qmax": "4"}
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(plain), format="rgb24").reformat(
        format="yuvj420p"
    )
    data = b"".join(bytes(packet) for packet in (*codec.encode(frame), *codec.encode()))
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()
