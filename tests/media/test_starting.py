from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from zimu.media import starting
from zimu.media.guard import iter_media_guarded
from zimu.media.requests import FrameRequest


def test_a_decoder_started_ahead_is_used_once(make_video: Callable[..., Path], tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", 1, (32, 24), 5)
    starting.prepare()
    starting.prepare()
    (spare,) = starting._spare
    with iter_media_guarded(path, frames=FrameRequest(width=8, height=8), samples=None) as stream:
        assert stream._process is spare and not starting._spare
        assert len(list(stream)) == 5


def test_a_spare_decoder_that_died_is_replaced() -> None:
    starting.prepare()
    starting._spare[0].kill()
    starting._spare[0].wait()
    child = starting.start_child()
    try:
        assert child.poll() is None
    finally:
        starting._end(child)


def test_a_spare_decoder_ends_with_its_process() -> None:
    code = "from zimu.media import starting as s; s.prepare(); print(s._spare[0].pid, flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True)
    assert process.stdout is not None and process.stdin is not None
    pid = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    until = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only there a process may be copied")
def test_a_process_without_threads_forks_its_decoder_which_reads_the_file_as_any_other(
    make_video: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_video(tmp_path / "a.mp4", 1, (32, 24), 5)
    code = (
        "import sys; from zimu.media import starting; starting.prepare(); (spare,) = starting._spare\n"
        "from zimu.media.guard import iter_media_guarded; from zimu.media.requests import FrameRequest\n"
        "with iter_media_guarded(sys.argv[1], frames=FrameRequest(width=8, height=8), samples=None) as s:\n"
        "    print(type(spare).__name__, s._process is spare, len(list(s)), spare.wait())"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    *found, code = done.stdout.split()
    assert found == ["Forked", "True", "5"]
    assert code in ("0", "-9")  # it ends after its last message, or is ended: whichever comes first


def test_a_forked_decoder_that_crashes_or_finds_no_video_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("no video")
    code = (
        "import os, sys; from zimu.errors import MediaError; from zimu.media import starting\n"
        "from zimu.media.guard import iter_media_guarded; from zimu.media.requests import FrameRequest\n"
        "for end in (lambda pid: None, lambda pid: os.kill(pid, 11)):\n"
        "    starting.prepare()\n"
        "    stream = iter_media_guarded(sys.argv[1], frames=FrameRequest(), samples=None)\n"
        "    end(stream._process.pid)\n"
        "    try: list(stream)\n"
        "    except MediaError as error: print(error)"
    )
    file = str(tmp_path / "a.mp4")
    done = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert "cannot be read" in first or "Invalid data" in first
    assert "crashed (SIGSEGV)" in second


def test_where_threads_run_a_decoder_is_a_new_process() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        starting.prepare()
        assert isinstance(starting._spare[0], subprocess.Popen)
    finally:
        starting._let_go()
        stop.set()
        thread.join()
