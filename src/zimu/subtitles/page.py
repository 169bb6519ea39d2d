"""The page that `zimu check --html` writes: one self-contained file that can play the reader's video."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from zimu.subtitles.listening import Unsaid
from zimu.subtitles.report import Report, Row

__all__ = ["review_page"]

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --accent: light-dark(#0b57d0, #a8c7fa); }
body { font: 16px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
  max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.3rem; overflow-wrap: anywhere; }
html { scroll-padding-top: 38vh; }
video { width: 100%; max-height: 35vh; background: #000; position: sticky; top: 0; }
video[hidden], #failed[hidden] { display: none; }
#failed { border-left: 4px solid currentColor; padding-left: .6rem; }
ol { list-style: none; padding: 0; }
ol > li { border-top: 1px solid var(--line); padding: .6rem 0; display: grid; gap: .2rem 1rem;
  grid-template-columns: 12rem 1fr; }
ol > li > div:first-child { grid-row: span 2; }
ol > li[aria-current] { box-shadow: -.5rem 0 0 var(--accent); }
button { font: inherit; color: var(--accent); background: none; border: 1px solid currentColor;
  border-radius: .4rem; padding: .2rem .5rem; cursor: pointer; min-height: 2.5rem; }
button:disabled { color: inherit; cursor: default; }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.text { white-space: pre-line; overflow-wrap: anywhere; }
.why { grid-column: 2; margin: 0; padding-left: 1.2rem; }
.score { font-variant-numeric: tabular-nums; }
@media (max-width: 40rem) { ol > li { grid-template-columns: 1fr; } .why { grid-column: 1; } }
"""
_SCRIPT = """
const video = document.querySelector("video"), failed = document.querySelector("#failed");
const buttons = document.querySelectorAll("button");
let until = Infinity;
const show = plays => {
  video.hidden = !plays;
  failed.hidden = plays;
  buttons.forEach(button => button.disabled = !plays);
};
video.addEventListener("loadedmetadata", () => {
  show(true);
  if (buttons.length) video.currentTime = buttons[0].dataset.start;
});
video.addEventListener("error", () => show(false));
if (video.readyState > 0) show(true);
if (video.error) show(false);
video.addEventListener("timeupdate", () => {
  if (video.currentTime < until) return;
  video.pause();
  until = Infinity;
});
document.querySelector("#file").addEventListener("change", event => {
  if (event.target.files.length) video.src = URL.createObjectURL(event.target.files[0]);
});
document.querySelector("ol").addEventListener("click", event => {
  const button = event.target.closest("button");
  if (!button) return;
  document.querySelector("li[aria-current]")?.removeAttribute("aria-current");
  button.closest("li").setAttribute("aria-current", "true");
  video.currentTime = Math.max(0, button.dataset.start - 0.5);
  until = Number(button.dataset.end) + 0.5;
  video.play();
});
"""


def review_page(name: str, report: Report, video: str | None = None) -> str:
    """Return the page: the places to look at, each with its time, text and reasons.

    Args:
        name: The file's name, as its reader knows it.
        report: What was found.
        video: The video's path as seen from the page; None lets the reader choose a file.
    """
    counts = ", ".join(f"{escape(kind)} {count}" for kind, count in report.counts.items())
    places = [(row.score, _item(report, row)) for row in report.rows]
    places += [(place.score, _gap(place)) for place in report.unsaid]
    rows = "\n".join(item for _, item in sorted(places, key=lambda pair: -pair[0]))
    whole = f"<p><strong>The file {escape(report.whole)}.</strong></p>" if report.whole else ""
    source = f' src="{quote(video, safe="/:%")}"' if video else ""
    summary = (
        f"{len(report.track.cues)} cues, {len(places)} places to look at, style {escape(report.style.name)}"
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';
  media-src 'self' file: blob:">
<title>{escape(name)}: lines to look at</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(name)}</h1>
<p>{summary}{f": {counts}" if counts else ""}. Beside each time stands how surely to look, from 0 to 1.</p>
{whole}
<p><label>Choose the video to play each place; it stays on this machine.
<input type="file" id="file" accept="video/*,audio/*"></label></p>
<p id="failed" role="status" hidden>This browser cannot play the video: it was moved, or its format is not
one for browsers. Choose another copy of it above.</p>
<video controls hidden preload="metadata"{source}></video>
<ol>
{rows}
</ol>
</main>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def _item(report: Report, row: Row) -> str:
    cue = report.track.cues[row.index]
    reasons = "".join(f"<li>{escape(reason)}</li>" for _, reason in row.reasons)
    play = _button(cue.start_ms, cue.end_ms, f"cue {row.index + 1}")
    return (
        f"<li><div>{play} {_score(row.score)}</div>"
        f'<div class="text"><b>{row.index + 1}</b> {escape(cue.text)}</div>'
        f'<ul class="why">{reasons}</ul></li>'
    )


def _gap(place: Unsaid) -> str:
    play = _button(place.start_ms, place.end_ms, "speech")
    return (
        f'<li><div>{play} {_score(place.score)}</div><div class="text"></div>'
        f'<ul class="why"><li>speech without a subtitle</li></ul></li>'
    )


def _button(start_ms: int, end_ms: int, what: str) -> str:
    start, end = max(0, start_ms) / 1000, max(0, start_ms, end_ms) / 1000
    minutes, seconds = divmod(start, 60)
    when = f"{int(minutes) // 60}:{int(minutes) % 60:02d}:{seconds:06.3f}"
    return (
        f'<button type="button" disabled data-start="{start:.3f}" data-end="{end:.3f}" '
        f'aria-label="Play {what} at {when}">{when}</button>'
    )


def _score(score: float) -> str:
    return f'<span class="score" title="how surely to look, from 0 to 1">{score:.2f}</span>'
