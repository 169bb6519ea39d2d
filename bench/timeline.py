"""Said, heard and seen on one timeline: made videos of real clips, real speech and known sounds.

Run: python -m bench.timeline [VIDEOS]

Each video joins stretches of `caption_videos` and carries 20 sentences of GRID, ten recordings of `speech`
and 16 sounds of ESC-10's fold 5 (on which nothing was tuned), one after the other with pauses of 0.8 to 6 s.
It is read once, as `zimu caption` reads it; any attempt to reach the network fails. Speech is scored by its
time and by its edges (see `bench.speech`), sounds by what is told in the right words at the right time,
scenes by the joins.
"""

from __future__ import annotations

import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from bench._compose import DATA, RATE_HZ, Placed, Spoken, compose, grid_sentences, recordings, sounds
from bench.speech import (
    NOISE_DB,
    PAUSES_S,
    RECORDINGS,
    SENTENCES,
    SOUNDS,
    Tally,
    line,
    speech_edges,
)

from zimu.bundles.manifest import find_bundle
from zimu.captions import sounds as sounds_module
from zimu.captions.sounds import SoundTagger
from zimu.captions.speech import SpeechScorer
from zimu.clips.shots import ShotDetector
from zimu.clips.speech import Speech, SpeechFinder
from zimu.features.sound import sound_stream
from zimu.media.reader import iter_media
from zimu.media.requests import WATCH, FrameRequest, SampleRequest
from zimu.streams import Caption, Frame, Samples
from zimu.subtitles.timeline import arrange
from zimu.timing import to_ms
from zimu.training.sound_tracks import sounds_of_kinds

SIZE, FPS = (640, 360), 25


@dataclass
class Found:
    """What one pass found, and how many seconds of the processor its parts took."""

    speech: Speech
    tagger: SoundTagger
    cuts: list[Fraction]
    spent: dict[str, float] = field(default_factory=dict)


def no_network(*_: object) -> None:
    raise OSError("the bench is offline")


@contextmanager
def counted(spent: dict[str, float], name: str) -> Iterator[None]:
    begun = time.process_time()
    yield
    spent[name] = spent.get(name, 0.0) + time.process_time() - begun


def timed(function: Callable[..., Any], spent: dict[str, float], name: str) -> Callable[..., Any]:
    def call(*values: Any, **options: Any) -> Any:
        with counted(spent, name):
            return function(*values, **options)

    return call


def pictures(rng: np.random.Generator, seconds: float) -> tuple[list[np.ndarray], list[float]]:
    """Return frames of clips joined, and the times of the joins."""
    paths = sorted((DATA / "caption_videos" / "clips").glob("*.mp4"))
    request = FrameRequest(FPS, *SIZE)
    out: list[np.ndarray] = []
    joins: list[float] = []
    last = -1
    while len(out) < seconds * FPS:
        chosen = int(rng.choice([i for i in range(len(paths)) if i != last]))
        last = chosen
        frames = [f.picture for f in iter_media(paths[chosen], frames=request, samples=None, end=6.0)]
        if out:
            joins.append(len(out) / FPS)
        out += frames[: int(rng.integers(50, 150))]
    return out[: int(seconds * FPS)], [j for j in joins if j < seconds]


def write_video(path: Path, frames: list[np.ndarray], values: np.ndarray) -> None:
    import av

    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "26"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        audio = container.add_stream("aac", rate=RATE_HZ)
        audio.layout, audio.bit_rate = "mono", 64_000
        for i, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        sound = av.AudioFrame.from_ndarray(values[None].astype(np.float32), format="flt", layout="mono")
        sound.sample_rate, sound.time_base, sound.pts = RATE_HZ, Fraction(1, RATE_HZ), 0
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))


def watch_and_listen(path: Path) -> Found:
    """Find speech, sounds and shots in one pass, and count what each part costs."""
    spent: dict[str, float] = {}
    finder = SpeechFinder(timed(SpeechScorer(find_bundle("speech")), spent, "networks"))
    tagger = SoundTagger.from_bundle(find_bundle("sounds"))
    tagger._score = timed(tagger._score, spent, "networks")
    # The log-mel patches are the first layer of the network that names sounds.
    sounds_module.sound_stream = timed(sound_stream, spent, "networks")  # type: ignore[assignment]
    detector = ShotDetector()
    cuts: list[Fraction] = []
    items = iter_media(path, frames=None, samples=SampleRequest(RATE_HZ), watch=WATCH)
    while True:
        with counted(spent, "decoding"):
            item = next(items, None)
        if item is None:
            break
        with counted(spent, "segmentation"):
            if isinstance(item, Samples):
                finder.feed(item)
                tagger.feed(item)
            elif isinstance(item, Frame):
                cuts += detector.push(item)
    with counted(spent, "segmentation"):
        speech, _, ends = finder.speech(), tagger.events(), detector.finish()
    return Found(speech, tagger, cuts + ends, spent)


def score_sounds(placed: list[Placed], tagger: SoundTagger) -> tuple[int, int, int, int, list[float]]:
    """Return sounds there, told, told rightly, found, and how late the found ones begin in ms."""
    right = sounds_of_kinds(tagger.wording)
    truth, told = [p for p in placed if p.kind != "speech"], tagger.events()

    def meets(event: Any, p: Placed) -> bool:
        return event.sound in right[p.kind] and event.start_s < p.end_s and p.start_s < event.end_s

    hits = [[e for e in told if meets(e, p)] for p in truth]
    late = [
        1000 * (min(e.start_s for e in own) - p.start_s) for own, p in zip(hits, truth, strict=True) if own
    ]
    return len(truth), len(told), sum(any(meets(e, p) for p in truth) for e in told), len(late), late


def cuts_right(joins: list[float], cuts: list[Fraction]) -> tuple[int, list[float]]:
    """Return how many joins are found within half a second, and how late in ms."""
    late = []
    for join in joins:
        near = [1000 * (float(c) - join) for c in cuts if abs(float(c) - join) <= 0.5]
        late += [min(near, key=abs)] if near else []
    return len(late), late


def check_no_overlap(placed: list[Placed], found: Found) -> int:
    """Lay everything on one timeline and return how many captions it shows."""
    captions = found.tagger.captions("en")
    captions += [
        Caption(round(p.start_s * 1000), round(p.end_s * 1000), p.text, "en", "speech")
        for p in placed
        if p.kind == "speech"
    ]
    edges = [0, *(to_ms(c) for c in found.cuts)]
    captions += [
        Caption(a, b, "Somebody does something.", "en", "scene") for a, b in pairwise(edges) if b > a
    ]
    shown = arrange(captions)
    for first, second in pairwise(shown):
        assert first.end_ms <= second.start_ms, "two captions overlap"
    return len(shown)


def main() -> int:
    """Make the videos, read each once, and print what was found."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    socket.socket.connect = no_network  # type: ignore[assignment,method-assign]
    sentences, spoken, noises = grid_sentences("val", SENTENCES * count), recordings(), sounds([5])
    starts: list[float] = []
    ends: list[float] = []
    late: list[float] = []
    cut_late: list[float] = []
    spent: dict[str, float] = {}
    tally = np.zeros(8)
    spoken_time, shown = Tally(), 0
    for seed in range(count):
        rng = np.random.default_rng(seed)
        own: list[Spoken] = sentences[seed::count] + [
            spoken[i] for i in rng.permutation(len(spoken))[:RECORDINGS]
        ]
        some = [noises[i] for i in rng.permutation(len(noises))[:SOUNDS]]
        values, placed = compose(rng, own, some, noise_db=NOISE_DB, pauses_s=PAUSES_S)
        frames, joins = pictures(rng, len(values) / RATE_HZ)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "made.mp4"
            write_video(path, frames, values)
            found = watch_and_listen(path)
        for name, seconds in found.spent.items():
            spent[name] = spent.get(name, 0.0) + seconds
        spoken_time.add(placed, values, found.speech)
        edges = speech_edges(placed, found.speech)
        starts += [a for a, _ in edges]
        ends += [b for _, b in edges]
        there, told, right, got, more = score_sounds(placed, found.tagger)
        late += more
        seen, cuts = cuts_right(joins, found.cuts)
        cut_late += cuts
        tally += [there, told, right, got, len(joins), seen, len(found.cuts), len(values) / RATE_HZ]
        shown += check_no_overlap(placed, found)
    there, told, right, got, joined, seen, cuts_found, seconds = tally
    print(f"{count} videos, {seconds / 60:.1f} min, {shown} captions on the timeline, no overlap, offline")
    print(spoken_time)
    recall, precision = got / there, right / max(1, told)
    print(f"sounds: precision {precision:.2f} ({told:.0f} told), recall {recall:.2f} ({there:.0f} there)")
    print(f"scenes: {seen:.0f} of {joined:.0f} joins found, {cuts_found:.0f} cuts (some inside the clips)")
    print(line("speech begins", starts))
    print(line("speech ends", ends))
    print(line("sounds begin", late))
    print(line("scenes begin", cut_late))
    networks, decoding = spent["networks"], spent["decoding"]
    own_part = spent["segmentation"] - networks
    print(
        f"processor: decoding {decoding:.1f} s, networks {networks:.1f} s, segmentation {own_part:.1f} s: "
        f"{own_part / (networks + decoding):.1%} on top of decoding and networks"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
