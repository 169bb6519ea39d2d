from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

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
