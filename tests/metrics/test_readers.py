"""Files of references and candidates."""

import gzip
import json

import pytest

from zimu.errors import ConfigError
from zimu.metrics.readers import read_candidates, read_frequencies, read_pair, read_references

REFERENCES = {1: ["a dog", "the dog"], 2: ["two cats"]}
CANDIDATES = {1: "a dog", 2: "cats"}

COCO = {
    "images": [{"id": 1}, {"id": 2}],
    "annotations": [
        {"id": 10, "image_id": 1, "caption": "a dog"},
        {"id": 11, "image_id": 2, "caption": "two cats"},
        {"id": 12, "image_id": 1, "caption": "the dog"},
    ],
}
REFERENCE_FILES = {
    "coco.json": json.dumps(COCO),
    "plain.json": '{"1": ["a dog", "the dog"], "2": "two cats"}',
    "rows.json": '[{"id": 1, "references": ["a dog", "the dog"]}, {"id": 2, "references": ["two cats"]}]',
    "rows.jsonl": '{"id": 1, "references": ["a dog", "the dog"]}\n\n{"id": 2, "references": ["two cats"]}\n',
    "msrvtt.json": '{"sentences": [{"video_id": 1, "sen_id": 4, "caption": "a dog"}, '
    '{"video_id": 1, "sen_id": 5, "caption": "the dog"}, '
    '{"video_id": 2, "sen_id": 6, "caption": "two cats"}]}',
    "long.csv": "id,caption\n1,a dog\n1,the dog\n2,two cats\n",
    "wide.csv": "\ufeffid,reference_1,reference_2\r\n1,a dog,the dog\r\n2,two cats,\r\n",
    "tabs.tsv": "id\treference\n1\ta dog\n1\tthe dog\n2\ttwo cats\n",
    "lines.txt": "a dog\tthe dog\ntwo cats\n",
}
CANDIDATE_FILES = {
    "coco.json": '[{"image_id": 1, "caption": "a dog"}, {"image_id": 2, "caption": "cats"}]',
    "plain.json": '{"1": "a dog", "2": ["cats"]}',
    "rows.jsonl": '{"id": 1, "caption": "a dog"}\n{"id": 2, "caption": "cats"}',
    "rows.csv": 'id,candidate\n1,a dog\n2,"cats"\n',
    "lines.txt": "a dog\ncats",
}


@pytest.mark.parametrize("name", REFERENCE_FILES)
@pytest.mark.parametrize("packed", [False, True])
def test_references_are_read_from_every_format(tmp_path, name, packed):
    path = tmp_path / (name + ".gz" if packed else name)
    data = REFERENCE_FILES[name].encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    assert {int(i): refs for i, refs in read_references(path).items()} == REFERENCES


@pytest.mark.parametrize("name", CANDIDATE_FILES)
def test_candidates_are_read_from_every_format(tmp_path, name):
    path = tmp_path / name
    path.write_text(CANDIDATE_FILES[name], encoding="utf-8")
    assert {int(i): text for i, text in read_candidates(path).items()} == CANDIDATES


def test_a_list_of_lists_and_a_list_of_texts_count_from_zero(tmp_path):
    (tmp_path / "r.json").write_text('[["a", "b"], ["c"]]')
    (tmp_path / "c.json").write_text('["x", "y"]')
    assert read_pair(tmp_path / "r.json", tmp_path / "c.json") == (
        {0: ["a", "b"], 1: ["c"]},
        {0: "x", 1: "y"},
    )


def test_a_manifest_gives_the_references_of_the_language(tmp_path):
    path = tmp_path / "m.jsonl"
    path.write_text('{"id": "a", "references_en": ["a dog"], "references_zh": ["一只狗"]}', encoding="utf-8")
    assert read_references(path, "zh") == {"a": ["一只狗"]}
    assert read_references(path, "en") == {"a": ["a dog"]}


SRT = """1
00:00:01,000 --> 00:00:02,000
<i>A dog</i>
runs.

2
00:00:03,000 --> 00:00:05,000
Two cats.

3
00:01:00,000 --> 00:01:01,000
Silence.
"""
VTT = """WEBVTT

00:01.100 --> 00:02.200 align:start
a dog &amp; a cat

NOTE not a cue

name
00:00:02.900 --> 00:00:03.900
two

00:00:04.000 --> 00:00:05.500
cats

01:00:00.000 --> 01:00:01.000
far away
"""


def test_subtitles_are_matched_by_time(tmp_path):
    (tmp_path / "r.srt").write_text(SRT)
    (tmp_path / "c.vtt").write_text(VTT)
    references, candidates = read_pair(tmp_path / "r.srt", tmp_path / "c.vtt")
    assert references == {1: ["A dog runs."], 2: ["Two cats."], 3: ["Silence."]}
    assert candidates == {1: "a dog & a cat", 2: "two cats", 3: "", "candidate cue 4": "far away"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("r.json", "{", "r.json is not JSON"),
        ("r.jsonl", '{"id": 1, "references": ["a"]}\n{', "r.jsonl line 2 is not JSON"),
        ("r.jsonl", '{"id": 1}', "r.jsonl line 1 has no references"),
        ("r.jsonl", '{"references": ["a"]}', "r.jsonl line 1 has no id"),
        ("r.csv", "id,caption\n", "r.csv holds no references"),
        ("r.json", "3", "neither a list nor an object"),
        ("r.srt", "hello", "r.srt has no cue"),
        ("r.pkl", "x", "no ending of a known format"),
    ],
)
def test_a_file_that_is_no_references_is_named_with_the_place(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_references(tmp_path / name)


def test_an_item_with_two_candidates_is_refused(tmp_path):
    (tmp_path / "c.jsonl").write_text('{"id": 1, "caption": "a"}\n{"id": 1, "caption": "b"}')
    with pytest.raises(ConfigError, match="line 2: 1 has a candidate already"):
        read_candidates(tmp_path / "c.jsonl")
    (tmp_path / "c.json").write_text('{"1": ["a", "b"]}')
    with pytest.raises(ConfigError, match="entry 0 has no candidate"):
        read_candidates(tmp_path / "c.json")


def test_line_files_must_be_as_long(tmp_path):
    (tmp_path / "r.txt").write_text("a\nb\n")
    (tmp_path / "c.txt").write_text("a\n")
    with pytest.raises(ConfigError, match=r"r.txt has 2 lines and .*c.txt has 1"):
        read_pair(tmp_path / "r.txt", tmp_path / "c.txt")


def test_missing_and_foreign_files_are_told(tmp_path):
    with pytest.raises(ConfigError, match=r"none.json cannot be read: No such file"):
        read_references(tmp_path / "none.json")
    (tmp_path / "gbk.txt").write_bytes("一只狗".encode("gbk"))
    with pytest.raises(ConfigError, match=r"gbk.txt is not UTF-8 at byte 4"):
        read_references(tmp_path / "gbk.txt")


def test_frequencies_are_told_from_references(tmp_path):
    (tmp_path / "df.json").write_text('{"documents": 2, "counts": {"a dog": 1}}')
    (tmp_path / "r.txt").write_text("a dog\ncats\n")
    assert read_frequencies(tmp_path / "df.json").documents == 2
    assert read_frequencies(tmp_path / "r.txt") == [["a dog"], ["cats"]]
