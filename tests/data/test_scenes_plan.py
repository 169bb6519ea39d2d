from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from zimu.data.scenes import DURATION_S, SHARES, STILL, Facts, scene_facts, split_of

SCENES = [scene_facts(0, index) for index in range(1500)]
MATCHED = [facts for facts in SCENES if facts.kind == "matched"]


def _overlap(a: object, b: object) -> float:
    return min(a.end, b.end) - max(a.start, b.start)  # type: ignore[attr-defined]


def test_a_scene_depends_on_seed_and_index_only() -> None:
    assert scene_facts(0, 7) == SCENES[7]
    assert scene_facts(1, 7) != SCENES[7]
    assert len({str(facts.things) + str(facts.sounds) for facts in SCENES if facts.things}) > 1400


def test_facts_survive_json() -> None:
    assert [Facts.from_json(facts.to_json()) for facts in SCENES[:50]] == SCENES[:50]


def test_kinds_come_as_often_as_their_shares_say() -> None:
    counts = Counter(facts.kind for facts in SCENES)
    for kind, share in SHARES.items():
        assert counts[kind] / len(SCENES) == pytest.approx(share, abs=0.02)
    assert {scene_facts(0, i, {"heard": 1.0}).kind for i in range(20)} == {"heard"}


def test_in_a_matched_scene_one_pair_of_sound_and_act_coincides_and_it_is_the_named_one() -> None:
    for facts in MATCHED:
        acts = [thing for thing in facts.things if thing.motion != STILL]
        together = [
            (thing, sound.name) for thing in acts for sound in facts.sounds if _overlap(thing, sound) > 0
        ]
        assert together == [(facts.named_thing, facts.named_sound)]


def test_in_a_matched_scene_many_act_and_several_sounds_are_heard_one_after_another() -> None:
    for facts in MATCHED:
        acts = [thing for thing in facts.things if thing.motion != STILL]
        assert len(acts) >= 6
        assert len({sound.name for sound in facts.sounds}) == len(facts.sounds) >= 2
        for things in (acts, facts.sounds):
            assert all(a.end <= b.start for a, b in pairwise(things))
            assert all(0 <= thing.start < thing.end <= DURATION_S for thing in things)


def test_other_kinds_leave_nothing_to_match() -> None:
    for facts in SCENES:
        acts = [thing for thing in facts.things if thing.motion != STILL]
        if facts.kind != "matched":
            assert (len(acts), len(facts.sounds)) == {"seen": (1, 0), "heard": (0, 1), "both": (1, 1)}[
                facts.kind
            ]


def test_every_named_place_in_time_and_every_named_order_is_as_likely() -> None:
    places = Counter(facts.thing for facts in MATCHED if len(facts.sounds) == 2)
    assert min(places.values()) > 0.7 * sum(places.values()) / 7


def test_no_two_splits_share_what_is_said() -> None:
    said: dict[str, set[object]] = {"train": set(), "val": set(), "test": set()}
    for facts in (*SCENES, *(scene_facts(1, index) for index in range(500))):
        thing = facts.named_thing
        if thing is not None:
            key = (thing.shape, thing.colour, thing.size, thing.motion, facts.named_sound)
            said[split_of(facts, 0.2, 0.3)].add(key)
    assert not said["train"] & said["val"] | said["train"] & said["test"] | said["val"] & said["test"]


def test_splits_are_about_as_large_as_asked() -> None:
    counts = Counter(split_of(facts, 0.1, 0.2) for facts in SCENES)
    assert counts["val"] / len(SCENES) == pytest.approx(0.1, abs=0.03)  # four deviations
    assert counts["test"] / len(SCENES) == pytest.approx(0.2, abs=0.04)


def test_a_larger_test_part_keeps_what_a_smaller_one_had() -> None:
    smaller = {f.index for f in SCENES if split_of(f, 0.1, 0.1) == "test"}
    assert smaller < {f.index for f in SCENES if split_of(f, 0.1, 0.2) == "test"}
