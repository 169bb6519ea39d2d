from __future__ import annotations

import gc
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest

from zimu.errors import MediaError
from zimu.media import guard
from zimu.media.guard import Limits, iter_media_guarded
from zimu.media.reader import iter_media
from zimu.media.requests import WATCH, FrameRequest, SampleRequest
from zimu.streams import Frame

FRAMES, SAMPLES = FrameRequest(rate_hz=2, width=16, height=16), SampleRequest()


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pid: int, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not is_running(pid)


def child_that(monkeypatch, code: str) -> None:
    """Let the guard start another program than the decoder."""

    def start():
        return subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1)

    monkeypatch.setattr(guard, "_start_child", start)


def test_the_child_gives_exactly_what_the_reader_gives(make_video, tmp_path):
    path = make_video(tmp_path / "两个 'words'.mkv", 2, start=0.1)
    request = {"frames": FRAMES, "samples": SAMPLES, "watch": WATCH, "start": 0.3, "end": 1.7}
    with iter_media(path, **request) as plain, iter_media_guarded(path, **request) as guarded:
        assert guarded.probe == plain.probe
        theirs, ours = list(plain), list(guarded)
        assert len(ours) == len(theirs) > 10
        for one, other in zip(ours, theirs, strict=True):
            assert type(one) is type(other)
            if isinstance(one, Frame):
                assert one.time == other.time
                assert np.array_equal(one.picture, other.picture)
            else:
                assert (one.start, one.rate_hz) == (other.start, other.rate_hz)
                assert np.array_equal(one.values, other.values)
        assert guarded.end == plain.end


def test_closing_early_ends_the_child(make_video, tmp_path):
    stream = iter_media_guarded(make_video(tmp_path / "a.mp4"), frames=FRAMES, samples=None)
    next(stream)
    pid = stream._process.pid
    stream.close()
    assert not is_running(pid)
    with pytest.raises(StopIteration):
        next(stream)


def test_forgetting_the_iterator_ends_the_child(make_video, tmp_path):
    stream = iter_media_guarded(make_video(tmp_path / "a.mp4"), frames=FRAMES, samples=None)
    pid = stream._process.pid
    del stream
    gc.collect()
    assert wait_until_gone(pid)


def test_the_child_dies_with_its_parent(make_video, tmp_path):
    """Also where the parent has no chance to clean up, and the child waits for it."""
    path = make_video(tmp_path / "a.mp4", 4, sound=None)
    code = f"""
import os, time
from zimu.media.guard import iter_media_guarded
from zimu.media.requests import FrameRequest
stream = iter_media_guarded({str(path)!r}, frames=FrameRequest(None, 2000, 2000), samples=None)
next(stream)
print(stream._process.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.send_signal(signal.SIGKILL)
        assert wait_until_gone(pid)


def test_a_crash_of_the_decoder_is_an_error_of_this_file(monkeypatch, make_video, tmp_path):
    child_that(monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    path = make_video(tmp_path / "a.mp4", 0.4)
    with pytest.raises(MediaError, match=r"a\.mp4 cannot be read: the decoder crashed \(SIGSEGV\)\."):
        next(iter_media_guarded(path, frames=FRAMES, samples=None))


def test_a_decoder_that_hangs_is_stopped(monkeypatch, make_video, tmp_path):
    child_that(monkeypatch, "import time; time.sleep(60)")
    stream = iter_media_guarded(
        make_video(tmp_path / "a.mp4", 0.4), frames=FRAMES, samples=None, limits=Limits(stall_s=0.3)
    )
    with pytest.raises(MediaError, match=r"no progress for 0\.3 s and was stopped"):
        next(stream)
    assert not is_running(stream._process.pid)


def test_a_decoder_that_wants_too_much_memory_is_stopped(tmp_path):
    """A picture of 200 kB that becomes 192 MB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path = tmp_path / "huge.png"
    header = struct.pack(">IIBBBBB", 8000, 8000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(8000 * (1 + 3 * 8000)), 1)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
    assert path.stat().st_size < 1_000_000
    with pytest.raises(MediaError, match=r"huge\.png cannot be read: decoding it needs more memory"):
        list(iter_media_guarded(path, frames=FRAMES, samples=None, limits=Limits(memory_mb=450)))
    assert len(list(iter_media_guarded(path, frames=FRAMES, samples=None))) == 1


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.write(1, b'x' * 100)",
        "import os; os.write(1, b'\\4\\0\\0\\0' + bytes(8) + b'null')",
        "import os, json; t = json.dumps({'kind': 'frame', 'time': '1/0', 'shape': [16, 16, 3]}).encode();"
        "os.write(1, len(t).to_bytes(4, 'little') + (768).to_bytes(8, 'little') + t + bytes(768))",
        "import os, json; t = json.dumps({'kind': 'frame', 'time': '1', 'shape': [1, 768]}).encode();"
        "os.write(1, len(t).to_bytes(4, 'little') + (768).to_bytes(8, 'little') + t + bytes(768))",
    ],
)
def test_a_child_that_was_taken_over_cannot_harm_the_parent(monkeypatch, make_video, tmp_path, code):
    child_that(monkeypatch, code)
    with pytest.raises(MediaError, match="no message"):
        next(iter_media_guarded(make_video(tmp_path / "a.mp4", 0.4), frames=FRAMES, samples=None))


def test_a_child_that_ends_mid_message_is_an_error(monkeypatch, make_video, tmp_path):
    child_that(monkeypatch, "import os; os.write(1, b'\\4\\0')")
    with pytest.raises(MediaError, match=r"ended without a word \(exit code 0\)"):
        next(iter_media_guarded(make_video(tmp_path / "a.mp4", 0.4), frames=FRAMES, samples=None))


def test_the_child_works_ahead_only_by_a_bounded_amount(make_video, tmp_path):
    path = make_video(tmp_path / "a.mp4", 2, size=(64, 48), sound=None)  # 50 pictures of 3 MB each
    stream = iter_media_guarded(path, frames=FrameRequest(None, 1000, 1000), samples=None)
    next(stream)
    time.sleep(1)
    assert 0 < stream._inbox._held < guard._BUFFER + 4_000_000
    assert sum(1 for _ in stream) == 49
    assert not is_running(stream._process.pid)


def test_a_child_holds_no_torch_and_no_engine():
    code = (
        "import sys, zimu.media.child; "
        "print(sorted({name.split('.')[0] for name in sys.modules} & "
        "{'torch', 'onnxruntime', 'pydantic', 'jieba', 'rich', 'click'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
