from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from zimu.captions.captioner import _hold
from zimu.captions.preview import Preview
from zimu.media.probe import Probe, VideoInfo
from zimu.media.requests import FrameRequest
from zimu.streams import Clip, Frame
from zimu.timing import Span

PROBE = Probe(
    "mov", Fraction(3), VideoInfo(360, 288, Fraction(25), "h264", "yuv420p", Fraction(0), 75), None, False
)


@pytest.mark.parametrize(
    ("request_", "aspect"),
    [
        (None, 360 / 288),
        (FrameRequest(width=50, height=50), 360 / 288),
        (FrameRequest(width=50, height=50, box=(0.25, 0.5, 0.75, 0.75)), 180 / 72),
        (FrameRequest(width=64, height=32, resize="crop"), 2.0),
    ],
)
def test_pictures_are_shown_in_the_shape_of_the_part_that_was_looked_at(
    request_: FrameRequest | None, aspect: float, tmp_path: Path
) -> None:
    preview = Preview("a", "b", request_)
    preview.set_probe(PROBE)
    picture = np.full((50, 50, 3), 128, np.uint8)
    preview.add_clips([Clip(Span(Fraction(0), Fraction(3)), [Frame(Fraction(0), picture)])])
    preview.write(tmp_path / "a.html", [])
    page = (tmp_path / "a.html").read_text("utf-8")
    assert f"aspect-ratio: {aspect:.4f};" in page
    assert "data:image/jpeg;base64,/9j/" in page


def test_between_two_keyframes_the_last_picture_stays() -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    spans = [Span(Fraction(i), Fraction(i + 1)) for i in range(4)]
    shown = Frame(Fraction(3, 2), picture)
    clips = [Clip(spans[0]), Clip(spans[1], [shown]), Clip(spans[2]), Clip(spans[3])]
    held = list(_hold(iter(clips)))
    assert [len(clip.frames) for clip in held] == [0, 1, 1, 1]
    assert held[1] == clips[1]
    assert held[3].frames[0] == replace(shown, time=Fraction(3)) and held[3].frames[0].picture is picture
