"""What cannot be read is refused in one line that says what and why (issue 7, section 5)."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from zimu.errors import MediaError
from zimu.media.guard import iter_media_guarded
from zimu.media.mapping import mapping
from zimu.media.probe import probe
from zimu.media.reader import iter_media, read_picture
from zimu.media.requests import FrameRequest, SampleRequest

FRAMES, SAMPLES = FrameRequest(rate_hz=2, width=16, height=16), SampleRequest()


@pytest.fixture(params=[iter_media, iter_media_guarded], ids=["inside", "guarded"])
def read_all(request):
    def read(path, frames=FRAMES, samples=SAMPLES):
        with request.param(path, frames=frames, samples=samples) as stream:
            return list(stream), stream

    return read


def refusal(read_all, path, **kwargs) -> str:
    with pytest.raises(MediaError) as caught:
        read_all(path, **kwargs)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert str(pickle.loads(pickle.dumps(caught.value))) == message
    return message


def test_a_file_that_does_not_exist(read_all, tmp_path):
    assert refusal(read_all, tmp_path / "没有.mp4").endswith("没有.mp4 does not exist.")


def test_a_folder(read_all, tmp_path):
    assert "is a folder. Give a file" in refusal(read_all, tmp_path)


def test_an_empty_file(read_all, tmp_path):
    (tmp_path / "a.mp4").touch()
    assert "is empty (0 bytes)" in refusal(read_all, tmp_path / "a.mp4")


def test_a_pipe_is_not_waited_for(read_all, tmp_path):
    os.mkfifo(tmp_path / "a.mp4")
    assert "is not a regular file" in refusal(read_all, tmp_path / "a.mp4")


def test_an_address_on_the_network_is_a_name_of_a_file_that_does_not_exist(read_all):
    with pytest.raises(MediaError, match="does not exist"):
        read_all("http://127.0.0.1:9/a.mp4")


@pytest.mark.parametrize("name", ["a.mp4", "a.txt", "a.srt", "a.mkv"])
def test_text_is_no_video_whatever_it_is_called(read_all, tmp_path, name):
    (tmp_path / name).write_text("1\n00:00:01,000 --> 00:00:02,000\nhello\n\n" * 200)
    message = refusal(read_all, tmp_path / name)
    assert "cannot be read as video, sound or picture" in message or "has no video or audio stream" in message


def test_random_bytes(read_all, tmp_path):
    (tmp_path / "a.mp4").write_bytes(np.random.default_rng(0).bytes(100_000))
    refusal(read_all, tmp_path / "a.mp4")


def test_no_video_stream(read_all, make_sound, tmp_path):
    path = make_sound(tmp_path / "a.wav", np.zeros(8000, np.float32))
    assert refusal(read_all, path, samples=None).endswith("has no video stream (found: audio).")


def test_no_audio_stream(read_all, make_video, tmp_path):
    path = make_video(tmp_path / "a.mp4", 0.4, sound=None)
    assert refusal(read_all, path, frames=None).endswith("has no audio stream (found: video).")


def test_a_codec_that_nobody_knows(read_all, make_video, tmp_path):
    path = make_video(tmp_path / "a.avi", 0.4, codec="mpeg4", sound=None)
    path.write_bytes(path.read_bytes().replace(b"FMP4", b"QQ7Q"))
    assert "has a video or audio stream in a codec that cannot be decoded" in refusal(read_all, path)
    with pytest.raises(MediaError, match="holds no video, sound or picture that can be decoded"):
        probe(path)


def test_a_playlist_cannot_reach_out(read_all, tmp_path):
    """Offline is the only way it runs: a playlist that names an address is refused, not fetched."""
    (tmp_path / "a.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"
    )
    refusal(read_all, tmp_path / "a.m3u8")


def test_a_truncated_video_gives_what_is_there_and_says_so(read_all, make_video, tmp_path):
    whole = make_video(tmp_path / "whole.mkv", 6, size=(160, 120), options={"g": "25"}, sound="tone")
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    items, stream = read_all(path)
    assert 2 <= len(items) < 18
    assert any("is cut short" in line and "of 6.1 s could be read" in line for line in stream.warnings)
    assert all("\n" not in line and str(path) in line for line in stream.warnings)


def test_a_video_whose_index_is_cut_off_is_refused(read_all, make_video, tmp_path):
    whole = make_video(tmp_path / "whole.mp4", 1)
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert "cannot be read as video, sound or picture" in refusal(read_all, path)


def test_a_picture_that_breaks_off_is_refused_or_given(tmp_path, make_picture):
    path = make_picture(tmp_path / "a.png", np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    data = path.read_bytes()
    with pytest.raises(MediaError, match=r"^The given picture "):
        read_picture(data[:60], FRAMES)


def test_every_error_of_ffmpeg_becomes_ours():
    import av

    kinds = [kind for kind in vars(av.error).values() if isinstance(kind, type)]
    kinds = [kind for kind in kinds if issubclass(kind, av.FFmpegError)]
    assert len(kinds) > 30
    for kind in kinds:
        wanted = r"^a\.mp4 cannot be read as video, sound or picture: why\.$"
        if issubclass(kind, MemoryError):
            wanted = r"^a\.mp4 cannot be read: decoding it needs more memory than is allowed\.$"
        with pytest.raises(MediaError, match=wanted), mapping("a.mp4"):
            raise kind(1, "why", "a.mp4")
