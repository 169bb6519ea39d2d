"""Score cards: values, conditions, intervals and warnings."""

import dataclasses
import logging
import pickle

import numpy as np
import pytest

import zimu
import zimu.metrics
from zimu.errors import ConfigError, UnknownNameError
from zimu.metrics.card import ScoreSettings
from zimu.metrics.frequencies import DocumentFrequencies

REFERENCES = {
    "a": ["a dog runs on grass", "the dog runs"],
    "b": ["two cats sleep"],
    "c": ["a man rides a bike"],
}
CANDIDATES = {"a": "a dog runs", "b": "two dogs sleep", "c": "a man on a bike"}


def card(references=REFERENCES, candidates=CANDIDATES, **options):
    return zimu.score(references, candidates, tokens=True, **options)


def test_bleu_asks_for_all_four_orders():
    assert list(card(metrics=["bleu", "rouge_l"])) == ["bleu_1", "bleu_2", "bleu_3", "bleu_4", "rouge_l"]


def test_values_are_kept_by_item():
    found = card(metrics=["rouge_l"])["rouge_l"]
    assert list(found.per_item) == ["a", "b", "c"]
    assert found.value == np.mean(list(found.per_item.values()))
    assert found.per_item["c"] == pytest.approx(0.8)


def test_dicts_lists_and_lists_of_tokens_score_the_same():
    lists = card(list(REFERENCES.values()), list(CANDIDATES.values()))
    split = card(
        [[r.split() for r in refs] for refs in REFERENCES.values()], [c.split() for c in CANDIDATES.values()]
    )
    wrapped = card(candidates={i: [c] for i, c in CANDIDATES.items()})
    expected = [score.value for score in card().values()]
    for found in (lists, split, wrapped):
        assert [score.value for score in found.values()] == expected


def test_a_signature_tells_what_the_number_rests_on():
    signature = card(split="test")["cider_d"].signature
    assert signature.startswith("cider_d|items:3|refs:1-2|tok:given|split:test|data:")
    assert signature.endswith(f"|bootstrap:1000|seed:12345|zimu:{zimu.__version__}")


def test_the_data_hash_follows_the_references_and_not_the_candidates():
    same = card(candidates=CANDIDATES | {"a": "nothing"})
    other = card(REFERENCES | {"a": ["a dog"]})
    assert same["bleu_1"].conditions == card()["bleu_1"].conditions
    assert other["bleu_1"].conditions != card()["bleu_1"].conditions


def test_a_card_is_a_frozen_record_without_unknown_scores():
    found = card()
    with pytest.raises(dataclasses.FrozenInstanceError):
        found["bleu_1"].value = 1.0
    with pytest.raises(UnknownNameError, match=r"Unknown score 'bleu_5'\. Did you mean 'bleu_"):
        found["bleu_5"]


def test_unknown_metrics_and_languages_are_named():
    with pytest.raises(UnknownNameError, match=r"Unknown metric 'cidr'\. Did you mean 'cider'"):
        card(metrics=["cidr"])
    with pytest.raises(UnknownNameError, match="Unknown language 'fr'"):
        card(language="fr")


def test_an_interval_holds_the_value_and_depends_on_the_seed_only():
    references = [[f"w{i % 7} w{i % 3} w{i % 5}"] for i in range(60)]
    candidates = [f"w{i % 7} w{i % 4} w{i % 5}" for i in range(60)]
    first, again = card(references, candidates), card(references, candidates)
    other = card(references, candidates, settings=ScoreSettings(seed=1))
    for name, score in first.items():
        low, high = score.interval
        assert low < score.value < high
        assert score.interval == again[name].interval != other[name].interval


def test_resampled_values_agree_with_scoring_the_sample_itself():
    found = card(metrics=["bleu", "rouge_l", "wer", "cer"])
    for score in found.values():
        whole = score.measure.combine(score.measure.counts.sum(axis=0, keepdims=True))
        assert whole[0] == pytest.approx(score.value, rel=1e-12)
        assert score.measure.combine(score.measure.counts) == pytest.approx(score.measure.items, rel=1e-12)


def test_word_and_character_error_rates_are_over_all_words():
    found = card([["a b c d"], ["a"]], ["a b c d", "b c"], metrics=["wer", "cer"])
    assert found["wer"].value == pytest.approx(2 / 5)
    assert found["cer"].value == pytest.approx(3 / 8)


def test_missing_and_surplus_ids_are_told(caplog):
    with caplog.at_level(logging.WARNING, "zimu.metrics"):
        found = card(candidates={"a": "a dog", "b": "cats", "x": "y"})
    assert found.warnings[0].startswith("1 of 3 items have no candidate and were left out: c.")
    assert found.warnings[1] == "1 candidates have no references and were left out: x."
    assert found["bleu_1"].conditions.items == 2
    assert found.warnings[0] in caplog.text


def test_ids_may_be_numbers_on_one_side_and_texts_on_the_other():
    assert card({7: ["a"], 8: ["b"]}, {"8": "b", "7": "a"}).captions.ids == (7, 8)


@pytest.mark.parametrize(
    ("references", "candidates", "warning"),
    [
        ({"a": ["a dog"]}, {"a": "a cat"}, "CIDEr over one item is always 0"),
        (REFERENCES, {"a": "", "b": " ", "c": "a man"}, "2 of 3 candidates are empty"),
        (REFERENCES, dict.fromkeys("abc", "a man"), "All 3 candidates are the same text"),
        (
            REFERENCES,
            {i: refs[0] for i, refs in REFERENCES.items()},
            "3 of 3 candidates equal one of their ref",
        ),
        (REFERENCES, {"a": "a\ndog", "b": "cats", "c": "a man"}, "1 captions have line breaks inside"),
        (
            {i: ["一只狗在草地上跑"] for i in "ab"},
            {"a": "一只狗跑在草地上", "b": "两只猫在睡觉啊"},
            "CHINESE WITHOUT BLANKS",
        ),
    ],
)
def test_what_is_odd_is_told(references, candidates, warning):
    assert any(text.startswith(warning) or warning in text for text in card(references, candidates).warnings)


def test_ordinary_captions_bring_no_warning():
    assert card().warnings == ()


@pytest.mark.parametrize(
    ("references", "candidates", "message"),
    [
        ([["a"]], ["a", "b"], "1 items with references and 2 candidates"),
        ({"a": ["a"]}, ["a"], "One of references and candidates has ids"),
        ({"a": ["a"]}, {"b": "a"}, "no id in common"),
        ({"a": []}, {"a": "a"}, "Item 'a' has no reference"),
        ({"a": None}, {"a": "a"}, "Item 'a' has no reference"),
        ({"a": [3]}, {"a": "a"}, "A reference of item 'a' is not a text but 3"),
    ],
)
def test_captions_that_cannot_be_scored_are_refused(references, candidates, message):
    with pytest.raises(ConfigError, match=message):
        card(references, candidates)


def test_several_candidates_of_one_item_are_refused():
    with pytest.raises(ConfigError, match="Item 'a' has 2 candidates"):
        zimu.score({"a": ["x"]}, {"a": ["x", "y"]})


def test_frequencies_of_another_corpus_stand_in_the_signature_and_end_the_zero():
    frequencies = DocumentFrequencies.from_references([["a cat"], ["a dog"], ["b"]])
    found = card({"a": ["a dog runs"]}, {"a": "a dog ran"}, settings=ScoreSettings(frequencies=frequencies))
    assert found["cider_d"].value > 0
    assert "|df:3-" in found["cider_d"].signature and "|df:" not in found["bleu_1"].signature
    assert found.warnings == ()
    counted = card(
        {"a": ["a dog runs"]},
        {"a": "a dog ran"},
        settings=ScoreSettings(frequencies=[["a cat"], ["a dog"], ["b"]]),
    )
    assert counted["cider_d"].value == found["cider_d"].value


def test_frequencies_counted_with_another_tokenisation_are_refused():
    frequencies = DocumentFrequencies(3, {"a": 1}, "ptb")
    with pytest.raises(
        ConfigError, match="counted with tokenisation ptb, but the captions are split by given"
    ):
        card(settings=ScoreSettings(frequencies=frequencies))


def test_a_card_can_be_sent_to_another_process():
    found = card(metrics=["bleu", "rouge_l", "cider_d", "wer", "cer"])
    again = pickle.loads(pickle.dumps(found))
    for name, score in found.items():
        assert again[name].value == score.value and again[name].interval == score.interval
        assert again[name].per_item == score.per_item


def test_blanks_of_given_tokens_count_as_characters_in_english_only():
    english = card([["a b"]], ["ab"], metrics=["cer"])["cer"].value
    chinese = card([["一 狗"]], ["一狗"], language="zh", metrics=["cer"])["cer"].value
    assert (english, chinese) == (pytest.approx(1 / 3), 0)


def test_the_names_of_the_room_are_there():
    for name in zimu.metrics.__all__:
        assert getattr(zimu.metrics, name).__module__.startswith("zimu.metrics.")


def test_json_has_what_the_command_prints():
    found = card().to_dict()
    assert set(found) == {"scores", "items", "warnings"}
    assert set(found["scores"]["bleu_4"]) == {"value", "interval", "signature"}
    assert found["items"] == 3


def test_chrf_equals_sacrebleu_with_uneven_references():
    pytest.importorskip("sacrebleu")
    from sacrebleu.metrics.chrf import CHRF

    streams = [["a dog runs on grass", "two cats sleep", "a man rides a bike"], ["the dog runs", None, None]]
    expected = CHRF().corpus_score(list(CANDIDATES.values()), streams).score
    found = card(metrics=["chrf"])["chrf"]
    assert found.value == expected
    assert found.per_item["b"] == CHRF().sentence_score("two dogs sleep", ["two cats sleep"]).score


def test_chrf_without_sacrebleu_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sacrebleu.metrics.chrf", None)
    with pytest.raises(zimu.errors.MissingExtraError, match=r"pip install 'zimu\[train\]'"):
        card(metrics=["chrf"])
