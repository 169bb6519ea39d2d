from __future__ import annotations

import wave
from fractions import Fraction

import numpy as np
import pytest

from zimu.errors import ConfigError, MediaError
from zimu.media.probe import probe
from zimu.media.reader import iter_media, read_picture
from zimu.media.requests import WATCH, FrameRequest, SampleRequest
from zimu.streams import Frame, Samples

SMALL = FrameRequest(rate_hz=2, width=32, height=24)


def counting(time: float) -> np.ndarray:
    """A picture whose brightness says its time: 10 levels a tenth of a second."""
    return np.full((48, 64, 3), 20 + round(time * 100) % 220, np.uint8)


def read(path, **kwargs):
    kwargs = {"frames": SMALL, "samples": SampleRequest(), **kwargs}
    with iter_media(path, **kwargs) as stream:
        items = list(stream)
    frames = [item for item in items if isinstance(item, Frame)]
    samples = [item for item in items if isinstance(item, Samples)]
    return frames, samples, stream


def times_of(frames):
    return [float(frame.time) for frame in frames]


def sound_of(samples):
    return np.concatenate([block.values for block in samples])


def test_frames_are_taken_at_the_rate_asked_for(make_video, tmp_path):
    frames, samples, stream = read(make_video(tmp_path / "a.mp4", seconds=2))
    assert times_of(frames) == [0, 0.5, 1, 1.5]
    assert {frame.picture.shape for frame in frames} == {(24, 32, 3)}
    assert [block.start for block in samples[:2]] == [0, 1]
    assert stream.warnings == []


def test_a_frame_is_the_one_on_the_screen_at_its_moment_whatever_the_frame_rate(make_video, tmp_path):
    """Issue 7: chosen by time, never by counting."""
    times = [0, 0.03, 0.04, 0.05, 0.9, 0.95, 1.6, 1.61]
    path = make_video(tmp_path / "vfr.mkv", times=times, size=(64, 48), picture=counting, sound=None)
    frames, _, _ = read(path)
    shown = [max(t for t in times if t <= moment + 1e-9) for moment in times_of(frames)]
    assert times_of(frames)[:4] == [0, 0.5, 1, 1.5]
    wanted = [counting(time)[0, 0, 0] for time in shown]
    assert [float(frame.picture.mean()) for frame in frames] == pytest.approx(wanted, abs=3)


def test_without_a_rate_every_frame_comes_once_with_its_own_time(make_video, tmp_path):
    times = [0, 0.04, 0.2, 0.21, 0.5]
    path = make_video(tmp_path / "a.mkv", times=times, sound=None)
    frames, _, _ = read(path, frames=FrameRequest(width=8, height=8))
    assert times_of(frames) == times


def test_a_picture_that_stays_is_handed_over_as_the_same_array(make_video, tmp_path):
    path = make_video(tmp_path / "slides.mkv", times=[0, 1.5, 2], sound=None)
    frames, _, _ = read(path)
    assert frames[0].picture is frames[2].picture
    assert frames[2].picture is not frames[3].picture


def test_picture_and_sound_keep_their_offset_and_the_earlier_one_starts_at_zero(make_video, tmp_path):
    late_picture, sound, _ = read(make_video(tmp_path / "a.mkv", start=0.5))
    assert late_picture[0].time == Fraction(1, 2)
    assert sound[0].start == 0
    both_late, sound, _ = read(make_video(tmp_path / "b.mkv", start=3, sound_start=4))
    assert both_late[0].time == 0
    assert float(sound[0].start) == pytest.approx(1, abs=0.07)  # the encoder puts 1024 samples in front


def test_a_stereo_sound_is_no_louder_than_its_channels(make_video, tmp_path):
    path = make_video(tmp_path / "a.mp4", rate_hz=48000, sound_layout="stereo")
    _, samples, _ = read(path)
    assert np.abs(sound_of(samples)).max() == pytest.approx(0.5, abs=0.03)


def test_the_sound_comes_at_the_rate_asked_for_with_its_pitch(make_sound, tmp_path):
    wave = np.sin(2 * np.pi * 440 * np.arange(44100) / 44100).astype(np.float32) / 2
    path = make_sound(tmp_path / "a.wav", wave, 44100)
    _, samples, _ = read(path, samples=SampleRequest(16000, 0.25))
    sound = sound_of(samples)
    assert len(sound) == 16000
    assert [len(block.values) for block in samples] == [4000] * 4
    assert np.abs(np.fft.rfft(sound)).argmax() == 440


def test_channels_of_unknown_places_are_averaged(tmp_path):
    """A WAV file of nine channels says nothing of where they stand."""
    path = tmp_path / "a.wav"
    values = np.int16(np.arange(9) * 1000).reshape(1, 9).repeat(8000, axis=0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(9)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(values.tobytes())
    _, samples, _ = read(path)
    assert sound_of(samples) == pytest.approx(4000 / 32768, abs=1e-4)


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1", "7.1"])
def test_any_number_of_channels_becomes_one(make_sound, tmp_path, layout):
    path = make_sound(tmp_path / "a.flac", 0.5 * np.ones(8000, np.float32), layout=layout, codec="flac")
    _, samples, _ = read(path)
    assert sound_of(samples).shape == (8000,)
    assert sound_of(samples)[2000:6000] == pytest.approx(0.5, abs=0.01)


def test_a_hole_in_the_sound_becomes_silence_so_that_later_sound_keeps_its_time(tmp_path):
    import av

    path = tmp_path / "hole.mkv"
    tone = (0.5 * np.sin(np.arange(16000) * 0.2)).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=16000)
        stream.layout = "mono"
        for start in (0, 3 * 16000):
            frame = av.AudioFrame.from_ndarray(np.int16(tone * 32767)[None], format="s16", layout="mono")
            frame.sample_rate, frame.time_base, frame.pts = 16000, Fraction(1, 16000), start
            container.mux(stream.encode(frame))
    _, samples, _ = read(path)
    sound = sound_of(samples)
    assert len(sound) == 4 * 16000
    assert np.abs(sound[16100:47900]).max() == 0
    assert np.abs(sound[48100:]).max() == pytest.approx(0.5, abs=0.01)


def test_a_turned_video_is_turned_upright(make_video, tmp_path):
    def top_red(time: float) -> np.ndarray:
        picture = np.zeros((48, 64, 3), np.uint8)
        picture[:24, :, 0] = 255
        return picture

    path = make_video(tmp_path / "a.mp4", size=(64, 48), picture=top_red, rotation=90, sound=None)
    frames, _, _ = read(path, frames=FrameRequest(1, 20, 40))
    red = frames[0].picture[:, :, 0].astype(int)
    assert red[:, :8].mean() > 200 > 50 > red[:, 12:].mean()  # counterclockwise: the top is now on the left


@pytest.mark.parametrize("rotation", [0, 90, 180, -90])
def test_a_box_means_the_upright_picture(make_video, tmp_path, rotation):
    def quarters(time: float) -> np.ndarray:
        picture = np.zeros((64, 64, 3), np.uint8)
        picture[:32, :32], picture[:32, 32:], picture[32:, :32], picture[32:, 32:] = 40, 100, 160, 220
        return picture

    path = make_video(tmp_path / "a.mp4", size=(64, 64), picture=quarters, rotation=rotation, sound=None)
    upright = np.rot90(quarters(0), rotation // 90)
    request = FrameRequest(1, 16, 16, box=(0.5, 0.0, 1.0, 0.5), colour="gray")
    frames, _, _ = read(path, frames=request)
    assert frames[0].picture.shape == (16, 16, 1)
    assert frames[0].picture.mean() == pytest.approx(upright[8, 48, 0], abs=4)


def test_crop_keeps_the_shape_of_things_and_stretch_does_not(make_video, tmp_path):
    def disc(time: float) -> np.ndarray:
        y, x = np.mgrid[0:80, 0:160]
        return np.repeat(np.uint8(255 * ((x - 80) ** 2 + (y - 40) ** 2 < 900))[:, :, None], 3, axis=2)

    path = make_video(tmp_path / "a.mp4", size=(160, 80), picture=disc, sound=None)

    def extent(resize):
        frames, _, _ = read(path, frames=FrameRequest(1, 80, 80, resize=resize, colour="gray"))
        bright = frames[0].picture[:, :, 0] > 128
        return bright.any(axis=0).sum(), bright.any(axis=1).sum()

    assert extent("crop") == pytest.approx((60, 60), abs=2)
    assert extent("stretch") == pytest.approx((30, 60), abs=2)


def test_watch_frames_travel_between_the_others_and_have_no_colour_axis(make_video, tmp_path):
    frames, _, _ = read(make_video(tmp_path / "a.mp4", seconds=1), watch=WATCH)
    watch = [frame for frame in frames if frame.picture.ndim == 2]
    assert len(frames) - len(watch) == 2
    assert watch[0].picture.shape == (27, 48)
    assert len(watch) == 13
    assert times_of(watch) == sorted(set(times_of(watch)))


def test_keyframes_only_gives_each_keyframe_once_at_its_own_time(make_video, tmp_path):
    options = {"g": "10", "keyint_min": "10", "sc_threshold": "0"}
    path = make_video(tmp_path / "a.mp4", seconds=2, options=options)
    frames, samples, _ = read(path, keyframes=True, frames=FrameRequest(25, 8, 8))
    assert times_of(frames) == [0, 0.4, 0.8, 1.2, 1.6]
    assert len(sound_of(samples)) >= 32000
    spaced, _, _ = read(path, keyframes=True, frames=FrameRequest(1, 8, 8))
    assert times_of(spaced) == [0, 1.2]


def test_approximate_reading_takes_a_picture_a_little_older_at_the_same_moments(make_video, tmp_path):
    path = make_video(
        tmp_path / "a.mp4",
        4,
        (64, 48),
        picture=lambda time: counting(time / 2),
        options={"bf": "3", "preset": "medium", "sc_threshold": "0"},
    )
    exact, sound, _ = read(path, frames=FrameRequest(5, 8, 8), watch=WATCH)
    rough, same_sound, stream = read(path, frames=FrameRequest(5, 8, 8), watch=WATCH, approximate=True)
    exact, exact_watch = ([f for f in exact if f.picture.ndim == n] for n in (3, 2))
    rough, rough_watch = ([f for f in rough if f.picture.ndim == n] for n in (3, 2))
    assert len(rough_watch) < 0.7 * len(exact_watch)  # frames were really left out
    assert times_of(rough) == times_of(exact)
    for one, other in zip(rough, exact, strict=True):
        assert -10 <= float(one.picture.mean()) - float(other.picture.mean()) <= 1  # 2 levels a frame
    assert np.array_equal(sound_of(sound), sound_of(same_sound))
    assert stream.warnings == []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".avi"])
def test_a_span_is_half_open_and_starts_exactly_where_asked(make_video, tmp_path, suffix):
    options = {"g": "20"} if suffix != ".avi" else {}
    path = make_video(
        tmp_path / f"a{suffix}",
        seconds=4,
        size=(64, 48),
        picture=lambda time: counting(time / 2),
        options=options,
        codec="mpeg4" if suffix == ".avi" else "libx264",
        sound_codec="mp3" if suffix == ".avi" else "aac",
    )
    whole, _, _ = read(path, frames=FrameRequest(10, 8, 8))
    frames, samples, _ = read(path, frames=FrameRequest(10, 8, 8), start=1.5, end=2.5)
    assert times_of(frames) == pytest.approx([1.5 + step / 10 for step in range(10)])
    assert samples[0].start == pytest.approx(1.5, abs=1 / 16000)
    assert sum(len(block.values) for block in samples) == pytest.approx(16000, abs=1)
    for frame in frames:
        near = min(whole, key=lambda other: abs(other.time - frame.time))
        assert frame.picture.mean() == pytest.approx(
            near.picture.mean(), abs=4
        )  # 5 levels a tenth of a second


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_still_picture_gives_one_frame(make_picture, tmp_path, suffix):
    path = make_picture(tmp_path / f"100%d{suffix}", np.full((30, 41, 3), (200, 50, 10), np.uint8))
    frames, samples, stream = read(path)
    assert stream.probe.is_still
    assert (len(frames), len(samples)) == (1, 0)
    assert frames[0].time == 0
    assert frames[0].picture.mean(axis=(0, 1)) == pytest.approx((200, 50, 10), abs=3)


def test_read_picture_takes_a_path_or_the_bytes(make_picture, tmp_path):
    path = make_picture(tmp_path / "a.png", np.full((10, 10, 3), (1, 2, 3), np.uint8))
    request = FrameRequest(width=4, height=4)
    assert (read_picture(path, request).picture == (1, 2, 3)).all()
    assert (read_picture(path.read_bytes(), request).picture == (1, 2, 3)).all()


def test_probe_says_what_the_file_holds(make_video, tmp_path):
    found = probe(
        make_video(tmp_path / "a.mp4", seconds=2, rate_hz=48000, sound_layout="stereo", sound_tracks=2)
    )
    assert found.video is not None and found.audio is not None
    assert (found.video.width, found.video.height, found.video.fps, found.video.codec) == (
        320,
        240,
        25,
        "h264",
    )
    assert (found.audio.rate_hz, found.audio.channels, found.audio.tracks) == (48000, 2, 2)
    assert float(found.duration) == pytest.approx(2, abs=0.05)
    assert not found.is_still


def test_a_missing_stream_is_left_out_as_long_as_another_one_is_there(make_sound, make_video, tmp_path):
    frames, samples, _ = read(make_sound(tmp_path / "a.wav", np.zeros(1600, np.float32)))
    assert (len(frames), len(samples)) == (0, 1)
    frames, samples, _ = read(make_video(tmp_path / "b.mp4", sound=None))
    assert (len(frames), len(samples)) == (4, 0)


def test_a_cover_picture_in_a_sound_file_is_no_video(make_picture, make_sound, tmp_path):
    import av

    cover = make_picture(tmp_path / "cover.png", np.zeros((8, 8, 3), np.uint8))
    sound = make_sound(tmp_path / "a.mp3", np.zeros(16000, np.float32), codec="libmp3lame")
    path = tmp_path / "song.mp3"
    with av.open(str(cover)) as pictures, av.open(str(sound)) as sounds, av.open(str(path), "w") as out:
        audio = out.add_stream_from_template(sounds.streams.audio[0])
        attached = out.add_stream_from_template(pictures.streams.video[0])
        attached.disposition = av.stream.Disposition.attached_pic
        for stream, container in ((attached, pictures), (audio, sounds)):
            for packet in container.demux():
                if packet.dts is not None:
                    packet.stream = stream
                    out.mux(packet)
    with av.open(str(path)) as written:
        assert {stream.type for stream in written.streams} == {"video", "audio"}
    assert probe(path).video is None
    frames, samples, _ = read(path)
    assert (len(frames), len(samples) > 0) == (0, True)


def test_what_is_transparent_lies_on_white(tmp_path):
    import av

    picture = np.zeros((20, 20, 4), np.uint8)
    picture[:, :10] = (200, 0, 0, 255)
    picture[:, 10:15] = (0, 0, 0, 128)
    context = av.CodecContext.create("png", "w")
    context.width, context.height, context.pix_fmt, context.time_base = 20, 20, "rgba", Fraction(1)
    frame = av.VideoFrame.from_ndarray(picture, format="rgba")
    data = b"".join(bytes(packet) for packet in (*context.encode(frame), *context.encode(None)))
    seen = read_picture(data, FrameRequest(width=20, height=20)).picture
    assert seen[10, 2].tolist() == [200, 0, 0]
    assert seen[10, 12].tolist() == [127, 127, 127]
    assert seen[10, 18].tolist() == [255, 255, 255]


def test_recordings_joined_at_their_ends_are_read_as_one(make_video, tmp_path):
    """Each starts its time stamps anew; picture and sound stay together."""
    one = make_video(tmp_path / "a.ts", 4, (64, 48), fps=10, picture=lambda time: counting(time / 4))
    both = tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() * 2)
    frames, samples, stream = read(both, frames=FrameRequest(10, 8, 8))
    assert len(frames) == pytest.approx(80, abs=4)
    assert times_of(frames)[-1] == pytest.approx(8, abs=0.3)
    assert len(sound_of(samples)) == pytest.approx(8 * 16000, abs=8000)
    levels = [float(frame.picture.mean()) for frame in frames]
    assert levels[44:70] == pytest.approx(levels[4:30], abs=12)
    assert stream.end == pytest.approx(8, abs=0.5)


def test_wrong_requests_fail_at_the_call(tmp_path):
    with pytest.raises(ConfigError, match="Ask for one of them"):
        iter_media(tmp_path / "a.mp4", frames=None, samples=None)
    with pytest.raises(ConfigError, match=r"span from 2\.0 s to 1\.0 s is empty"):
        iter_media(tmp_path / "a.mp4", frames=SMALL, samples=None, start=2, end=1)
    with pytest.raises(ConfigError, match=r"box is \(0\.5, 0, 0\.5, 1\)"):
        FrameRequest(box=(0.5, 0, 0.5, 1))
    with pytest.raises(ConfigError, match="rate_hz is 0"):
        FrameRequest(rate_hz=0)
    with pytest.raises(ConfigError, match="0x10 pixels"):
        FrameRequest(width=0, height=10)
    with pytest.raises(ConfigError, match="resize is 'pad'"):
        FrameRequest(resize="pad")
    with pytest.raises(ConfigError, match="colour is 'bgr'"):
        FrameRequest(colour="bgr")
    with pytest.raises(ConfigError, match="block_s is 0"):
        SampleRequest(block_s=0)
    with pytest.raises(MediaError, match="does not exist"):
        iter_media(tmp_path / "a.mp4", frames=SMALL, samples=None)
