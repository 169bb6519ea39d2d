"""The bundle `speech` that ships, on real recordings."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from zimu.bundles.manifest import Bundle, find_bundle
from zimu.captions.speech import SpeechScorer, find_speech, speech_finder
from zimu.clips.speech import CHUNK, RATE_HZ, Speech
from zimu.errors import BundleError, MediaError
from zimu.streams import Samples

FOLDER = Path(__file__).parents[2] / "bundles" / "speech"


def heard(values: np.ndarray) -> Speech:
    finder = speech_finder()
    finder.feed(Samples(Fraction(0), RATE_HZ, values.astype(np.float32)))
    return finder.speech()


def test_the_bundle_is_whole_small_and_carries_its_licence() -> None:
    bundle = find_bundle("speech")
    bundle.verify()
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) < 1_500_000
    assert (FOLDER / "LICENSE.silero").read_text("utf-8").startswith("MIT License")


def test_noise_tones_and_silence_are_no_speech() -> None:
    rng = np.random.default_rng(0)
    time = np.arange(20 * RATE_HZ) / RATE_HZ
    for values in (np.zeros(len(time)), rng.normal(0, 0.1, len(time)), 0.3 * np.sin(2764 * time)):
        assert heard(values).spans == ()


def test_chunks_given_one_by_one_score_as_together() -> None:
    # 80 chunks: the network's state begins anew twice on the way.
    chunks = np.random.default_rng(1).normal(0, 0.1, (80, CHUNK)).astype(np.float32)
    one, many = SpeechScorer(find_bundle("speech")), SpeechScorer(find_bundle("speech"))
    alone = np.concatenate([one(chunks[k : k + 1]) for k in range(len(chunks))])
    np.testing.assert_allclose(alone, many(chunks), atol=1e-5)


def test_after_a_second_in_which_nobody_spoke_the_network_begins_anew() -> None:
    # After long sounds its state made it miss the whole sentence that came next (issue 10).
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 0.1, (62, CHUNK)).astype(np.float32)
    noise[-1] = 0  # the chunk before is heard with the next: a new scorer takes it as silence
    later = rng.normal(0, 0.2, (10, CHUNK)).astype(np.float32)
    old, new = SpeechScorer(find_bundle("speech")), SpeechScorer(find_bundle("speech"))
    assert old(noise).max() < 0.2
    np.testing.assert_allclose(old(later), new(later), atol=1e-6)


def test_speech_between_silences_is_found(shared: Path) -> None:
    for name in ("zh_SSB00050112", "zh_SSB00090181"):
        found = find_speech(shared / "speech" / "audio" / f"{name}.ogg")
        spoken = sum(float(s.duration) for s in found.spans)
        assert 0.5 < spoken / found.seconds <= 1.0


def test_a_spoken_sentence_begins_and_ends_where_its_words_do(shared: Path) -> None:
    # bbaf2n is "bin blue at f two now", 0.95 s to 2.12 s by its alignment.
    found = find_speech(shared / "grid_s1" / "clips" / "bbaf2n.mp4")
    assert len(found.spans) == 1
    assert float(found.spans[0].start) == pytest.approx(0.95, abs=0.15)
    assert float(found.spans[0].end) == pytest.approx(2.12, abs=0.15)


def test_a_file_without_sound_and_a_bundle_of_another_task_are_refused(
    tmp_path: Path, make_video: Callable[..., Path]
) -> None:
    with pytest.raises(MediaError, match=r"has no audio stream|has no sound"):
        find_speech(make_video(tmp_path / "mute.mp4", 1, sound=None))
    with pytest.raises(BundleError, match=r"is a bundle of task 'tag', not \"segment\""):
        SpeechScorer(Bundle(FOLDER.parent / "sounds"))
