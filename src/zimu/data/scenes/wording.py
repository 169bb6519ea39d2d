"""What people would say of a scene, in English and Chinese, and whether a caption says the right thing."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from zimu.data.scenes.facts import COLOURS, MOTIONS, SHAPES, SIZES, SOUNDS, Facts, Thing
from zimu.errors import unknown_name

__all__ = ["LANGUAGES", "facts_named", "references", "sentences", "sound_mark", "thing_marks"]

LANGUAGES = ("en", "zh")


def _words(names: tuple[str, ...], words: str) -> dict[str, str]:
    return dict(zip(names, (word.strip() for word in words.split(",")), strict=True))


# {language: {group: {name: words}}}. Chinese sounds avoid 大 and 小, which are sizes here.
_WORDS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "en": {
        "size": _words(SIZES, "small, big"),
        "colour": _words(COLOURS, "red, orange, yellow, green, blue, purple, white, black"),
        "shape": _words(SHAPES, "circle, square, triangle, star, ring, cross, heart, moon"),
        "motion": _words(
            MOTIONS,
            "moves left, moves right, moves up, moves down, loops around, bounces, grows, shrinks, spins",
        ),
        "sound": _words(
            SOUNDS,
            "a bell chimes, rain pours down, an engine rumbles, a siren wails, someone knocks, a bird sings, "
            "people clap, a phone rings, a dog barks, a clock ticks, thunder rolls, someone whistles",
        ),
    },
    "zh": {
        "size": _words(SIZES, "小, 大"),
        "colour": _words(COLOURS, "红, 橙, 黄, 绿, 蓝, 紫, 白, 黑"),
        "shape": _words(SHAPES, "圆, 方块, 三角, 星星, 圆环, 十字, 爱心, 月亮"),
        "motion": _words(MOTIONS, "向左移动, 向右移动, 向上移动, 向下移动, 绕圈, 弹跳, 变大, 变小, 旋转"),
        "sound": _words(
            SOUNDS,
            "铃声叮当响, 雨哗哗地下, 引擎轰轰响, 警笛呜呜响, 有人咚咚敲门, 鸟儿喳喳叫, "
            "观众啪啪鼓掌, 电话铃铃响, 狗汪汪叫, 时钟滴答响, 雷声隆隆响, 有人吹口哨",
        ),
    },
}

# How a word is recognised where the words themselves would also be found inside others.
_MARKS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "en": {
        "sound": _words(
            SOUNDS, "bell, rain, engine, siren, knocks, bird, clap, phone, dog, clock, thunder, whistles"
        )
    },
    "zh": {
        "size": _words(SIZES, "(?<!变)小, (?<!变)大"),
        "shape": _words(SHAPES, "圆(?!环), 方块, 三角, 星星, 圆环, 十字, 爱心, 月亮"),
        "sound": _words(SOUNDS, "铃声, 雨, 引擎, 警笛, 敲门, 鸟, 鼓掌, 电话, 狗, 时钟, 雷, 口哨"),
    },
}

# {language: {what is named: sentences}}, S the sound, O the object. The first is the plainest; each scene
# has it.
_SENTENCES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "both": ("as S, O", "when S, O", "while S, O", "O as S", "just as S, O"),
        "seen": ("O", "on the screen O", "we see how O", "here O", "O, and that is all"),
        "heard": ("S", "we hear how S", "S off screen", "S, but nothing moves", "somewhere S"),
    },
    "zh": {
        "both": ("S时，一个O", "S的时候，一个O", "就在S时，一个O", "一个O，同时S", "S，这时一个O"),
        "seen": ("一个O", "画面里一个O", "可以看到一个O", "只见一个O", "屏幕上一个O"),
        "heard": ("S", "听得到S", "画面外S", "S，但没有东西在动", "远处S"),
    },
}


def _phrase(thing: Thing, language: str) -> str:
    words = _WORDS[language]
    parts = [words["size"][thing.size], words["colour"][thing.colour], words["shape"][thing.shape]]
    motion = words["motion"][thing.motion]
    return " ".join(("a", *parts, motion)) if language == "en" else "".join((*parts, motion))


def sound_mark(sound: str) -> str:
    """Return the one English word by which captions name a sound."""
    return _MARKS["en"]["sound"][sound]


def thing_marks(thing: Thing) -> list[str]:
    """Return one English word each for an object's size, colour, shape and motion."""
    words = _WORDS["en"]
    motion = words["motion"][thing.motion].split()[-1]
    return [words["size"][thing.size], words["colour"][thing.colour], words["shape"][thing.shape], motion]


def sentences(thing: Thing | None, sound: str | None, language: str) -> list[str]:
    """Return every way to say that an object acts, that a sound is heard, or that both happen together.

    Args:
        thing: The object; None to leave it out.
        sound: A name of `SOUNDS`; None to leave it out. One of the two is needed.
        language: "en" or "zh".

    Raises:
        UnknownNameError: Another language.
    """
    if language not in LANGUAGES:
        raise unknown_name("language of scenes", language, LANGUAGES)
    said = "heard" if thing is None else "seen" if sound is None else "both"
    filled = {
        "O": "" if thing is None else _phrase(thing, language),
        "S": "" if sound is None else _WORDS[language]["sound"][sound],
    }
    out = [re.sub("[OS]", lambda m: filled[m[0]], text) for text in _SENTENCES[language][said]]
    if language == "zh":
        return [text + "。" for text in out]
    return [text[0].upper() + text[1:] + "." for text in out]


def references(facts: Facts, language: str, rng: np.random.Generator) -> list[str]:
    """Return three to five captions of a scene: the plainest first, the others by chance.

    Args:
        facts: The scene.
        language: "en" or "zh".
        rng: Chooses how many, and which.
    """
    first, *others = sentences(facts.named_thing, facts.named_sound, language)
    chosen = rng.permutation(len(others))[: rng.integers(2, len(others) + 1)]
    return [first, *(others[i] for i in sorted(chosen))]


def facts_named(caption: str, facts: Facts, language: str) -> dict[str, bool]:
    """Return what a caption names rightly: exactly the right word, and no other of its kind beside it.

    Args:
        caption: Any text.
        facts: The scene that it is about.
        language: "en" or "zh".

    Returns:
        {"sound", "size", "colour", "shape", "motion", "object": right?}, "object" being size, colour and
        shape together; only what the scene's captions name.

    Raises:
        UnknownNameError: Another language.
    """
    if language not in LANGUAGES:
        raise unknown_name("language of scenes", language, LANGUAGES)
    thing = facts.named_thing
    wanted: dict[str, str] = {} if facts.named_sound is None else {"sound": facts.named_sound}
    if thing is not None:
        wanted |= {"size": thing.size, "colour": thing.colour, "shape": thing.shape, "motion": thing.motion}
    found = {group: _named(caption, group, language) == {name} for group, name in wanted.items()}
    if thing is not None:
        found["object"] = found["size"] and found["colour"] and found["shape"]
    return found


def _named(caption: str, group: str, language: str) -> set[str]:
    marks = _MARKS[language].get(group, _WORDS[language][group])
    edge = r"\b" if language == "en" else ""
    return {name for name, mark in marks.items() if re.search(f"{edge}{mark}{edge}", caption.lower())}
