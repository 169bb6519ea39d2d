"""Faults injected into made subtitle files, found by `check` and repaired by `fix`; errors of re-timing.

Run: python -m bench.subtitles

Each kind is injected alone, at 15 cues of each of 8 files of 100 cues (half of them Chinese, half English). A
fault is found where the report names one of its kinds at a cue of its time. It is repaired where, in the
repaired file, the words shown in that time are those before the fault, from within 100 ms of its start, and
the kind is no longer reported there. Invented lines are for a person to judge, so they are not repaired.

Re-timing: files of 300 cues against made speech activity, in which starts jitter by 80 ms, speech ends before
its cue, one cue in ten has no speech, there is speech without cues, and one hop in twenty is wrong.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zimu.subtitles.chinese import split
from zimu.subtitles.cue import Cue, Track
from zimu.subtitles.layout import lay_out
from zimu.subtitles.loops import key
from zimu.subtitles.repair import repair
from zimu.subtitles.report import report_on
from zimu.subtitles.retime import find_segments, retime
from zimu.subtitles.script import to_script
from zimu.subtitles.styles import STYLES, Style

FILES, CUES, FAULTS = 8, 100, 15
_EN = {
    "who": "my brother;the old captain;your sister Ann;nobody in town;the man next door;Mr. Brown",
    "did": "never told me about;has already seen;wants to know more about;cannot remember;was talking about",
    "what": "the letter on the table;the train to Boston;a strange dream;the key of the garden;that film",
    "tail": "before we left;because it was raining;and then went home;in the night;, didn't he?;;;",
}
_ZH = {
    "who": "我哥哥;那个老船长;你的妹妹;镇上的人;隔壁的邻居;我们的老师;王先生;他的同学",
    "did": "从来没有告诉我;已经看到了;一直想知道;怎么也想不起来;昨天还在谈论;终于找到了",
    "what": "桌子上的那封信;去北京的火车;那个奇怪的梦;花园房子的钥匙;那部老电影;医院门口的雨伞",
    "tail": "，然后就回家了;，因为外面下着大雨;，直到天亮;，你相信吗？;;;",
}


@dataclass(frozen=True)
class Fault:
    """A kind of fault: how it is put in at a cue, and what the report calls it."""

    inject: Callable[[list[Cue], int, random.Random], list[Cue]]
    kinds: tuple[str, ...]
    languages: tuple[str, ...] = ("zh", "en")


def make_file(rng: random.Random, language: str, style: Style) -> list[Cue]:
    """Return a clean file: sentences that do not repeat, times that let them be read, pauses between them."""
    parts = {name: text.split(";") for name, text in (_ZH if language == "zh" else _EN).items()}
    seen: set[str] = set()
    cues: list[Cue] = []
    at = 1000
    while len(cues) < CUES:
        words = [rng.choice(parts[name]) for name in ("who", "did", "what", "tail")]
        text = "".join(words) if language == "zh" else " ".join(filter(None, words)).replace(" ,", ",")
        text = text[0].upper() + text[1:] + ("" if text[-1] in "?？" else "。" if language == "zh" else ".")
        if text in seen:
            continue
        seen.add(text)
        (cue, *more) = lay_out([Cue(at, at + 60 * len(text), (text,), "speech", language)], style)
        if more:
            continue
        end = cue.end_ms + rng.randrange(200, 1200)
        cues.append(replace(cue, end_ms=end, language=None))
        at = end + rng.choice([120, 200, 600, 1500, 6000])
    return cues


def _with(cues: list[Cue], i: int, *new: Cue) -> list[Cue]:
    return [*cues[:i], *new, *cues[i + 1 :]]


def _overlap(cues: list[Cue], i: int, rng: random.Random) -> list[Cue]:
    return _with(cues, i, replace(cues[i], end_ms=cues[i + 1].start_ms + rng.randrange(200, 1500)))


def _order(cues: list[Cue], i: int, rng: random.Random) -> list[Cue]:
    return [*cues[:i], cues[i + 1], cues[i], *cues[i + 2 :]]


def _reversed(cues: list[Cue], i: int, rng: random.Random) -> list[Cue]:
    return _with(cues, i, replace(cues[i], start_ms=cues[i].end_ms, end_ms=cues[i].start_ms))


def _loop(cues: list[Cue], i: int, rng: random.Random) -> list[Cue]:
    first, length = cues[i], cues[i].duration_ms // 4
    copies = [
        replace(first, start_ms=first.start_ms + k * length, end_ms=first.start_ms + (k + 1) * length - 40)
        for k in range(4)
    ]
    return _with(cues, i, *copies)


def _inner_loop(cues: list[Cue], i: int, rng: random.Random) -> list[Cue]:
    words = split(cues[i].text.split("\n")[0]) if cues[i].text[0] > "\u2fff" else cues[i].text.split()
    blank = "" if cues[i].text[0] > "\u2fff" else " "
    looped = blank.join([*words[:2] * 5, *words[2:]])
    rest = cues[i].lines[1:]
    return _with(cues, i, replace(cues[i], lines=(looped, *(rest if blank == "" else ()))))


def _twice(cues: list[Cue], i: int, rng: random.Random) -> list[Cue]:
    middle = (cues[i].start_ms + cues[i].end_ms) // 2
    return _with(cues, i, replace(cues[i], end_ms=middle), replace(cues[i], start_ms=middle))


def _cut_place(text: str, rng: random.Random) -> int | None:
    """Return a place inside a word of two or more ideographs."""
    places, at = [], 0
    for word in split(text):
        places += list(range(at + 1, at + len(word))) if len(word) > 1 and word[0] > "\u2fff" else []
        at += len(word)
    inner = [p for p in places if 3 < p < len(text) - 3]
    return rng.choice(inner) if inner else None


def _cut_line(cues: list[Cue], i: int, rng: random.Random) -> list[Cue]:
    text = "".join(cues[i].lines)
    at = _cut_place(text, rng)
    assert at is not None
    return _with(cues, i, replace(cues[i], lines=(text[:at], text[at:])))


def _cut_cue(cues: list[Cue], i: int, rng: random.Random) -> list[Cue]:
    text = "".join(cues[i].lines)
    at = _cut_place(text, rng)
    assert at is not None
    middle = cues[i].start_ms + cues[i].duration_ms * at // len(text)
    first = replace(cues[i], lines=(text[:at],), end_ms=middle)
    return _with(cues, i, first, replace(cues[i], lines=(text[at:],), start_ms=middle))


def _one_line(cues: list[Cue], i: int, rng: random.Random) -> list[Cue]:
    blank = "" if cues[i].text[0] > "\u2fff" else " "
    return _with(cues, i, replace(cues[i], lines=(blank.join(cues[i].lines),)))


def _brief(cues: list[Cue], i: int, rng: random.Random) -> list[Cue]:
    return _with(cues, i, replace(cues[i], end_ms=cues[i].start_ms + rng.randrange(50, 400)))


def _script(cues: list[Cue], i: int, rng: random.Random) -> list[Cue]:
    return _with(cues, i, replace(cues[i], lines=tuple(to_script(x, "traditional") for x in cues[i].lines)))


def _half_width(cues: list[Cue], i: int, rng: random.Random) -> list[Cue]:
    table = str.maketrans("，？", ",?")
    return _with(cues, i, replace(cues[i], lines=tuple(x.translate(table) for x in cues[i].lines)))


def _invented(cues: list[Cue], i: int, rng: random.Random) -> list[Cue]:
    lines = (
        "Thanks for watching!",
        "Subtitles by the Amara.org community",
        "请不吝点赞 订阅",
        "字幕由Amara.org社区提供",
    )
    own = [x for x in lines if (x[0] > "\u2fff") == (cues[i].text[0] > "\u2fff")]
    end = cues[i].end_ms
    return [*cues[: i + 1], Cue(end + 40, end + 100, (rng.choice(own),)), *cues[i + 1 :]]


FAULT_KINDS: dict[str, Fault] = {
    "overlap": Fault(_overlap, ("overlap",)),
    "swapped lines": Fault(_order, ("order",)),
    "end before start": Fault(_reversed, ("reversed",)),
    "looping cues": Fault(_loop, ("loop",)),
    "looping words": Fault(_inner_loop, ("loop",)),
    "a line twice": Fault(_twice, ("repeat",)),
    "word cut by a line end": Fault(_cut_line, ("split-word",), ("zh",)),
    "word cut between cues": Fault(_cut_cue, ("split-word",), ("zh",)),
    "line too long": Fault(_one_line, ("line-width",)),
    "shown too briefly": Fault(_brief, ("too-short", "dense", "reading-speed")),
    "other script": Fault(_script, ("script",), ("zh",)),
    "half-width marks": Fault(_half_width, ("width",), ("zh",)),
    "invented line": Fault(_invented, ("credit", "farewell")),
}


def _spots(cues: Sequence[Cue], fault: Fault, rng: random.Random) -> list[int]:
    """Return cues where the fault can be put in, far from each other."""
    name = next(name for name, known in FAULT_KINDS.items() if known is fault)
    spots: list[int] = []
    for i in rng.sample(range(2, len(cues) - 3), len(cues) - 5):
        text = "".join(cues[i].lines)
        fits = {
            "line too long": len(cues[i].lines) == 2,
            "half-width marks": "，" in text or "？" in text,
            "word cut by a line end": _cut_place(text, random.Random(0)) is not None,
            "word cut between cues": _cut_place(text, random.Random(0)) is not None,
            "other script": key(to_script(text, "traditional")) != key(text),
        }.get(name, True)
        if fits and all(abs(i - k) > 4 for k in spots):
            spots.append(i)
    return sorted(spots[:FAULTS], reverse=True)


def _reported(track: Track, style: Style) -> dict[int, set[str]]:
    rows = report_on(track, style).rows
    return {row.index: {kind for kind, _ in row.reasons} for row in rows}


def _near(cues: Sequence[Cue], start_ms: int, end_ms: int) -> list[int]:
    return [i for i, c in enumerate(cues) if min(c.end_ms, end_ms) > max(c.start_ms, start_ms)]


def measure(name: str, style: Style) -> tuple[int, int, int]:
    """Return how many faults of a kind were put in, found and repaired."""
    fault, injected, found, repaired = FAULT_KINDS[name], 0, 0, 0
    for seed in range(FILES):
        rng = random.Random(seed)
        language = ("zh", "en")[seed % 2]
        if language not in fault.languages:
            continue
        clean = make_file(rng, language, style)
        spots = _spots(clean, fault, rng)
        dirty = list(clean)
        for i in spots:  # from the back, so that positions before stay
            dirty = fault.inject(dirty, i, rng)
        before = _reported(Track(tuple(dirty)), style)
        track, _ = repair(Track(tuple(dirty)), style)
        after = _reported(track, style)
        for i in spots:
            cue = clean[i]
            # A fault between two cues is reported at the second.
            around = _near(dirty, cue.start_ms - 50, clean[i + 1].start_ms + 50) + (
                [k for k, c in enumerate(dirty) if c.end_ms < c.start_ms and c.end_ms == cue.start_ms]
            )
            injected += 1
            found += any(set(fault.kinds) & before.get(k, set()) for k in around)
            now = _near(track.cues, cue.start_ms, cue.end_ms)
            same = key("".join(track.cues[k].text for k in now)) == key(cue.text)
            punctual = bool(now) and abs(track.cues[now[0]].start_ms - cue.start_ms) <= 100
            gone = not any(set(fault.kinds) & after.get(k, set()) for k in now)
            repaired += same and punctual and gone
    return injected, found, repaired


def make_speech(rng: np.random.Generator) -> tuple[list[Cue], np.ndarray]:
    """Return true cues and noisy speech activity in hops of 10 ms."""
    cues, at = [], 3000
    for _ in range(300):
        at += int(rng.choice([150, 300, 800, 2000, 6000], p=[0.25, 0.3, 0.25, 0.15, 0.05]))
        end = at + int(rng.integers(700, 5000))
        cues.append(Cue(at, end, ("x",)))
        at = end
    speech = np.zeros((at + 20_000) // 10)
    for cue in cues:
        if rng.random() >= 0.1:
            begin, stop = cue.start_ms + rng.normal(0, 80), cue.end_ms + rng.normal(-250, 150)
            speech[max(0, int(begin / 10)) : max(0, int(stop / 10))] = 1
    for count, low, high, value in ((30, 50, 200, 1), (600, 5, 30, 0)):
        for place in rng.integers(0, len(speech) - high, count):
            speech[place : place + rng.integers(low, high)] = value
    wrong = rng.random(len(speech)) < 0.05
    speech[wrong] = 1 - speech[wrong]
    return cues, speech


def retiming_errors(kind: str, seed: int) -> np.ndarray:
    """Return the milliseconds between each cue's true start and the one it is given."""
    rng = np.random.default_rng(seed)
    cues, speech = make_speech(rng)
    offset, drift = int(rng.integers(-60_000, 60_000)), 1.0
    if kind == "drift":
        drift = float(rng.choice([25 / 23.976, 23.976 / 25, 24 / 23.976, 1.001, 0.9985, 1.0004]))
    breaks = {"break": 1, "two breaks": 2}.get(kind, 0)
    places = np.sort(rng.integers(60, 240, breaks))
    lengths = rng.integers(5000, 120_000, breaks) * rng.choice([-1, 1])
    wrong = []
    for i, cue in enumerate(cues):
        moved = offset + int(lengths[places <= i].sum())
        times = [round((ms + moved) / drift) for ms in (cue.start_ms, cue.end_ms)]
        wrong.append(replace(cue, start_ms=times[0], end_ms=times[1]))
    right = retime(wrong, find_segments(wrong, speech, 10))
    return np.array([abs(a.start_ms - b.start_ms) for a, b in zip(right, cues, strict=True)])


def main() -> None:
    """Print a table of faults and one of re-timing errors."""
    style = STYLES["plain"]
    print(f"{'fault':26}{'put in':>8}{'found':>9}{'repaired':>10}")
    for name in FAULT_KINDS:
        injected, found, repaired = measure(name, style)
        share = "-" if name == "invented line" else f"{repaired / injected:.1%}"
        print(f"{name:26}{injected:8d}{found / injected:9.1%}{share:>10}")
    alarms = cues = 0
    for seed in range(FILES):
        clean = make_file(random.Random(seed), ("zh", "en")[seed % 2], style)
        alarms += len(report_on(Track(tuple(clean)), style).rows)
        cues += len(clean)
    print(f"of {cues} cues without a fault {alarms} are reported ({alarms / cues:.1%})")
    print(f"\n{'re-timing':14}" + "".join(f"{f'<= {ms} ms':>12}" for ms in (50, 100, 400, 800)))
    for kind in ("offset", "drift", "break", "two breaks"):
        errors = np.concatenate([retiming_errors(kind, seed) for seed in range(10)])
        print(f"{kind:14}" + "".join(f"{(errors <= ms).mean():12.1%}" for ms in (50, 100, 400, 800)))


if __name__ == "__main__":
    main()
