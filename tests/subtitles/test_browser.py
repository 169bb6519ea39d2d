"""WebVTT as a browser's own parser understands it: a real <track> in Chromium."""

import html
import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from zimu.subtitles.cue import Cue, Mark, Track, clean_lines
from zimu.subtitles.formats import FORMATS
from zimu.subtitles.page import review_page
from zimu.subtitles.report import report_on
from zimu.subtitles.styles import style_of

PAGE = """<!doctype html><meta charset="utf-8"><video></video><pre></pre><script>
const texts = TEXTS, found = [];
function next() {
  if (found.length == texts.length) {
    document.querySelector("pre").textContent = JSON.stringify(found);
    return;
  }
  const track = document.createElement("track");
  track.src = "data:text/vtt;charset=utf-8," + encodeURIComponent(texts[found.length]);
  track.onload = () => {
    found.push([...track.track.cues].map(cue => ({
      start: cue.startTime, end: cue.endTime, text: cue.getCueAsHTML().textContent, id: cue.id,
      align: cue.align, position: cue.position, line: cue.line, size: cue.size, vertical: cue.vertical,
      snap: cue.snapToLines, tags: [...cue.getCueAsHTML().querySelectorAll("*")].map(e => e.localName)})));
    track.remove();
    next();
  };
  track.onerror = () => { found.push("error"); next(); };
  document.querySelector("video").append(track);
  track.track.mode = "hidden";
}
next();
</script>"""

_PIECES = [
    *("-->", "->", "<b>", "</b>", "<i", "<", ">", "&", "&amp;", "&lt", "&#65;", "&nbsp;", "]]>", "<!--"),
    *("<00:01.0>", "NOTE", "STYLE", "REGION", "WEBVTT", "NOTE x", "42", "00:00:01.000 --> 00:00:02.000"),
    *("align:start", "שלום", "مرحبا", "\u202eab", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
    *("e\u0301", "ก็", "字幕", "，", " ", "  ", "\t", "\u00a0", "\u2028", "\u2060", "{\\an8}", "\\N"),
    *("'", '"', "\u0000", "\ufffd", "word"),
]


def dom_of(page: Path) -> str:
    """Return a page as it stands when Chromium has run it."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine")
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={page.parent / 'profile'}",
         "--virtual-time-budget=20000", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout


def in_chromium(folder: Path, texts: list[str]) -> list[list[dict]]:
    """Return the cues that Chromium finds in some WebVTT texts."""
    page = folder / "page.html"
    page.write_text(PAGE.replace("TEXTS", json.dumps(texts).replace("</", "<\\/")), encoding="utf-8")
    dom = dom_of(page)
    match = re.search("<pre>(.*?)</pre>", dom, re.DOTALL)
    assert match is not None
    return json.loads(html.unescape(match[1]))


def random_track(rng: random.Random) -> Track:
    cues, at = [], rng.choice([0, 0, 359_990_000])
    for _ in range(rng.randrange(1, 12)):
        lines: tuple[str, ...] = ()
        while not lines:
            rows = ["".join(rng.choices(_PIECES, k=rng.randrange(1, 7))) for _ in range(rng.randrange(1, 4))]
            lines = clean_lines("\n".join(rows))
        end = at + rng.randrange(1, 9000)
        cues.append(Cue(at, end, lines, name=rng.choice(["", "", "7", "NOTE a", "intro"])))
        at = end + rng.randrange(0, 9_000)
    return Track(tuple(cues))


def test_chromium_reads_every_cue_as_it_was_meant(tmp_path: Path) -> None:
    rng = random.Random(5)
    long = Cue(0, 1000, ("日" * 20_000 + " & <b> " * 6_000 + "end",))
    tracks = [*(random_track(rng) for _ in range(60)), Track((long,))]
    seen = in_chromium(tmp_path, [FORMATS["vtt"].write(track) for track in tracks])
    for track, cues in zip(tracks, seen, strict=True):
        found = [(round(c["start"] * 1000), round(c["end"] * 1000), c["text"], c["id"]) for c in cues]
        assert found == [(c.start_ms, c.end_ms, c.text, c.name) for c in track.cues]
        assert all(c["tags"] == [] for c in cues)


def test_chromium_obeys_tags_and_settings_also_after_a_round_trip(tmp_path: Path) -> None:
    given = (
        "WEBVTT Title\n\nREGION\nid:r\nwidth:40%\n\nSTYLE\n::cue { color: red }\n\n"
        "NOTE kept\n\na\n00:01.000 --> 00:02.000 align:start position:10% line:-1 size:40%\n"
        "<v Ann>Hi <c.loud>&amp;</c> <i>you</i></v>\n\n"
        "00:03.000 --> 00:04.000 vertical:rl line:20%\n<b>字</b><ruby>漢<rt>kan</rt></ruby>\n\n"
        "100:00:00.000 --> 101:00:00.000\n<lang zh>晚</lang> <u>x</u>\n"
    )
    fresh = Track((Cue(0, 900, ("an old man",), marks=(Mark(3, "<i>"), Mark(6, "</i>"))),))
    texts = [given, FORMATS["vtt"].write(FORMATS["vtt"].read(given)), FORMATS["vtt"].write(fresh)]
    before, after, own = in_chromium(tmp_path, texts)
    assert before == after
    assert [(c["align"], c["position"], c["line"], c["size"], c["snap"]) for c in after[:1]] == [
        ("start", 10, -1, 40, True)
    ]
    assert (after[1]["vertical"], after[1]["line"], after[1]["snap"]) == ("rl", 20, False)
    assert after[2]["start"] == 360_000
    assert after[1]["tags"] == ["b", "ruby", "rt"]
    assert own[0]["tags"] == ["i"]


@pytest.mark.parametrize(("video", "plays"), [("星期 五.mp4", True), ("gone.mp4", False)])
def test_the_review_page_offers_each_place_once_its_video_plays_and_says_if_it_does_not(
    tmp_path: Path, video: str, plays: bool
) -> None:
    shutil.copy(Path(__file__).parents[2] / "examples" / "friday.mp4", tmp_path / "星期 五.mp4")
    cues = (Cue(0, 400, ("Too short to read, and much too long for it.",)), Cue(300, 2000, ("Hildy!",)))
    report = report_on(Track(cues), style_of("netflix-en"), None, None)
    (tmp_path / "page.html").write_text(review_page("a.srt", report, video), encoding="utf-8")
    dom = dom_of(tmp_path / "page.html")
    assert len(re.findall("<button[^>]*>", dom)) == 2
    assert len(re.findall("<button[^>]* disabled", dom)) == (0 if plays else 2)
    assert bool(re.search("<video[^>]* hidden", dom)) is not plays
    assert bool(re.search('<p id="failed"[^>]* hidden', dom)) is plays
