"""Published scores of published systems, to the last printed digit (see the pack's README)."""

import gzip
import json

import pytest

import zimu

NAMES = {
    "bleu_1": "Bleu_1",
    "bleu_2": "Bleu_2",
    "bleu_3": "Bleu_3",
    "bleu_4": "Bleu_4",
    "rouge_l": "ROUGE_L",
    "cider_d": "CIDEr",
}
CHINESE = ["aic-icc", "coco-cn", "seqlearn", "coco-mt", "flickr8k-cn"]


def read(path):
    return json.loads(gzip.decompress(path.read_bytes()))


@pytest.fixture(scope="module")
def results(shared):
    return shared / "caption_results"


@pytest.fixture(scope="module")
def coco_cn(results):
    text = gzip.decompress((results / "coco_cn_test" / "coco_cn_test.jsonl.gz").read_bytes()).decode()
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("system", CHINESE)
def test_chinese_systems_and_each_of_their_images(results, coco_cn, system):
    # The captions are segmented; the publishers ran the English tokeniser over them, which drops commas.
    found = zimu.score(
        {row["image_id"]: row["references"] for row in coco_cn},
        {row["image_id"]: row["systems"][system]["caption"] for row in coco_cn},
    )
    published = json.loads((results / "scores.json").read_text())["coco_cn_test"][system]["published"]
    for ours, theirs in NAMES.items():
        assert abs(found[ours].value - published[theirs]) <= 0.0005 + 1e-9, (ours, found[ours].value)
        for row in coco_cn:
            item = found[ours].per_item[row["image_id"]]
            assert abs(item - row["systems"][system][theirs]) <= 0.0005 + 1e-9, (ours, row["image_id"])


@pytest.mark.parametrize("name", ["coco_karpathy_test", "msrvtt_test", "msvd_test"])
def test_knight_on_three_sets(results, name):
    rows = read(results / "knight" / f"{name}.json.gz")
    expected = json.loads((results / "scores.json").read_text())["knight"][name]["recomputed"]
    found = zimu.score([row["references"] for row in rows], [row["prediction"] for row in rows], tokens=True)
    for ours, theirs in NAMES.items():
        assert round(found[ours].value, 6) == expected[theirs], ours


@pytest.mark.parametrize("name", ["magic", "zerocap", "clip_retrieval", "contrastive_text_only"])
def test_zero_shot_systems_on_coco_from_raw_text(results, shared, name):
    rows = read(shared / "annotations" / "coco_captions" / "karpathy_test5k.json.gz")
    references = {row["image_id"]: row["captions"] for row in rows}
    candidates = {row["image_id"]: row["caption"] for row in read(results / "magic_coco" / f"{name}.json.gz")}
    scores = json.loads((results / "scores.json").read_text())["magic_coco"][name]
    found = zimu.score({i: r for i, r in references.items() if i in candidates}, candidates)
    for ours, theirs in NAMES.items():
        assert round(found[ours].value, 6) == scores["recomputed"][theirs], ours
        if "published" in scores:
            assert round(found[ours].value, 3) == scores["published"][theirs], ours
