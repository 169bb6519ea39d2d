from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from zimu.errors import ConfigError
from zimu.features.offset import (
    estimate_offset,
    learn_envelope,
    motion_envelope,
    onset_envelope,
    sound_envelope,
)
from zimu.streams import Samples, Stream


def stream(values, times) -> Stream:
    values = np.float32(values)
    return Stream(values.reshape(len(values), -1), np.ones(len(values), bool), np.asarray(times, float))


def event(seed: int):
    """Return a smooth function of the time: what happens."""
    rng = np.random.default_rng(seed)
    hz, phase = rng.uniform(0.5, 4, 12), rng.uniform(0, 6, 12)
    return lambda t: np.sin(2 * np.pi * np.outer(t, hz) + phase).sum(axis=1)


SLOW, FAST = np.arange(75) / 25, np.arange(300) / 100


@pytest.mark.parametrize("late_s", [-0.3, -0.013, 0.0, 0.007, 0.12, 0.4])
def test_a_delay_is_found_between_steps_at_two_rates(late_s):
    happens = event(0)
    found = estimate_offset(stream(happens(SLOW), SLOW), stream(happens(FAST - late_s), FAST))
    assert found.seconds == pytest.approx(late_s, abs=0.004)
    # A shift of 0.4 s leaves an eighth of the clip without a partner.
    assert found.agreement > 0.9
    # Which stream is the faster one does not matter, and turning them round turns the sign.
    back = estimate_offset(stream(happens(FAST - late_s), FAST), stream(happens(SLOW), SLOW))
    assert back.seconds == pytest.approx(-late_s, abs=0.004)


def test_many_clips_together_find_what_one_cannot_under_noise():
    rng = np.random.default_rng(1)

    def noisy(values):
        return values + rng.normal(0, 1.5 * values.std(), len(values))

    pairs = [
        (stream(noisy(event(i)(SLOW)), SLOW), stream(noisy(event(i)(FAST - 0.12)), FAST)) for i in range(30)
    ]
    found = estimate_offset(*zip(*pairs, strict=True))
    assert found.seconds == pytest.approx(0.12, abs=0.01)
    assert found.sharpness > 3


def test_streams_that_have_nothing_in_common_are_not_sharp():
    rng = np.random.default_rng(2)
    pairs = [(stream(rng.normal(size=75), SLOW), stream(rng.normal(size=300), FAST)) for _ in range(5)]
    assert estimate_offset(*zip(*pairs, strict=True)).agreement < 0.3


def test_a_learned_envelope_undoes_a_delay_that_belongs_to_the_event():
    # The picture shows what happens 80 ms before it is heard, spread over several pixels.
    rng = np.random.default_rng(3)
    mix = rng.normal(size=6)

    def clip(seed: int, late_s: float = 0.0):
        happens = event(seed)
        seen = np.outer(happens(SLOW + 0.08), mix) + rng.normal(0, 0.5, (75, 6))
        return stream(seen, SLOW), stream(happens(FAST - late_s), FAST)

    model = learn_envelope(*zip(*[clip(i) for i in range(20)], strict=True), parts=4, penalty=1.0)
    features, heard = zip(*[clip(100 + i, 0.12) for i in range(5)], strict=True)
    found = estimate_offset([model.envelope(f) for f in features], list(heard))
    assert found.seconds == pytest.approx(0.12, abs=0.01)


def test_envelopes_rise_where_something_happens():
    sound = np.zeros(16000, np.float32)
    sound[8000:9600] = 0.5
    loud = sound_envelope(Samples(Fraction(1), 16000, sound))
    assert loud.times[loud.values[:, 0].argmax()] == pytest.approx(1.55, abs=0.06)
    pictures = np.zeros((10, 4, 4, 1), np.float32)
    pictures[6:] = 200
    moved = motion_envelope(Stream(pictures, np.ones(10, bool), np.arange(10) / 25))
    assert moved.times[moved.values[:, 0].argmax()] == pytest.approx(5.5 / 25)
    assert len(sound_envelope(Samples(Fraction(0), 16000, sound[:10])).values) == 0


def test_an_onset_is_where_an_envelope_rises_and_a_short_one_has_none():
    level = stream(np.r_[np.zeros(50), np.ones(50)], np.arange(100) / 100)
    rise = onset_envelope(level, 0.05)
    assert rise.times[rise.values[:, 0] > 0].mean() == pytest.approx(0.495)
    assert len(rise.values) == 90
    assert len(onset_envelope(stream(np.zeros(5), np.arange(5) / 100)).values) == 0


def test_pairs_are_asked_for_and_too_short_clips_are_refused():
    one = stream(np.arange(3.0), np.arange(3.0))
    with pytest.raises(ConfigError, match="2 first and 1 second"):
        estimate_offset([one, one], [one])
    with pytest.raises(ConfigError, match="Give longer clips"):
        estimate_offset(one, one)


@pytest.mark.slow
def test_an_injected_delay_of_120_ms_is_found_within_10_ms_on_grid(shared):
    import json

    from zimu.media.reader import iter_media
    from zimu.media.requests import FrameRequest, SampleRequest
    from zimu.streams import Frame

    folder = shared / "grid_s1"
    rows = [json.loads(line) for line in (folder / "transcripts.jsonl").read_text("utf-8").splitlines()]
    mouth = FrameRequest(None, 16, 10, "stretch", (30 / 128, 78 / 128, 95 / 128, 118 / 128), "gray")

    def read(row) -> tuple[Stream, np.ndarray]:
        items = list(iter_media(folder / row["file"], frames=mouth, samples=SampleRequest()))
        frames = [i for i in items if isinstance(i, Frame)]
        sound = np.concatenate([i.values for i in items if isinstance(i, Samples)])
        return stream(np.stack([f.picture for f in frames]), [float(f.time) for f in frames]), sound

    def heard(sound: np.ndarray, late: int = 0) -> Stream:
        moved = Samples(Fraction(0), 16000, np.r_[np.zeros(late, np.float32), sound])
        return onset_envelope(sound_envelope(moved, bands=8))

    train = [read(r) for r in rows if r["split"] == "train"][::8]
    model = learn_envelope([f for f, _ in train], [heard(s) for _, s in train])
    test = [read(r) for r in [r for r in rows if r["split"] == "val"][::5]]
    found = estimate_offset([model.envelope(f) for f, _ in test], [heard(s, 1920) for _, s in test])
    assert found.seconds == pytest.approx(0.12, abs=0.01)
