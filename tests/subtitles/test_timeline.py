from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from zimu.streams import Caption
from zimu.subtitles.timeline import arrange


def caption(kind: str, start_ms: int, end_ms: int, text: str = "a short text") -> Caption:
    return Caption(start_ms, end_ms, text, "en", kind)


def test_speech_is_never_covered_or_moved() -> None:
    speech = caption("speech", 1000, 3000)
    shown = arrange([caption("scene", 0, 8000), caption("sound", 900, 2900), speech])
    assert speech in shown
    assert not [c for c in shown if c.kind != "speech" and c.start_ms < 3000 and c.end_ms > 1000]


def test_a_sound_is_named_when_it_begins_and_the_scene_gives_way() -> None:
    shown = arrange([caption("scene", 0, 9000), caption("sound", 500, 9000, "[rain]")])
    sound, scene = shown
    assert (sound.kind, sound.start_ms, sound.end_ms) == ("sound", 500, 3000)
    assert scene.kind == "scene" and scene.start_ms >= 3000 and scene.end_ms == 9000


def test_a_scene_that_cannot_be_read_in_what_is_left_is_left_out() -> None:
    long = "a text that takes much longer to read than the half second that is left for it"
    shown = arrange([caption("speech", 500, 9000), caption("scene", 0, 9000, long)])
    assert [c.kind for c in shown] == ["speech"]


def test_a_scene_as_short_as_its_shot_is_still_shown() -> None:
    assert len(arrange([caption("scene", 0, 600)])) == 1


@given(
    st.lists(
        st.tuples(st.sampled_from(["speech", "sound", "scene"]), st.integers(0, 20000), st.integers(1, 6000)),
        max_size=12,
    )
)
def test_nothing_ever_overlaps(rows: list[tuple[str, int, int]]) -> None:
    shown = arrange([caption(kind, start, start + length) for kind, start, length in rows])
    for first, second in itertools.pairwise(shown):
        assert first.start_ms < first.end_ms <= second.start_ms
