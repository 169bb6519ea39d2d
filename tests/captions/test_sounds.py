"""Sound captions: what is told, when, in which words, and what is not told."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import pytest

from zimu.captions.sound_events import EventFinder, SoundEvent, SoundSettings, choose_events
from zimu.captions.sounds import SoundTagger
from zimu.captions.wording import COLUMNS, Wording, read_wording
from zimu.errors import BundleError, ConfigError, UnknownNameError
from zimu.features.spec import AudioSpec
from zimu.streams import Samples

# index, name, shown, en, zh, threshold, minimum_s, parent, family, with_speech
ROWS = (
    ("Speech", "no", "", "", "", "", "", "speech", "no"),
    ("Animal", "yes", "animal sounds", "动物叫声", "0.5", "0.9", "", "animal", "yes"),
    ("Dog", "yes", "dog barking", "狗叫声", "0.3", "0.9", "Animal", "dog", "yes"),
    ("Bark", "yes", "dog barking", "狗叫声", "0.3", "0.9", "Animal", "dog", "yes"),
    ("Whimper (dog)", "yes", "dog whimpering", "狗的呜咽声", "0.4", "0.9", "Dog", "dog", "yes"),
    ("Rain", "yes", "rain falling", "雨声", "0.3", "1.4", "", "water", "yes"),
    ("Music", "yes", "music playing", "音乐声", "0.3", "1.4", "", "music", "no"),
    ("Sneeze", "yes", "sneezes", "喷嚏声", "0.3", "0", "", "cough", "yes"),
    ("Silence", "no", "", "", "", "", "", "hidden", "no"),
)
HOP_S = 0.48


def table(rows: Iterable[tuple[str, ...]] = ROWS) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows((i, *row) for i, row in enumerate(rows))
    return out.getvalue().encode()


@pytest.fixture
def wording() -> Wording:
    return read_wording(table())


def told(
    wording: Wording, tracks: dict[str, list[float]], **settings: float | int
) -> list[tuple[str, float, float]]:
    """Return (words, start, end) of what is told when the classes have these scores, patch by patch."""
    length = max(len(t) for t in tracks.values())
    scores = np.zeros((length, len(wording.class_names)), np.float32)
    for name, values in tracks.items():
        scores[: len(values), wording.class_names.index(name)] = values
    chosen = SoundSettings(
        **{"smoothing": 0, "hold": 0.5, "edge_s": 0.0, "gap_s": 1.0, "near_s": 0.0, "weaker": 0.3, **settings}
    )  # type: ignore[arg-type]
    finder = EventFinder(wording, chosen, HOP_S)
    times = np.arange(length) * HOP_S
    # In two pieces: where the pieces end must not matter.
    finder.feed(times[:3], scores[:3])
    finder.feed(times[3:], scores[3:])
    return [
        (wording.sounds[e.sound].texts["en"], round(e.start_s / HOP_S, 2), round(e.end_s / HOP_S, 2))
        for e in choose_events(finder.finish(), wording, chosen)
    ]


def test_classes_with_the_same_words_are_one_sound(wording: Wording) -> None:
    words = [s.texts["en"] for s in wording.sounds]
    assert words.count("dog barking") == 1
    dog = wording.sounds[words.index("dog barking")]
    assert dog.names == ("Dog", "Bark")
    assert {wording.sounds[i].texts["en"] for i in dog.wider} == {"animal sounds"}


def test_what_stands_above_is_known_all_the_way_up(wording: Wording) -> None:
    whimper = next(s for s in wording.sounds if s.texts["en"] == "dog whimpering")
    assert {wording.sounds[i].texts["en"] for i in whimper.wider} == {"animal sounds", "dog barking"}


def test_a_sound_begins_and_ends_where_its_score_leaves_the_hold(wording: Wording) -> None:
    # It rises over half the threshold at 1, is certain from 2 to 4, and is under the half from 6.
    assert told(wording, {"Rain": [0.1, 0.2, 0.4, 0.5, 0.4, 0.2, 0.1]}) == [("rain falling", 1, 5)]


def test_a_score_that_never_reaches_the_threshold_is_not_told(wording: Wording) -> None:
    assert told(wording, {"Rain": [0.29] * 20}) == []


def test_a_lasting_sound_is_told_once_though_its_score_wavers(wording: Wording) -> None:
    assert told(wording, {"Rain": [0.5, 0.5, 0.1, 0.5, 0.2, 0.1, 0.5, 0.5]}) == [("rain falling", 0, 7)]


def test_a_sound_that_comes_back_after_the_gap_is_told_again(wording: Wording) -> None:
    tracks = {"Rain": [0.5] * 3 + [0.0] * 4 + [0.5] * 3}
    assert told(wording, tracks) == [("rain falling", 0, 2), ("rain falling", 7, 9)]


def test_a_weak_echo_does_not_hold_a_sound_open_for_ever(wording: Wording) -> None:
    tracks = {"Rain": [0.5] * 3 + [0.0] + [0.2] * 10 + [0.0] + [0.5] * 3}
    assert told(wording, tracks) == [("rain falling", 0, 2), ("rain falling", 15, 17)]


def test_a_blip_is_too_short_for_rain_but_long_enough_for_a_sneeze(wording: Wording) -> None:
    assert told(wording, {"Rain": [0.0, 0.9, 0.9, 0.0], "Sneeze": [0, 0, 0, 0, 0, 0.9]}) == [
        ("sneezes", 5, 5)
    ]


def test_two_blips_apart_do_not_add_the_silence_between_to_their_length(wording: Wording) -> None:
    assert told(wording, {"Rain": [0.9, 0.0, 0.0, 0.9]}) == []


def test_the_most_specific_sound_is_told(wording: Wording) -> None:
    assert told(wording, {"Animal": [0.9] * 5, "Dog": [0.7] * 5}) == [("dog barking", 0, 4)]


def test_a_specific_sound_far_weaker_than_the_vague_one_is_not_believed(wording: Wording) -> None:
    assert told(wording, {"Animal": [0.95] * 5, "Whimper (dog)": [0.41] * 5, "Dog": [0.9] * 5}) == [
        ("dog barking", 0, 4)
    ]
    assert told(wording, {"Animal": [0.99] * 5, "Dog": [0.31] * 5}, specific=0.6) == [("animal sounds", 0, 4)]


def test_the_vague_sound_is_told_until_the_specific_one_begins_and_not_again_after_it(
    wording: Wording,
) -> None:
    tracks = {"Animal": [0.9] * 20, "Dog": [0.0] * 8 + [0.9] * 4 + [0.0] * 8}
    assert told(wording, tracks) == [("animal sounds", 0, 8), ("dog barking", 8, 11)]


def test_sounds_of_different_families_are_told_together(wording: Wording) -> None:
    tracks = {"Dog": [0.8] * 4, "Rain": [0.8] * 4}
    assert [t[0] for t in told(wording, tracks)] == ["dog barking", "rain falling"]


def test_at_most_so_many_are_told_at_one_time(wording: Wording) -> None:
    tracks = {"Dog": [0.9] * 4, "Rain": [0.8] * 20, "Sneeze": [0.7] * 4}
    assert told(wording, tracks, together=2) == [("dog barking", 0, 3), ("rain falling", 0, 19)]
    assert told(wording, tracks, together=1) == [("dog barking", 0, 3), ("rain falling", 3, 19)]


def test_a_much_weaker_sound_is_not_told_beside_a_strong_one(wording: Wording) -> None:
    tracks = {"Dog": [0.31] * 4, "Rain": [1.0] * 4}
    assert [t[0] for t in told(wording, tracks, weaker=0.5)] == ["rain falling"]


def test_a_score_is_smoothed_over_its_neighbours(wording: Wording) -> None:
    # A quarter of 0.8 from the one neighbour, a half of 0.4: 0.4. One blip alone comes to 0.4 too.
    tracks = {"Rain": [0.0, 0.0, 0.8, 0.4, 0.8, 0.0, 0.0]}
    assert told(wording, tracks, smoothing=0.25, hold=1.0) == [("rain falling", 2, 4)]
    assert told(wording, {"Sneeze": [0.0, 0.0, 0.0, 0.5, 0.0, 0.0]}, smoothing=0.25) == []


def test_smoothing_finds_a_sound_but_does_not_stretch_it(wording: Wording) -> None:
    # Smoothed, the neighbours of 3 come to 0.2, more than half the threshold; their own scores are 0.
    assert told(wording, {"Sneeze": [0.0, 0.0, 0.0, 0.8, 0.0, 0.0]}, smoothing=0.25) == [("sneezes", 3, 3)]


def test_the_vague_sound_is_not_told_right_after_the_specific_one(wording: Wording) -> None:
    tracks = {"Dog": [0.9] * 4, "Animal": [0.0] * 5 + [0.9] * 4}
    assert [t[0] for t in told(wording, tracks)] == ["dog barking", "animal sounds"]
    assert [t[0] for t in told(wording, tracks, near_s=1.0)] == ["dog barking"]


def test_the_first_and_the_last_patch_are_not_lost(wording: Wording) -> None:
    assert told(wording, {"Rain": [0.5] * 4}, smoothing=0.25) == [("rain falling", 0, 3)]


def test_music_under_speech_is_not_told_and_rain_is(wording: Wording) -> None:
    tracks = {"Speech": [0.9] * 6, "Music": [0.9] * 6, "Rain": [0.5] * 6}
    assert [t[0] for t in told(wording, tracks)] == ["rain falling"]


def test_music_that_began_before_the_speech_still_lasts_under_it(wording: Wording) -> None:
    tracks = {"Speech": [0.0] * 4 + [0.9] * 6, "Music": [0.9] * 10}
    assert told(wording, tracks) == [("music playing", 0, 9)]


def test_speech_and_silence_are_never_told(wording: Wording) -> None:
    assert told(wording, {"Speech": [1.0] * 9, "Silence": [1.0] * 9}) == []


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("index", "7", "row 3, column index: found '7', wanted 1"),
        ("shown", "maybe", "column shown: found 'maybe', wanted yes or no"),
        ("zh", "", "column zh: found '', wanted words"),
        ("threshold", "high", "column threshold: found 'high', wanted a number"),
        ("threshold", "1.5", "wanted a number from 0.001 to 1"),
        ("minimum_s", "-1", "wanted a number from 0 to 3600"),
        ("parent", "Silence", "column parent: 'Silence' is no other shown class"),
        ("parent", "Whimper (dog)", "is no other shown class above it"),
    ],
)
def test_a_wrong_cell_is_named(column: str, value: str, message: str) -> None:
    rows = list(csv.reader(io.StringIO(table().decode())))
    rows[2][COLUMNS.index(column)] = value
    content = "\n".join(",".join(row) for row in rows).encode()
    with pytest.raises(BundleError, match=r"wording\.csv") as error:
        read_wording(content)
    assert message in str(error.value)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(BundleError, match="lacks the column 'zh'"):
        read_wording(b"index,name,shown,en\n")


def test_same_words_need_the_same_family() -> None:
    rows = [list(r) for r in ROWS]
    rows[3][7] = "cat"
    with pytest.raises(BundleError, match="row 5, column family: differs from that of 'Dog'"):
        read_wording(table(tuple(r) for r in rows))


# The tagger: a classifier that hears rain where it is loud.

SPEC = AudioSpec(kind="patches")
# This classifier hears any patch with some rain: a sound may begin or end half a patch beside the truth.
PATCH_MS = 600


def loud_is_rain(patches: np.ndarray) -> np.ndarray:
    scores = np.zeros((len(patches), len(ROWS)), np.float32)
    scores[:, 5] = patches.mean((1, 2)) > -2
    return scores


def noise(seconds: float, loud: tuple[float, float]) -> np.ndarray:
    rng = np.random.default_rng(0)
    values = 0.3 * rng.standard_normal(round(seconds * 16000))
    times = np.arange(len(values)) / 16000
    return np.where((times >= loud[0]) & (times < loud[1]), values, 1e-5).astype(np.float32)


def tagger(wording: Wording, **settings: float | None) -> SoundTagger:
    return SoundTagger(loud_is_rain, wording, SPEC, SoundSettings(**settings))  # type: ignore[arg-type]


def test_captions_carry_brackets_times_confidence_and_scores(wording: Wording) -> None:
    hear = tagger(wording)
    hear.feed(Samples(Fraction(0), 16000, noise(30, (10, 20))))
    (caption,) = hear.captions("zh")
    assert (caption.text, caption.kind, caption.language) == ("【雨声】", "sound", "zh")
    assert caption.tokens == ("雨声",)
    assert caption.confidence == pytest.approx(1.0)
    assert caption.start_ms == pytest.approx(10000, abs=PATCH_MS)
    assert caption.end_ms == caption.start_ms + 5000
    times, scores = caption.attention["audio"]
    assert scores.shape == (1, len(times))
    assert times[0] >= 9.5 and times[-1] <= 20.5
    assert hear.captions("en")[0].text == "[rain falling]"


def test_without_a_longest_time_the_caption_lasts_as_long_as_the_sound(wording: Wording) -> None:
    hear = tagger(wording, longest_s=None)
    hear.feed(Samples(Fraction(0), 16000, noise(30, (10, 20))))
    assert hear.captions("en")[0].end_ms == pytest.approx(20000, abs=PATCH_MS)


@pytest.mark.parametrize("block", [999, 16000, 300_000])
def test_the_size_of_the_pieces_does_not_matter(wording: Wording, block: int) -> None:
    values = noise(23.3, (7, 21.5))
    whole, pieces = tagger(wording), tagger(wording)
    whole.feed(Samples(Fraction(0), 16000, values))
    for first in range(0, len(values), block):
        pieces.feed(Samples(Fraction(first, 16000), 16000, values[first : first + block]))
    assert pieces.captions("en") == whole.captions("en")


def test_what_is_pending_stays_small(wording: Wording) -> None:
    hear = tagger(wording)
    for second in range(60):
        hear.feed(Samples(Fraction(second), 16000, np.full(16000, 0.1, np.float32)))
        assert len(hear._pending) < 16 * 7680 + 16000


def test_sound_that_starts_late_keeps_its_times(wording: Wording) -> None:
    hear = tagger(wording)
    hear.feed(Samples(Fraction(100), 16000, noise(20, (10, 15))))
    assert hear.captions("en")[0].start_ms == pytest.approx(110_000, abs=PATCH_MS)


def test_a_hole_in_the_sound_moves_nothing_after_it(wording: Wording) -> None:
    hear = tagger(wording)
    values = noise(40, (30, 35))
    hear.feed(Samples(Fraction(0), 16000, values[: 16000 * 5]))
    hear.feed(Samples(Fraction(20), 16000, values[16000 * 20 :]))
    assert hear.captions("en")[0].start_ms == pytest.approx(30_000, abs=PATCH_MS)


def test_a_sound_shorter_than_a_patch_and_an_empty_file_are_taken(wording: Wording) -> None:
    short = tagger(wording)
    short.feed(Samples(Fraction(0), 16000, np.full(3000, 0.1, np.float32)))
    assert short.captions("en") == []
    assert tagger(wording).captions("zh") == []


def test_wrong_use_is_refused(wording: Wording) -> None:
    hear = tagger(wording)
    with pytest.raises(ConfigError, match="44100 samples a second, the contract wants 16000"):
        hear.feed(Samples(Fraction(0), 44100, np.zeros(10, np.float32)))
    with pytest.raises(UnknownNameError, match="language of sound captions 'fr'"):
        hear.captions("fr")
    hear.events()
    with pytest.raises(ConfigError, match="has finished its file"):
        hear.feed(Samples(Fraction(0), 16000, np.zeros(10, np.float32)))
    with pytest.raises(ConfigError, match="log_mel"):
        SoundTagger(loud_is_rain, wording, AudioSpec(kind="log_mel"))


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="hold is 0"):
        SoundSettings(hold=0)
    with pytest.raises(ConfigError, match=r"smoothing is 0\.5"):
        SoundSettings(smoothing=0.5)
    with pytest.raises(ConfigError, match="together is 0"):
        SoundSettings(together=0)


def test_an_events_peak_is_its_highest_score() -> None:
    scores = np.array([0.2, 0.7], np.float32)
    event = SoundEvent(0, 0.0, 1.0, np.arange(2.0), scores, scores / 0.35)
    assert event.peak == pytest.approx(0.7)
    assert event.level == pytest.approx(2.0)
