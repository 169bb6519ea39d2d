from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from zimu.data.scenes import (
    COLOURS,
    MOTIONS,
    SHAPES,
    SIZES,
    SOUNDS,
    Facts,
    Noise,
    Thing,
    facts_named,
    references,
    scene_facts,
    scene_references,
    sentences,
)
from zimu.errors import UnknownNameError
from zimu.text.languages import split

THING = Thing("star", "red", "small", "left", 1.0, 2.0, 0.5, 0.5)
PAIR = Facts(0, 0, "both", (THING,), (Noise("bell", 1.0, 2.0),), 0, 0)
SCENES = [scene_facts(0, index, {"matched": 1, "seen": 1, "heard": 1, "both": 1}) for index in range(250)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_scene_has_three_to_five_different_references_and_the_plainest_comes_first(language: str) -> None:
    counts = set()
    for facts in SCENES:
        texts = scene_references(facts)[language]
        counts.add(len(texts))
        assert len(set(texts)) == len(texts)
        assert texts[0] == sentences(facts.named_thing, facts.named_sound, language)[0]
    assert counts == {3, 4, 5}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reference_names_every_fact_rightly(language: str) -> None:
    for facts in SCENES:
        for text in scene_references(facts)[language]:
            named = facts_named(text, facts, language)
            assert all(named.values()), (text, named)
            assert ("sound" in named) == (facts.sound is not None)
            assert ("object" in named) == ("motion" in named) == (facts.thing is not None)


def test_english_sentences_agree() -> None:
    texts = [text for facts in SCENES for text in scene_references(facts)["en"]]
    for text in texts:
        assert re.fullmatch(r"[A-Z][a-z, ]+\.", text), text
        assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", text), text
        # One subject takes a verb with s, several do not.
        for subject, verb in re.findall(
            r"\b(an? (?:(?:small|big) \w+ )?\w+|people|someone|rain|thunder) (\w+)", text
        ):
            assert verb.endswith("s") == (subject != "people"), text


def test_chinese_sentences_hold_chinese_only_and_end_in_a_full_stop() -> None:
    for text in {text for facts in SCENES for text in scene_references(facts)["zh"]}:
        assert re.fullmatch(r"[\u4e00-\u9fff，]+。", text), text


def test_what_the_issue_gives_as_an_example_is_said_so() -> None:
    circle = replace(THING, shape="circle")
    assert sentences(circle, "bell", "en")[0] == "As a bell chimes, a small red circle moves left."
    assert sentences(circle, "bell", "zh")[0] == "铃声叮当响时，一个小红圆向左移动。"
    assert sentences(circle, None, "zh")[0] == "一个小红圆向左移动。"
    assert sentences(None, "bell", "en")[0] == "A bell chimes."


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("group", "names"),
    [("shape", SHAPES), ("colour", COLOURS), ("size", SIZES), ("motion", MOTIONS), ("sound", SOUNDS)],
)
def test_every_other_name_of_a_group_is_judged_wrong_and_only_it(
    language: str, group: str, names: tuple[str, ...]
) -> None:
    right = PAIR.named_sound if group == "sound" else getattr(THING, group)
    for name in set(names) - {right}:
        thing = THING if group == "sound" else replace(THING, **{group: name})
        text = sentences(thing, name if group == "sound" else "bell", language)[0]
        named = facts_named(text, PAIR, language)
        wrong = {key for key, is_right in named.items() if not is_right}
        assert wrong == ({group, "object"} if group in ("shape", "colour", "size") else {group}), text


def test_naming_a_second_sound_or_object_beside_the_right_one_is_wrong() -> None:
    both = facts_named("As a bell chimes and a dog barks, a small red star moves left.", PAIR, "en")
    assert (both["sound"], both["object"]) == (False, True)
    two = facts_named("小红星星和小蓝圆环向左移动。", PAIR, "zh")
    assert (two["sound"], two["size"], two["colour"], two["shape"], two["motion"]) == (
        False,
        True,
        False,
        False,
        True,
    )


def test_a_ring_is_no_circle_and_growing_no_size_in_chinese() -> None:
    facts = replace(PAIR, things=(replace(THING, shape="ring", motion="grow"),))
    assert all(facts_named("铃声叮当响时，一个小红圆环变大。", facts, "zh").values())


def test_captions_are_short_and_the_words_few() -> None:
    texts = {
        language: [t for f in SCENES for t in scene_references(f)[language]] for language in ("en", "zh")
    }
    words = {t for text in texts["en"] for t in split(text, "words")}
    characters = {t for text in texts["zh"] for t in split(text, "characters")}
    assert len(words) < 90
    assert len(characters) < 130
    assert max(len(split(text, "words")) for text in texts["en"]) <= 13
    assert max(len(split(text, "characters")) for text in texts["zh"]) <= 22


def test_another_language_is_refused_by_name() -> None:
    with pytest.raises(UnknownNameError, match="Unknown language of scenes 'fr'"):
        references(PAIR, "fr", np.random.default_rng(0))
    with pytest.raises(UnknownNameError, match="'de'"):
        facts_named("Ein Stern", PAIR, "de")
