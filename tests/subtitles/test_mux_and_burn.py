"""Subtitles into videos: as tracks, and drawn."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner

from zimu.cli.burn import burn as burn_command
from zimu.cli.mux import mux as mux_command
from zimu.errors import MediaError, SubtitleError
from zimu.subtitles import burn as burning
from zimu.subtitles import fonts as fonts_module
from zimu.subtitles import mux as muxing
from zimu.subtitles.burn import burn, check_burn
from zimu.subtitles.cue import Cue, Mark, Track
from zimu.subtitles.drawing import Painter
from zimu.subtitles.flatten import flatten
from zimu.subtitles.fonts import choose_fonts, read_font
from zimu.subtitles.mux import mux

CUES = (
    Cue(200, 600, ("第一行", "a <b> & {x}"), marks=(Mark(0, "<i>"), Mark(3, "</i>"))),
    Cue(700, 900, ("second",)),
    Cue(5000, 6000, ("after the end",)),
)
# suffix: (settings of the video, codec of the track, language tag)
KINDS = {
    ".mp4": ({"start": 2, "sound_start": 2}, "mov_text", "zho"),
    ".mov": ({"rotation": 90}, "mov_text", "chi"),
    ".mkv": ({"rotation": 90, "start": 0.5}, "subrip", "chi"),
    ".webm": ({"codec": "libvpx", "sound_codec": "libopus", "rate_hz": 48000}, "webvtt", "chi"),
}


@pytest.fixture
def here(monkeypatch):
    """Work in this process: a fresh one costs a second, and has a test of its own."""

    def inside(work, *arguments, name, progress=lambda done, total: None):
        return work(*arguments, progress)

    monkeypatch.setattr(muxing, "apart", inside)
    monkeypatch.setattr(burning, "apart", inside)


def packets_of(path: Path, kind: str) -> list[bytes]:
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def shown_in(path: Path, number: int = 0) -> list[tuple[int, int, str]]:
    """Return start and end in milliseconds from the first picture or sound, and the text, of a track."""
    with av.open(str(path)) as container:
        starts = [s.start_time * s.time_base for s in (*container.streams.video, *container.streams.audio)]
        stream = container.streams.subtitles[number]
        found = []
        for packet in container.demux(stream):
            for item in packet.decode() if packet.size else ():
                start = round((packet.pts * packet.time_base - min(starts)) * 1000)
                text = item.ass.decode().split(",", 8)[8]
                found.append((start, start + round(packet.duration * packet.time_base * 1000), text))
        return found


@pytest.mark.parametrize("suffix", KINDS)
def test_a_track_is_added_and_the_rest_is_copied_to_the_bit(here, make_video, tmp_path, suffix):
    settings, codec, language = KINDS[suffix]
    video = make_video(tmp_path / f"视频 in{suffix}", 1, (64, 48), **settings)
    out = tmp_path / f"out 'of' 字幕{suffix}"
    tracks = [Track(CUES, language="zh"), Track(CUES[1:2], language="en")]
    assert mux(video, tracks, out) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([video.name, out.name])
    for kind in ("video", "audio"):
        assert packets_of(out, kind) == packets_of(video, kind)
    with av.open(str(out)) as container:
        names = [stream.codec_context.codec.canonical_name for stream in container.streams.subtitles]
        assert names == [codec, codec]
        assert container.streams.subtitles[0].metadata.get("language") == language
        assert next(container.decode(video=0)).rotation == settings.get("rotation", 0)
    first = shown_in(out)
    assert [(start, end) for start, end, _ in first] == [(c.start_ms, c.end_ms) for c in CUES]
    assert first[0][2].startswith("{\\i1}第一行")
    assert "a <" in first[0][2] and first[1][2] == "second"
    assert [text for _, _, text in shown_in(out, 1)] == ["second"]


def test_an_ass_file_keeps_its_styles_in_matroska(here, make_video, tmp_path):
    header = "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Top,Arial"
    cue = Cue(100, 500, ("Hi",), marks=(Mark(0, "{\\an8}"),), settings=(("Style", "Top"),))
    out = tmp_path / "out.mkv"
    mux(make_video(tmp_path / "a.mkv", 1, (64, 48)), [Track((cue,), format="ass", header=header)], out)
    with av.open(str(out)) as container:
        stream = container.streams.subtitles[0]
        assert b"Style: Top,Arial" in bytes(stream.codec_context.extradata)
        (packet,) = [p for p in container.demux(stream) if p.size]
        assert b"Top" in bytes(packet) and b"{\\an8}Hi" in bytes(packet)


def test_what_a_container_cannot_hold_is_told(here, make_video, tmp_path):
    video = make_video(tmp_path / "a.mp4", 0.4, (64, 48))
    with pytest.raises(MediaError, match=r"suffix '\.avi' takes no subtitle track here. Use one of: \.mp4"):
        mux(video, [Track(CUES)], tmp_path / "out.avi")
    with pytest.raises(MediaError, match=r"\.webm file cannot hold video in h264. Choose \.mkv"):
        mux(video, [Track(CUES)], tmp_path / "out.webm")
    with pytest.raises(MediaError, match="is the video itself"):
        mux(video, [Track(CUES)], video)
    with pytest.raises(SubtitleError, match="before it starts"):
        mux(video, [Track((Cue(5, 1, ("a",)),))], tmp_path / "out.mp4")
    with pytest.raises(MediaError, match="does not exist"):
        mux(tmp_path / "gone.mp4", [Track(CUES)], tmp_path / "out.mp4")
    with pytest.raises(MediaError, match="cannot be written"):
        mux(video, [Track(CUES)], tmp_path / "no folder" / "out.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_text_called_video_is_an_error_of_one_line_also_from_the_other_process(tmp_path):
    (tmp_path / "a.mp4").write_text("no video\n" * 50)
    with pytest.raises(MediaError, match=r"a\.mp4 cannot be read as video") as found:
        mux(tmp_path / "a.mp4", [Track(CUES)], tmp_path / "out.mp4")
    assert "\n" not in str(found.value)


def test_cues_together_on_the_screen_are_stacked():
    cues = [
        Cue(0, 1000, ("a",), marks=(Mark(0, "<b>"),)),
        Cue(500, 2000, ("b",), marks=(Mark(1, "</i>"),)),
        Cue(600, 600, ("never",)),
        Cue(3000, 4000, ("c",)),
    ]
    found = flatten(cues)
    assert [(c.start_ms, c.end_ms, c.lines) for c in found] == [
        (0, 500, ("a",)),
        (500, 1000, ("a", "b")),
        (1000, 2000, ("b",)),
        (3000, 4000, ("c",)),
    ]
    assert found[1].marks == (Mark(0, "<b>"), Mark(3, "</i>"))


def frames_of(path: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        return [(float(f.pts * f.time_base), f.to_ndarray(format="gray")) for f in container.decode(video=0)]


def gray(time: float) -> np.ndarray:
    return np.full((182, 322, 3), 100, np.uint8)


LATIN = [Cue(200, 600, ("Hello",)), Cue(600, 800, ("Top",), marks=(Mark(0, "{\\an8}"),))]


def test_cues_are_drawn_while_they_last_and_the_times_of_frames_stay(here, make_video, tmp_path):
    video = make_video(tmp_path / "a.mkv", 1, (322, 182), fps=10, picture=gray, start=0.3)
    burn(video, LATIN, tmp_path / "out.mkv")
    before, after = frames_of(video), frames_of(tmp_path / "out.mkv")
    assert [time for time, _ in after] == pytest.approx([time for time, _ in before], abs=0.002)
    assert packets_of(video, "audio") == packets_of(tmp_path / "out.mkv", "audio")
    for time, picture in after:
        # The sound starts at 0, so this is the time on the clock of the file.
        wanted = any(c.start_ms <= round(time * 1000) < c.end_ms for c in LATIN)
        assert ((picture > 200).sum() > 20) == wanted, time


def test_white_text_with_a_black_edge_at_the_bottom_or_at_the_top(here, make_video, tmp_path):
    video = make_video(tmp_path / "a.mp4", 1, (322, 182), fps=10, picture=gray, sound=None)
    burn(video, LATIN, tmp_path / "out.mp4")
    frames = [picture for _, picture in frames_of(tmp_path / "out.mp4")]
    low, high = np.argwhere(frames[3] > 200), np.argwhere(frames[6] > 200)
    assert low[:, 0].min() > 140 and high[:, 0].max() < 40
    assert abs(low[:, 1].mean() - 161) < 8
    assert frames[3].min() < 40  # the edge
    assert np.abs(frames[3][:130].astype(int) - 100).max() < 6  # the rest is as it was
    assert (np.abs(frames[9].astype(int) - 100) < 6).all()


def test_a_turned_video_of_odd_size_is_drawn_upright(here, make_video, tmp_path):
    options = {"size": (321, 181), "pixel_format": "yuv444p", "rotation": 90, "sound": None, "fps": 10}
    video = make_video(tmp_path / "a.mp4", 1, picture=lambda time: gray(time)[:181, :321], **options)
    burn(video, LATIN, tmp_path / "out.mkv")
    _, picture = frames_of(tmp_path / "out.mkv")[3]
    assert picture.shape == (322, 182)
    assert np.argwhere(picture > 200)[:, 0].min() > 260


def test_the_damaged_end_of_a_video_does_not_stop_the_drawing(here, make_video, tmp_path):
    whole = make_video(tmp_path / "a.ts", 1, codec="mpeg2video", sound_codec="mp2", rate_hz=48000)
    cut = tmp_path / "cut.ts"
    cut.write_bytes(whole.read_bytes()[:-2000])
    burn(cut, LATIN, tmp_path / "out.mkv")
    assert len(frames_of(tmp_path / "out.mkv")) > 15


def test_a_sound_file_and_a_picture_have_nothing_to_draw_on(here, make_sound, make_picture, tmp_path):
    sound = make_sound(tmp_path / "a.wav", np.zeros(1600, np.float32))
    still = make_picture(tmp_path / "a.png", np.zeros((48, 64, 3), np.uint8))
    for path in (sound, still):
        with pytest.raises(MediaError, match=rf"{path.name} has no moving picture to draw on"):
            burn(path, LATIN, tmp_path / "out.mp4")


def test_fonts_are_checked_before_the_work(monkeypatch, tmp_path):
    monkeypatch.setattr(fonts_module, "_candidates", lambda: [])
    cues = [Cue(0, 1000, ("今天天气",))]
    with pytest.raises(SubtitleError, match=r"No font of this machine has shapes for 3 characters .*--font"):
        check_burn(cues, tmp_path / "out.mp4")
    (tmp_path / "bad.ttf").write_bytes(b"no font")
    with pytest.raises(SubtitleError, match=r"bad\.ttf is no TrueType or OpenType font"):
        check_burn(cues, tmp_path / "out.mp4", tmp_path / "bad.ttf")
    with pytest.raises(MediaError, match=r"no video with the suffix '\.gif'"):
        check_burn(cues, tmp_path / "out.gif")


def test_the_characters_of_a_font_are_those_that_fonttools_finds():
    tools = pytest.importorskip("fontTools.ttLib")
    seen = 0
    for path in fonts_module._candidates():
        number = 0 if path.suffix.lower() == ".ttc" else -1
        with tools.TTFont(path, fontNumber=number, lazy=True) as font:
            theirs = font.getBestCmap()
        if theirs is None:
            continue
        assert set(theirs) <= read_font(path).characters
        seen += 1
        if seen == 6:
            break
    if not seen:
        pytest.skip("no fonts on this machine")


def test_each_character_is_drawn_with_a_font_that_has_it():
    pytest.importorskip("PIL")
    try:
        fonts = choose_fonts(["今天 ♪ Ab"])
    except SubtitleError:
        pytest.skip("no font with Chinese on this machine")
    painter = Painter((640, 360), fonts)
    overlay = painter.paint(Cue(0, 1, ("今天 ♪ Ab", "第二")))
    assert overlay.light.shape == overlay.cover.shape
    assert overlay.y % 2 == 0 and overlay.y + overlay.cover.shape[0] <= 360
    long = painter.paint(Cue(0, 1, ("今天" * 60,)))
    columns = np.flatnonzero((long.cover > 0.5).any(0))
    assert columns[0] > 10 and columns[-1] < 630  # made smaller and broken until it fits
    assert (long.cover > 0.5).any(1).sum() > 2 * 20


def test_the_commands_take_any_format_and_say_what_they_did(here, make_video, tmp_path):
    video = make_video(tmp_path / "talk.mp4", 0.5, (64, 48))
    (tmp_path / "talk.zh.srt").write_text("1\n00:00:00,100 --> 00:00:00,400\n你好\n", "utf-8")
    (tmp_path / "english.vtt").write_text("WEBVTT\n\n00:00.100 --> 00:00.400\nHello\n", "utf-8")
    subtitles = [str(tmp_path / name) for name in ("talk.zh.srt", "english.vtt")]
    done = CliRunner().invoke(mux_command, [str(video), *subtitles, str(tmp_path / "o.mp4")])
    assert done.exit_code == 0 and "tracks zh (1 cues), en (1 cues)" in done.output
    done = CliRunner().invoke(burn_command, [str(video), subtitles[1], str(tmp_path / "b.mp4")])
    assert done.exit_code == 0 and "1 cues drawn" in done.output


def test_captions_go_into_copies_of_the_video(here, make_video, tmp_path):
    from zimu.cli.into_video import IntoVideo
    from zimu.streams import Caption

    video = make_video(tmp_path / "talk.avi", 1, (64, 48), codec="mpeg4", sound_codec="libmp3lame")
    captions = {lang: ([Caption(0, 900, "Hello", lang)], "plain") for lang in ("en", "de")}
    wanted = IntoVideo(mux=True, burn=True)
    wanted.check([video], ["en"])
    wanted.write(video, tmp_path / "out", captions)
    with av.open(str(tmp_path / "out.subtitled.mkv")) as container:
        assert len(container.streams.subtitles) == 2
    assert len(frames_of(tmp_path / "out.burnt.mkv")) == 25
    with pytest.raises(SubtitleError, match=r"gone\.ttf cannot be read"):
        IntoVideo(burn=True, font=tmp_path / "gone.ttf").check([video], ["en"])
