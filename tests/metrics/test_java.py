"""METEOR and SPICE by the original programs: finding them, talking to them, and METEOR's golden scores."""

import gzip
import importlib.util
import json
import os
import shutil
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

import zimu
from zimu.errors import ConfigError
from zimu.metrics.card import ScoreSettings
from zimu.metrics.java import JavaTools
from zimu.metrics.meteor import Meteor, meteor_measure, running_meteor
from zimu.metrics.spice import spice_measure

# A program in Java's place: answers SCORE with 23 numbers that hold the request's length, and EVAL with them.
METEOR = """
import sys
assert "-Duser.language=en" in sys.argv and "-Duser.country=US" in sys.argv
for line in sys.stdin.buffer:
    parts = line.decode().rstrip("\\n").split(" ||| ")
    if "explode" in line.decode():
        sys.exit("out of memory")
    if parts[0] == "SCORE":
        answer = "no numbers" if "nonsense" in parts[-1] else " ".join([str(len(line)), *["1.0"] * 22])
        print(answer, flush=True)
    else:
        for part in parts[1:]:
            print(part.split()[0], flush=True)
        print(0.5, flush=True)
"""
SPICE = """
import json, sys
rows = json.load(open(sys.argv[sys.argv.index("-jar") + 2]))
def score(row):
    return {"All": {"f": 0.25 if row["test"] else float("nan")}}
out = [{"image_id": row["image_id"], "scores": score(row)} for row in rows]
json.dump(out, open(sys.argv[sys.argv.index("-out") + 1], "w"))
"""


@pytest.fixture
def tools(tmp_path):
    """Java tools whose Java is a Python program; the folder of the jars cannot be written to."""

    def make(program):
        java = tmp_path / "java"
        java.write_text(f"#!{sys.executable}\n{program}")
        java.chmod(java.stat().st_mode | stat.S_IXUSR)
        jars = tmp_path / "jars"
        for folder, name in (("data", "paraphrase-en.gz"), ("lib", "stanford-corenlp-3.6.0.jar")):
            (jars / folder).mkdir(parents=True)
            (jars / folder / name).touch()
        for name in ("meteor-1.5.jar", "spice-1.0.jar"):
            (jars / name).touch()
        jars.chmod(0o555)
        return JavaTools(java, jars / "meteor-1.5.jar", jars / "spice-1.0.jar", timeout_s=20)

    return make


def test_line_breaks_and_bars_never_shift_the_answers(tools):
    references = [["a\rdog", "b ||| c"], ["two\ncats"], ["x"]]
    with Meteor(tools(METEOR)) as meteor:
        found = meteor.statistics(references, ["a ||| dog", "two\r\ncats", "x"])
    texts = [
        "SCORE ||| a dog ||| b   c ||| a dog\n",
        "SCORE ||| two cats ||| two cats\n",
        "SCORE ||| x ||| x\n",
    ]
    assert found[:, 0].tolist() == [len(text) for text in texts]


def test_thousands_of_items_do_not_block_the_pipe(tools):
    with Meteor(tools(METEOR)) as meteor:
        measure = meteor_measure(meteor, [["a b c " * 20]] * 3000, ["a b"] * 3000)
    assert measure.value == 0.5 and len(measure.items) == 3000


def test_a_program_that_stops_is_told_with_its_last_words(tools):
    with Meteor(tools(METEOR)) as meteor, pytest.raises(ConfigError, match="It said: out of memory"):
        meteor.statistics([["a"]] * 3, ["explode"] * 3)


def test_an_answer_without_numbers_is_told(tools):
    with Meteor(tools(METEOR)) as meteor, pytest.raises(ConfigError, match="answered 'no' where a number"):
        meteor.statistics([["a"]], ["nonsense"])


def test_one_process_serves_all_calls(tools):
    settings = ScoreSettings(java=tools(METEOR))
    first = running_meteor(settings.java)
    for _ in range(2):
        found = zimu.score([["a"], ["b"]], ["a", "c"], tokens=True, metrics=["meteor"], settings=settings)
        assert found["meteor"].value == 0.5
    assert running_meteor(settings.java) is first
    first.close()
    running_meteor.cache_clear()


def test_spice_runs_from_a_folder_that_cannot_be_written_to(tools):
    measure = spice_measure(tools(SPICE), [["a dog"], ["cats"]], ["a dog", ""])
    assert measure.items.tolist() == [0.25, 0.0]


def test_a_failing_spice_is_told(tools):
    with pytest.raises(ConfigError, match=r"SPICE stopped with code 1. It said: no model"):
        spice_measure(tools("import sys; sys.exit('no model')"), [["a"]], ["a"])


def test_what_is_not_there_is_named_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(
        ConfigError, match="METEOR and SPICE need Java, which was not found by JAVA_HOME or PATH"
    ):
        JavaTools().find_java()
    with pytest.raises(ConfigError, match=r"not found at .*nowhere"):
        JavaTools(java=tmp_path / "nowhere").find_java()
    with pytest.raises(ConfigError, match=r"There is no .*x.jar. Install the original tools"):
        JavaTools(meteor_jar=tmp_path / "x.jar").find_meteor()
    (tmp_path / "m.jar").touch()
    with pytest.raises(ConfigError, match=r"paraphrase table .* is not beside"):
        JavaTools(meteor_jar=tmp_path / "m.jar").find_meteor()
    with pytest.raises(ConfigError, match=r"SPICE needs stanford-corenlp-3.6.0.jar"):
        JavaTools(spice_jar=tmp_path / "m.jar").find_spice()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"meteor-1.5.jar was not found. .* pip install pycocoevalcap"):
        JavaTools().find_meteor()


@pytest.fixture
def meteor():
    jar = os.environ.get("ZIMU_METEOR_JAR")
    if shutil.which("java") is None:
        pytest.skip("no Java here")
    if jar is None and importlib.util.find_spec("pycocoevalcap") is None:
        pytest.skip("no METEOR here: install pycocoevalcap or name the jar in ZIMU_METEOR_JAR")
    with Meteor(JavaTools(meteor_jar=Path(jar) if jar else None)) as process:
        yield process


@pytest.mark.slow
def test_meteor_equals_the_golden_scores(meteor, shared):
    golden = json.loads(gzip.decompress((shared / "metrics" / "fakecap.json.gz").read_bytes()))
    measure = meteor_measure(meteor, golden["refs_tok"], golden["cand_tok"])
    assert measure.value == pytest.approx(golden["corpus"]["METEOR"], abs=1e-12)
    np.testing.assert_allclose(measure.items, golden["items"]["METEOR"], rtol=0, atol=1e-9)
    resampled = measure.combine(measure.counts.sum(axis=0, keepdims=True))
    assert resampled[0] == pytest.approx(measure.value, rel=1e-12)
