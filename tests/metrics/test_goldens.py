"""Scores equal those of pycocoevalcap 1.2, as written into the golden files (see their README)."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from zimu.metrics.card import score

GOLDEN = Path(__file__).parents[1] / "golden" / "metrics"
NAMES = {
    "bleu_1": "Bleu_1",
    "bleu_2": "Bleu_2",
    "bleu_3": "Bleu_3",
    "bleu_4": "Bleu_4",
    "rouge_l": "ROUGE_L",
    "cider_d": "CIDEr",
    "cider": "CIDEr_plain",
}
METRICS = ("bleu", "rouge_l", "cider_d", "cider")


def read(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file] if ".jsonl" in path.name else json.load(file)


def assert_equal(golden, references, candidates, *, tokens=True):
    card = score(references, candidates, metrics=METRICS, tokens=tokens)
    for ours, theirs in NAMES.items():
        assert abs(card[ours].value - golden["corpus"][theirs]) <= 1e-12, ours
        items = np.array(list(card[ours].per_item.values()))
        np.testing.assert_allclose(items, golden["items"][theirs], rtol=0, atol=1e-9, err_msg=ours)


EDGE = [case for case in read(GOLDEN / "edge.json.gz") if "error" not in case]


@pytest.mark.parametrize("case", EDGE, ids=lambda c: c["name"])
def test_edge_cases_equal_the_reference(case):
    assert_equal(case, case["refs"], case["cand"])


def test_two_thousand_random_corpora_equal_the_reference():
    for case in read(GOLDEN / "random2k.jsonl.gz"):
        assert_equal(case, case["refs"], case["cand"])


def test_the_public_example_equals_the_reference(shared):
    golden = read(shared / "metrics" / "fakecap.json.gz")
    assert_equal(golden, golden["refs_tok"], golden["cand_tok"])


@pytest.mark.parametrize("system", ["zerocap", "magic", "human_loo"])
def test_systems_on_coco_equal_the_reference(shared, system):
    golden = read(shared / "metrics" / "coco5k.json.gz")
    result = golden["systems"][system]
    references = golden["refs_tok"]
    if system == "human_loo":
        held = result["held_out_index"]
        references = [[*r[:h], *r[h + 1 :]] for r, h in zip(references, held, strict=True)]
    assert_equal(result, references, result["cand_tok"])


@pytest.mark.parametrize("system", ["zerocap", "magic", "human_loo"])
def test_systems_on_coco_equal_the_reference_from_raw_text(shared, system):
    golden = read(shared / "metrics" / "coco5k.json.gz")
    result = golden["systems"][system]
    references = golden["refs_raw"]
    if system == "human_loo":
        held = result["held_out_index"]
        references = [[*r[:h], *r[h + 1 :]] for r, h in zip(references, held, strict=True)]
    assert_equal(result, references, result["cand_raw"], tokens=False)


def test_the_public_example_equals_the_reference_from_raw_text(shared):
    golden = read(shared / "metrics" / "fakecap.json.gz")
    assert_equal(golden, golden["refs_raw"], golden["cand_raw"], tokens=False)
