"""Subtitles in the picture, with a reader that knows what is drawn; with RapidOCR where it is installed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from zimu.errors import MediaError, MissingExtraError
from zimu.streams import Frame
from zimu.subtitles import ocr as ocr_module
from zimu.subtitles.ocr import RapidReader, TextLine, rows_of
from zimu.subtitles.screen import ScreenText, read_screen

FPS = 25
# start and end in frames, brightness of the letters as the name of the text
SHOWN = [(10, 40, "first line"), (40, 60, "then another"), (70, 95, "first line")]


def picture_at(number: int, moving: bool) -> np.ndarray:
    picture = np.full((90, 320, 3), 90, np.uint8)
    if moving:
        picture[:, :, :] = (60 + (np.arange(320) * 2 + number * 9) % 60)[None, :, None]
    for start, end, text in SHOWN:
        if start <= number < end:
            first = 40 if text == "first line" else 60
            for x in range(first, 280, 12 if text == "first line" else 9):
                picture[50:70, x - 1 : x + 5] = 0
                picture[52:68, x : x + 4] = 255
    return picture


class KnowingReader:
    """Tells the text of the test pictures by where their letters begin."""

    def __init__(self, *, errors: bool = False) -> None:
        self.calls = 0
        self._errors = errors

    def read(self, picture: np.ndarray) -> list[TextLine]:
        self.calls += 1
        bright = np.flatnonzero((picture[60] > 240).all(axis=1))
        if not len(bright):
            return []
        text = "first line" if bright[0] == 40 else "then another"
        if self._errors and self.calls % 3 == 0:
            text = text.replace("i", "l")
        return [TextLine(text, 0.7 if "l" in text[:3] else 0.9, (30, 48, 290, 72))]


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("errors", [False, True])
def test_cues_begin_and_end_at_the_frame_where_the_text_does(moving, errors):
    reader = KnowingReader(errors=errors)
    screen, cues = ScreenText(reader, rate_hz=4), []
    for number in range(110):
        cues += screen.push(Frame(Fraction(number, FPS), picture_at(number, moving)))
    cues += screen.finish(Fraction(110, FPS))
    found = [(c.start_ms * FPS // 1000, c.end_ms * FPS // 1000, c.text) for c in cues]
    assert found == SHOWN
    assert {c.language for c in cues} == {"en"}
    assert all(0.6 < c.confidence <= 0.9 for c in cues)
    if not moving:
        assert reader.calls <= 7  # only where something changed


def test_a_text_at_the_very_end_lasts_until_the_end_and_a_sign_that_stays_is_left_out():
    reader = KnowingReader()
    screen = ScreenText(reader)
    assert not [c for n in range(85, 90) for c in screen.push(Frame(Fraction(n, FPS), picture_at(n, False)))]
    (cue,) = screen.finish(Fraction(18, 5))
    assert (cue.start_ms, cue.end_ms) == (3400, 3600)
    screen = ScreenText(reader)
    for second in range(30):
        assert not list(screen.push(Frame(Fraction(second), picture_at(20, False))))
    assert not list(screen.finish(Fraction(30)))


def test_pieces_side_by_side_are_one_row():
    pieces = [
        TextLine("world", 1, (60, 11, 90, 29)),
        TextLine("下一行", 1, (10, 40, 90, 60)),
        TextLine("hello", 1, (10, 10, 50, 30)),
    ]
    assert rows_of(pieces) == ["hello world", "下一行"]


def test_a_sound_file_has_nothing_to_read(make_sound, tmp_path):
    path = make_sound(tmp_path / "a.wav", np.zeros(1600, np.float32))
    with pytest.raises(MediaError, match=r"a\.wav has no moving picture to read subtitles from"):
        read_screen(path, KnowingReader())


def test_a_missing_package_is_told_with_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "rapidocr", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'zimu\[ocr\]'"):
        ocr_module.RapidReader()


@pytest.mark.slow
def test_burnt_subtitles_are_read_back(make_video, tmp_path):
    pytest.importorskip("rapidocr")
    pytest.importorskip("PIL")
    from zimu.subtitles.burn import burn
    from zimu.subtitles.cue import Cue

    cues = [Cue(200, 1000, ("Where are the keys?",)), Cue(1000, 1800, ("It was 1984.", "Really!"))]
    video = make_video(tmp_path / "a.mp4", 2, (640, 360), sound=None)
    burn(video, cues, tmp_path / "b.mp4")
    found = read_screen(tmp_path / "b.mp4", RapidReader())
    assert [c.lines for c in found] == [c.lines for c in cues]
    for one, other in zip(found, cues, strict=True):
        assert abs(one.start_ms - other.start_ms) <= 40 and abs(one.end_ms - other.end_ms) <= 40
