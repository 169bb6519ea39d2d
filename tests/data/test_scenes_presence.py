from __future__ import annotations

from pathlib import Path

from zimu.data.manifest import read_manifest
from zimu.data.scenes import STILL, make_scenes, presence, scene_facts


def test_every_act_is_told_by_four_words_and_every_sound_by_one() -> None:
    for index in range(50):
        facts = scene_facts(4, index)
        told = presence(facts)
        acts = [thing for thing in facts.things if thing.motion != STILL]
        assert len(told["video"]) == 4 * len(acts)
        assert len(told["audio"]) == len(facts.sounds)
        assert {(e["start"], e["end"]) for e in told["video"]} == {(t.start, t.end) for t in acts}


def test_the_memory_is_told_what_the_captions_name_while_it_happens() -> None:
    facts = next(f for f in (scene_facts(4, i) for i in range(50)) if f.kind == "matched")
    thing, told = facts.named_thing, presence(facts)
    assert thing is not None
    assert {(e["start"], e["end"]) for e in told["memory"]} == {(thing.start, thing.end)}
    assert len(told["memory"]) == 5
    words = {e["word"] for e in told["video"] + told["audio"]}
    assert {e["word"] for e in told["memory"]} <= words


def test_where_only_a_sound_counts_the_memory_is_told_the_sound_alone() -> None:
    facts = scene_facts(4, 0, {"heard": 1.0})
    assert presence(facts)["memory"] == presence(facts)["audio"]


def test_only_the_parts_asked_for_get_clips_but_all_are_in_the_manifest(tmp_path: Path) -> None:
    manifest = read_manifest(make_scenes(20, tmp_path, seed=5, val=0.2, test=0.2, clips=("val",), jobs=1))
    assert len(manifest) == 20
    assert {s.split for s in manifest} == {"train", "val", "test"}
    for sample in manifest:
        assert sample.path.is_file() == (sample.split == "val")
        assert set(sample.extra["presence"]) == {"video", "audio", "memory"}
