import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from zimu.subtitles.cue import Cue, Mark, Track
from zimu.subtitles.formats import FORMATS

PAGE = """<!doctype html><meta charset="utf-8"><video></video><pre></pre><script>
const track = document.createElement("track");
track.src = "data:text/vtt;charset=utf-8," + encodeURIComponent(VTT);
track.onload = () => {
  document.querySelector("pre").textContent = JSON.stringify([...track.track.cues].map(cue => ({
    start: cue.startTime, end: cue.endTime, text: cue.getCueAsHTML().textContent,
    align: cue.align, id: cue.id,
    tags: [...cue.getCueAsHTML().querySelectorAll("*")].map(e => e.localName)})));
};
document.querySelector("video").append(track);
track.track.mode = "hidden";
</script>"""


def test_chromium_reads_every_cue_as_it_was_meant(tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine")
    cues = (
        Cue(0, 1500, ("a <b> & --> c", "第二行 &amp; {\\an8}")),
        Cue(2000, 3000, ("an old man",), marks=(Mark(3, "<i>"), Mark(6, "</i>"))),
        Cue(4000, 5000, ("שלום e\u0301 \U0001f468",), settings=(("align", "start"),), name="NOTE x"),
        Cue(360_000_000, 360_001_000, ("late",)),
        Cue(360_002_000, 360_003_000, ("STYLE", "WEBVTT")),
    )  # fmt: skip
    page = tmp_path / "page.html"
    script = json.dumps(FORMATS["vtt"].write(Track(cues))).replace("</", "<\\/")
    page.write_text(PAGE.replace("VTT)", f"{script})"), encoding="utf-8")
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         "--virtual-time-budget=10000", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    match = re.search("<pre>(.*?)</pre>", done.stdout, re.DOTALL)
    assert match is not None
    seen = json.loads(match[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert [(round(c["start"] * 1000), round(c["end"] * 1000), c["text"]) for c in seen] == [
        (c.start_ms, c.end_ms, c.text) for c in cues
    ]
    assert seen[1]["tags"] == ["i"] and seen[0]["tags"] == []
    assert (seen[2]["align"], seen[2]["id"]) == ("start", "NOTE x")
