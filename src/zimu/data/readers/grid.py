"""GRID: one speaker, a fixed six-word grammar, and a Chinese sentence made from it by rule.

Chinese, by rule. The four prepositions give the sentence its shape, the other five slots fill it:

    at     {adverb}把{colour}{command}在{letter}{digit}           现在把蓝色投放在F二
    by     {adverb}把{colour}{command}在{letter}{digit}旁         请把红色铺放在A零旁
    in     {adverb}把{colour}{command}进{letter}{digit}           马上把白色设置进Z九
    with   {adverb}把{colour}跟{letter}{digit}{command}在一起      再次把绿色跟B三摆放在一起

    command  bin 投放  lay 铺放  place 摆放  set 设置     adverb  again 再次  now 现在  please 请  soon 马上
    colour   blue 蓝色  green 绿色  red 红色  white 白色   digit   zero to nine 零一二三四五六七八九
    letter   upper case

Every slot is read back from the characters (`english_sentence`), so a Chinese error is an error of a slot.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from zimu.data.manifest import Sample
from zimu.data.noise import BABBLE_VOICES, choose_babble, noise_seed
from zimu.data.readers.layout import Reader, find_files, load_json, missing_layout, read_lines
from zimu.errors import ConfigError

__all__ = ["READER", "chinese_sentence", "english_sentence"]

_COMMANDS = {"bin": "投放", "lay": "铺放", "place": "摆放", "set": "设置"}
_COLOURS = {"blue": "蓝色", "green": "绿色", "red": "红色", "white": "白色"}
_SHAPES = {
    "at": "{adverb}把{colour}{command}在{place}",
    "by": "{adverb}把{colour}{command}在{place}旁",
    "in": "{adverb}把{colour}{command}进{place}",
    "with": "{adverb}把{colour}跟{place}{command}在一起",
}
_DIGITS = dict(
    zip(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
        "零一二三四五六七八九",
        strict=True,
    )
)
_ADVERBS = {"again": "再次", "now": "现在", "please": "请", "soon": "马上"}
_LETTERS = "abcdefghijklmnopqrstuvxyz"  # the corpus has no w, whose name is long

# A clip's name codes its sentence: the first letter of each word, the digit as a figure (zero is z).
_FIGURES = dict(zip("z123456789", _DIGITS, strict=True))

_LAYOUT = (
    "transcripts.jsonl with clips/, or the original videos (*.mpg) with *.align files anywhere below "
    "(the file names alone tell the sentences, without word times)"
)


def chinese_sentence(english: str) -> str:
    """Return the rule-made Chinese of a GRID sentence.

    Args:
        english: Six words of the grammar.

    Raises:
        ConfigError: It is no sentence of the grammar.

    >>> chinese_sentence("bin blue at f two now")
    '现在把蓝色投放在F二'
    """
    words = english.lower().split()
    slots = (_COMMANDS, _COLOURS, _SHAPES, _LETTERS, _DIGITS, _ADVERBS)
    if len(words) != len(slots) or any(w not in slot for w, slot in zip(words, slots, strict=True)):
        raise ConfigError(f"{english!r} is no GRID sentence: command colour preposition letter digit adverb.")
    command, colour, preposition, letter, digit, adverb = words
    return _SHAPES[preposition].format(
        adverb=_ADVERBS[adverb],
        colour=_COLOURS[colour],
        command=_COMMANDS[command],
        place=letter.upper() + _DIGITS[digit],
    )


def _pattern(preposition: str) -> re.Pattern[str]:
    slots = {"adverb": _ADVERBS, "colour": _COLOURS, "command": _COMMANDS}
    groups = {name: f"(?P<{name}>{'|'.join(words.values())})" for name, words in slots.items()}
    place = f"(?P<letter>[{_LETTERS.upper()}])(?P<digit>[{''.join(_DIGITS.values())}])"
    return re.compile(_SHAPES[preposition].format(place=place, **groups))


def english_sentence(chinese: str) -> str:
    """Return the English sentence that a rule-made Chinese one says, the inverse of `chinese_sentence`.

    Raises:
        ConfigError: It is no sentence of the rule.

    >>> english_sentence("再次把绿色跟B三摆放在一起")
    'place green with b three again'
    """
    for preposition in _SHAPES:
        if found := _pattern(preposition).fullmatch(chinese):
            back = {
                name: {v: k for k, v in words.items()}[found[name]]
                for name, words in (
                    ("command", _COMMANDS), ("colour", _COLOURS), ("digit", _DIGITS), ("adverb", _ADVERBS)
                )
            }  # fmt: skip
            letter = found["letter"].lower()
            return (
                f"{back['command']} {back['colour']} {preposition} {letter} {back['digit']} {back['adverb']}"
            )
    raise ConfigError(f"{chinese!r} is no Chinese sentence of the GRID rule.")


def read(source: Path) -> Iterator[Sample]:
    """Yield the clips of one or more speakers, from the packed or the original layout."""
    packed = find_files(source, r"transcripts\.jsonl")
    if packed:
        return _with_noise(_read_packed(packed[0]))
    videos = find_files(source.absolute(), r"[blps][bgrw][abiw][a-vx-z][z1-9][anps]\.mpg")
    if not videos:
        raise missing_layout(source, _LAYOUT)
    return _with_noise(_read_original(source, videos))


def _with_noise(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Yield the samples with what fixes their noise, so that every system hears the same."""
    held = list(samples)
    training = sorted(s.id for s in held if s.split == "train")
    for sample in held:
        extra: dict[str, Any] = {"noise_seed": noise_seed(sample.id)}
        # A miniature of the set has too few recordings for babble.
        if len(training) > BABBLE_VOICES:
            extra["babble"] = list(choose_babble(sample.id, training))
        yield replace(sample, extra={**sample.extra, **extra})


def _read_packed(path: Path) -> Iterator[Sample]:
    for row in load_json(path):
        extra: dict[str, Any] = {"words": row["words"], "speaker": row["speaker"]}
        yield _sample(row["id"], path.absolute().parent / row["file"], row["text"], row["split"], extra)


def _read_original(source: Path, videos: list[Path]) -> Iterator[Sample]:
    aligns = {(_speaker(p), p.stem): p for p in find_files(source.absolute(), r".*\.align")}
    speakers = {_speaker(p) for p in videos}
    for video in videos:
        speaker = _speaker(video)
        align = aligns.get((speaker, video.stem)) or aligns.get(("", video.stem))
        words = _read_align(align) if align else []
        text = " ".join(w["word"] for w in words) or _sentence_of_name(video.stem)
        extra = ({"words": words} if words else {}) | ({"speaker": speaker} if speaker else {})
        # The same sentence code may be spoken by several people.
        name = f"{speaker}_{video.stem}" if len(speakers) > 1 else video.stem
        yield _sample(name, video, text, _split_of(name), extra)


def _sample(name: str, video: Path, text: str, split: str, extra: dict[str, Any]) -> Sample:
    references = {"en": (text,), "zh": (chinese_sentence(text),)}
    return Sample(name, {"video": video}, split=split, references=references, extra=extra)


def _speaker(path: Path) -> str:
    """Return the folder named s1 to s34 that the file is in, or nothing."""
    return next((part for part in reversed(path.parts[:-1]) if re.fullmatch(r"s\d{1,2}", part)), "")


def _sentence_of_name(stem: str) -> str:
    words = [
        next(w for w in slot if w[0] == c)
        for slot, c in zip((_COMMANDS, _COLOURS, _SHAPES), stem, strict=False)
    ]
    adverb = next(w for w in _ADVERBS if w[0] == stem[5])
    return " ".join([*words, stem[3], _FIGURES[stem[4]], adverb])


def _read_align(path: Path) -> list[dict[str, Any]]:
    """Return word times; the file counts in 1/25000 s, and marks silence and short pauses as sil and sp."""
    words = []
    for line in read_lines(path):
        fields = line.split()
        if len(fields) != 3 or not (fields[0].isdigit() and fields[1].isdigit()):
            raise ConfigError(f"{path} is no GRID alignment: {line!r} is not `start end word`.")
        if fields[2] not in ("sil", "sp"):
            words.append({"word": fields[2], "start": int(fields[0]) / 25000, "end": int(fields[1]) / 25000})
    return words


def _split_of(name: str) -> str:
    """The corpus has no split; a hash of the name gives 80, 10 and 10 %, the same on every machine."""
    tenth = hashlib.sha256(name.encode()).digest()[0] * 10 // 256
    return ("val", "test")[tenth] if tenth < 2 else "train"


READER = Reader(
    "33 speakers, 1,000 six-word sentences each, face video and sound; Chinese by rule",
    "zenodo.org/records/3625687 (Cooke, Barker, Cunningham, Shao 2006)",
    "free for research, cite the paper; on Zenodo, as far as known, CC BY 4.0",
    _LAYOUT,
    read,
)
