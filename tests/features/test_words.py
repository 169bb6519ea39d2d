from __future__ import annotations

import numpy as np

from zimu.features.words import WordsSpec, fit_words, split_words, words_array, words_ids

TEXTS = ["The cough is dry, no fever!", "dry cough", None, "fever and cough", "无发热，干咳", "干咳三天"]


def test_words_are_lower_case_and_chinese_is_read_by_characters():
    assert split_words("Don't COUGH!") == ["don't", "cough", "!"]
    assert split_words("干咳3天") == ["干", "咳", "3天"]


def test_rows_have_length_one_and_rare_words_weigh_more():
    spec = fit_words(TEXTS)
    rows = words_array(spec, TEXTS)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), [1, 1, 0, 1, 1, 1], atol=1e-6)
    weights = dict(zip(spec.grams, spec.weights, strict=True))
    assert weights["dry"] > weights["cough"]
    assert "干 咳" in weights
    assert "three" not in weights


def test_ids_are_of_known_words_and_a_missing_text_has_none():
    spec = fit_words(TEXTS)
    found = words_ids(spec, ["dry cough zebra", None])
    assert len(found[0]) == 3
    assert found[0][2] == 1
    assert found[0].max() < spec.vocabulary
    assert len(found[1]) == 0


def test_a_spec_travels_as_json():
    spec = fit_words(TEXTS)
    again = WordsSpec.model_validate_json(spec.model_dump_json())
    np.testing.assert_array_equal(words_array(spec, TEXTS), words_array(again, TEXTS))
