from __future__ import annotations

import itertools

import numpy as np
import pytest

from zimu.data.manifest import Sample
from zimu.streams import Stream
from zimu.training.splicing import Piece, Splicer, join_frames, join_sounds, to_own_clock

WORDS = (("bin", 0.2, 0.5), ("at", 0.5, 0.6), ("two", 0.7, 1.0))


def clip(
    name: str, shift: float, speaker: str = "s1", words: tuple[tuple[str, float, float], ...] = WORDS
) -> Sample:
    rows = [{"word": w, "start": a + shift, "end": b + 1.5 * shift} for w, a, b in words]
    return Sample(name, extra={"speaker": speaker, "words": rows})


CLIPS = [clip("a", 0.0), clip("b", 0.1), clip("c", 0.2, speaker="s2")]


def draw(share: float, seed: int, clips: list[Sample] = CLIPS) -> list[Piece]:
    return Splicer(clips, share).pieces(0, 2.0, np.random.default_rng(seed))


def test_pieces_cover_the_clip_in_order_without_gaps() -> None:
    for seed in range(30):
        pieces = draw(0.7, seed)
        assert pieces[0].own_start == 0.0 and pieces[-1].own_end == 2.0
        assert all(p.own_end == q.own_start for p, q in itertools.pairwise(pieces))
        assert all(p.end > p.start for p in pieces)


def test_a_word_comes_from_where_the_same_speaker_says_the_same() -> None:
    taken = [p for seed in range(40) for p in draw(1.0, seed) if p.sample]
    assert taken and {p.sample for p in taken} == {1}
    places = {
        (a, b): (w["start"], w["end"]) for (_, a, b), w in zip(WORDS, CLIPS[1].extra["words"], strict=True)
    }
    assert {(p.own_start, p.own_end): (p.start, p.end) for p in taken} == places


def test_a_share_of_nothing_and_a_clip_without_words_stay_as_they_are() -> None:
    assert draw(0.0, 1) == [Piece(0, 0.0, 2.0, 0.0, 2.0)]
    assert Splicer([Sample("x")], 1.0).pieces(0, 3.0, np.random.default_rng(0)) == [
        Piece(0, 0.0, 3.0, 0.0, 3.0)
    ]


def test_what_is_joined_keeps_the_times_of_the_own_clock() -> None:
    pieces = [Piece(0, 0.0, 0.5, 0.0, 0.5), Piece(1, 1.0, 1.4, 0.5, 0.7), Piece(0, 0.7, 1.0, 0.7, 1.0)]
    times = np.arange(0, 1.5, 0.04)
    frames = {
        i: Stream(np.full((len(times), 1), i, np.uint8), np.ones(len(times), bool), times) for i in (0, 1)
    }
    joined = join_frames(pieces, frames)
    assert (np.diff(joined.times) > 0).all() and joined.times[-1] < 1.0
    foreign = joined.values[:, 0] == 1
    assert foreign.sum() == 10
    assert ((joined.times[foreign] >= 0.5) & (joined.times[foreign] < 0.7)).all()
    # 1.2 s of the joined sound: its ends, and the middle of the foreign word in the middle of its place.
    np.testing.assert_allclose(
        to_own_clock(pieces, np.array([0.0, 0.5, 0.7, 0.9, 1.2])), [0.0, 0.5, 0.6, 0.7, 1.0]
    )


def test_sounds_are_joined_without_a_click() -> None:
    rate = 1000
    sounds = {
        i: Stream(np.full((2000, 1), 0.5 - i, np.float32), np.ones(2000, bool), np.arange(2000) / rate)
        for i in (0, 1)
    }
    pieces = [Piece(0, 0.0, 0.5, 0.0, 0.5), Piece(1, 1.0, 1.4, 0.5, 0.7), Piece(0, 0.7, 1.0, 0.7, 1.0)]
    sound = join_sounds(pieces, sounds, rate)
    assert len(sound) == 1200
    assert np.abs(np.diff(sound)).max() < 0.2  # from 0.5 to -0.5 within ten samples
    assert sound[250] == pytest.approx(0.5) and sound[700] == pytest.approx(-0.5)
    whole = join_sounds([Piece(0, 0.0, 2.0, 0.0, 2.0)], sounds, rate)
    assert (whole == 0.5).all()
