"""Chinese: by character and by word, script and width."""

import gzip
import json
from importlib.metadata import version

import pytest

import zimu
from zimu.metrics.card import ScoreSettings
from zimu.metrics.tokenise import fold_width, modes_of, tokenise, unify_script

CIDER = {"bleu_4": "Bleu_4", "rouge_l": "ROUGE_L", "cider_d": "CIDEr"}


def test_both_segmentations_are_always_given_with_their_names():
    found = zimu.score(
        [["一只狗在跑"], ["两只猫"]], ["一只狗", "两只小猫"], language="zh", metrics=["bleu_1", "cer"]
    )
    assert list(found) == ["bleu_1", "cer", "bleu_1_word"]
    assert found["bleu_1"].conditions.tokenisation == "zh-char"
    by_word = found["bleu_1_word"].conditions.tokenisation
    assert by_word.startswith(f"zh-word+jieba-{version('jieba')}-dict-")
    assert not found.warnings


def test_the_demo_scores_as_the_reference_does(shared):
    golden = json.loads(gzip.decompress((shared / "metrics" / "chinese_demo.json.gz").read_bytes()))
    found = zimu.score(golden["refs_raw"], golden["cand_raw"], language="zh")
    assert version("jieba") == golden["jieba_version"]
    for mode, suffix in (("char", ""), ("jieba", "_word")):
        for ours, theirs in CIDER.items():
            expected = golden["modes"][mode]["corpus"][theirs]
            assert found[ours + suffix].value == pytest.approx(expected, abs=1e-12)


def test_characters_are_single_and_latin_words_and_numbers_whole():
    text = "他用iPhone 15拍了3.5米高的don't-walk牌。"
    assert tokenise([text], "zh-char") == ["他 用 iphone 15 拍 了 3.5 米 高 的 don't-walk 牌"]


def test_words_ignore_a_segmentation_that_is_there_already():
    assert tokenise(["一个 女 孩 走下 台阶"], "zh-word") == tokenise(["一个女孩走下台阶"], "zh-word")


def test_full_width_forms_are_folded():
    assert fold_width("ＡＢＣ　１２３！") == "ABC 123!"
    assert tokenise(["３Ｄ電影"], "zh-char") == ["3d 電 影"]


def test_scripts_are_unified_on_request_only():
    pytest.importorskip("opencc")
    assert unify_script(["電影", "电影"], "simplified") == ["电影", "电影"]
    apart = zimu.score([["電影好看"], ["x"]], ["电影好看", "x"], language="zh", metrics=["bleu_1"])
    together = zimu.score(
        [["電影好看"], ["x"]],
        ["电影好看", "x"],
        language="zh",
        metrics=["bleu_1"],
        settings=ScoreSettings(script="simplified"),
    )
    assert apart["bleu_1"].value < 0.9 < together["bleu_1"].value
    assert f"+simplified-opencc-{version('opencc')}" in together["bleu_1"].signature


def test_an_unknown_script_is_refused():
    with pytest.raises(zimu.errors.ConfigError, match="Unknown script 'cursive'"):
        unify_script(["a"], "cursive")


def test_tokens_are_taken_as_they_are_in_every_language():
    assert modes_of("zh", tokens=True) == modes_of("en", tokens=True) == ["given"]


def test_blanks_do_not_count_as_characters_in_chinese():
    found = zimu.score([["一只 狗"], ["猫"]], ["一只狗", "猫"], language="zh", metrics=["cer"])
    assert found["cer"].value == 0
