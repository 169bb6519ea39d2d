"""SubER against the authors' program, and the other scores of whole subtitle files."""

import gzip
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from zimu.cli.score import score as command
from zimu.errors import ConfigError, UnknownNameError
from zimu.metrics.cue_scores import score_cues
from zimu.metrics.cues import Cue, read_cues
from zimu.metrics.significance import compare_cards
from zimu.metrics.suber import edits, parts_of

# Made texts in English and Chinese with lost, doubled, moved and replaced words, shifted times and other
# breaks; scored with subtitle-edit-rate 0.4.0 (`--suber-statistics`, `-l zh` for Chinese).
GOLDEN = json.loads(
    gzip.decompress((Path(__file__).parents[1] / "golden" / "metrics" / "suber.json.gz").read_bytes())
)


@pytest.mark.parametrize("number", range(len(GOLDEN)))
def test_the_rate_and_every_count_equal_those_of_the_authors(number):
    row = GOLDEN[number]
    reference, candidate = (read_cues(row[side], side) for side in ("reference", "candidate"))
    found = [edits(part, row["language"]) for part in parts_of(reference, candidate)]
    rate = sum(e.total for e in found) / sum(e.length for e in found)
    assert round(100 * rate, 3) == row["suber"]
    theirs = row["stats"]
    assert sum(e.shifts for e in found) == theirs["num_shifts"]
    assert sum(e.reference_breaks for e in found) == theirs["num_reference_breaks"]
    for kind in ("word", "break"):
        wanted = sum(theirs[f"num_{kind}_{what}"] for what in ("deletions", "insertions", "substitutions"))
        assert sum(e.words if kind == "word" else e.breaks for e in found) == wanted


def test_a_word_matches_only_where_the_cues_overlap():
    reference = [Cue(0, 1000, ("one",)), Cue(1000, 2000, ("two",))]
    swapped = [Cue(0, 1000, ("two",)), Cue(1000, 2000, ("one",))]
    assert score_cues(reference, reference, metrics=["suber"])["suber"].value == 0
    assert score_cues(reference, swapped, metrics=["suber"])["suber"].value == 0.5  # two words of four tokens
    late = [Cue(c.start_ms + 5000, c.end_ms + 5000, c.lines) for c in reference]
    card = score_cues(reference, late, metrics=["suber"])
    assert card["suber"].value == 2  # all is deleted and all inserted
    assert "zimu align" in card.warnings[0]


def test_a_lost_line_break_costs_one_edit_and_lowers_the_recall_of_breaks():
    reference = [Cue(0, 1000, ("one two", "three"))]
    joined = [Cue(0, 1000, ("One, two three!",))]
    card = score_cues(reference, joined, metrics=["suber", "breaks"])
    assert card["suber"].value == pytest.approx(1 / 5)
    assert (card["breaks_precision"].value, card["breaks_recall"].value) == (1, 0.5)


def test_timing_counts_the_time_on_the_screen_once():
    reference = [Cue(0, 1000, ("a",)), Cue(500, 2000, ("b",))]
    card = score_cues(reference, [Cue(1000, 5000, ("c",))], metrics=["timing"])
    assert card["timing_precision"].value == 1000 / 4000
    assert card["timing_recall"].value == 1000 / 2000
    assert card["timing_f1"].value == 2 * 1000 / 6000
    assert card["timing_f1"].measure.higher_is_better


def test_the_card_says_what_it_rests_on():
    reference = [Cue(0, 1000, ("a",)), Cue(2000, 3000, ("b",)), Cue(2500, 4000, ("c",))]
    card = score_cues(reference, reference, settings=None, language="zh", split="val")
    assert card["suber"].signature.startswith("suber|items:2|refs:1|tok:suber-zh|split:val|data:")
    assert list(card["suber"].per_item) == ["1 from 0:00:00", "2 from 0:00:02"]
    assert card["suber"].interval == (0, 0)


def test_the_order_of_cues_in_the_file_does_not_matter():
    rng = random.Random(1)
    cues = [Cue(i * 400, i * 400 + rng.randrange(100, 900), (f"word{i % 5} and",)) for i in range(20)]
    shuffled = rng.sample(cues, len(cues))
    assert score_cues(cues, shuffled)["suber"].value == 0


def test_unknown_names_and_an_empty_reference_are_refused():
    cue = [Cue(0, 1, ("a",))]
    with pytest.raises(UnknownNameError, match="Did you mean 'suber'"):
        score_cues(cue, cue, metrics=["suber_"])
    with pytest.raises(UnknownNameError, match="'de'"):
        score_cues(cue, cue, language="de")
    with pytest.raises(ConfigError, match="no cue"):
        score_cues([], cue)
    assert score_cues(cue, [])["suber"].value == 1


def test_the_command_scores_files_of_different_formats(tmp_path):
    (tmp_path / "a.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\n<i>One</i> two\n", "utf-8")
    (tmp_path / "b.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\none three\n", "utf-8")
    files = [str(tmp_path / "a.srt"), str(tmp_path / "b.vtt")]
    done = CliRunner().invoke(command, [*files, "--metrics", "suber,timing", "--json"])
    scores = json.loads(done.output)["scores"]
    assert scores["suber"]["value"] == pytest.approx(1 / 3)
    assert scores["timing_f1"]["value"] == 1
    mixed = CliRunner().invoke(command, [*files, "--metrics", "suber,bleu"])
    assert isinstance(mixed.exception, ConfigError)
    assert "in two calls" in str(mixed.exception)


def test_files_that_are_compared_share_their_items_and_keep_their_values():
    rng = random.Random(3)

    def moved(cues, most_ms):
        return [
            replace(c, start_ms=c.start_ms + (by := rng.randrange(most_ms)), end_ms=c.end_ms + by)
            for c in cues
        ]

    reference = [Cue(i * 900, i * 900 + 700, (f"word{i % 4} and", "more")) for i in range(12)]
    # One that covers gaps of the others, one with cues where nobody else has any.
    systems = [moved(reference, 400), moved(reference[::2], 900), [*reference, Cue(30_000, 31_000, ("end",))]]
    shared = [score_cues(reference, cues, beside=systems) for cues in systems]
    assert len({card["suber"].conditions for card in shared}) == 1
    for card, cues in zip(shared, systems, strict=True):
        alone = score_cues(reference, cues)
        assert {n: s.value for n, s in card.items()} == {n: s.value for n, s in alone.items()}
        assert len(card["suber"].per_item) < len(reference) + 1
    assert len(compare_cards(shared[0], {"b": shared[1], "c": shared[2]}, draws=50, trials=50)) == 14


def test_the_command_compares_subtitle_files_and_says_why_there_is_no_ceiling(tmp_path):
    one = "1\n00:00:01,000 --> 00:00:02,000\nOne two\n\n2\n00:00:03,000 --> 00:00:04,000\nthree four\n"
    for name, text in {
        "a": one,
        "b": one.replace("two", "too"),
        "c": one.replace("02,000", "03,500"),
    }.items():
        (tmp_path / f"{name}.srt").write_text(text, "utf-8")
    a, b, c = (str(tmp_path / f"{name}.srt") for name in "abc")
    asked = [a, b, "--metrics", "suber,timing", "--compare", c, "--trials", "100", "--draws", "100", "--json"]
    rows = json.loads(CliRunner().invoke(command, asked).output)["comparisons"]
    by_name = {row["metric"]: row for row in rows}
    assert by_name["suber"]["value"] == pytest.approx(1 / 6)
    assert by_name["suber"]["other"] == 0
    assert by_name["timing_precision"]["other"] == pytest.approx(2000 / 3000)  # two cues that overlap
    refused = CliRunner().invoke(command, [a, b, "--metrics", "suber", "--ceiling"])
    assert "subtitle files have one reference" in str(refused.exception)
