from __future__ import annotations

import numpy as np
import pytest

import zimu
from zimu.errors import BundleError, ConfigError, UnknownNameError


def test_what_was_recognised_is_printed_with_its_reason(fitted):
    told = fitted[1]
    assert "patient_id  group       100 different for 200 rows, named like a group" in told
    assert "signal      series      lists of 40 numbers" in told
    assert "notes       text        9 words on average, 200 different" in told
    assert "days        ignore      you said so" in told
    assert "> outcome  classify, 2 different words" in told
    assert "rows of one 'patient_id' together" in told


def test_every_modality_alone_and_the_plain_baselines_stand_beside_the_fused_model(fitted):
    report = zimu.load(fitted[0]).report
    assert set(report["systems"]) == {
        "what is usual",
        "table, linear (sklearn)",
        "table, trees (sklearn)",
        "table alone",
        "notes alone",
        "signal alone",
        "fused network",
        "fused",
    }
    fused = report["systems"]["fused"]["accuracy"]
    assert fused["low"] < fused["value"] < fused["high"]
    # Three independent witnesses of 75 to 80 % each: together they must be better than what is usual.
    assert fused["value"] > report["systems"]["what is usual"]["accuracy"]["high"]


def test_the_verdict_on_fusing_follows_its_interval(fitted):
    path, told = fitted
    report = zimu.load(path).report
    gains = report["fusing"].values()
    noise = all(gain["low"] <= 0 <= gain["high"] for gain in gains)
    assert ("it is noise" in told) == noise
    assert f"Against the best single modality ({report['best_single']})" in told
    assert "Calibration: expected error on test" in told
    assert "Abstaining" in told


def test_a_loaded_model_answers_like_the_fitted_one_and_one_row_like_many(fitted, rows):
    model = zimu.load(fitted[0])
    many = model.predict(rows[:20])
    for i in (0, 7):
        one = model.predict(rows[i : i + 1])
        assert one[0].best == many[i].best
        np.testing.assert_allclose(one.scores[0], many.scores[i], atol=1e-4)
    np.testing.assert_allclose(many.scores.sum(1), 1)


def test_an_explanation_sums_to_the_answer_less_the_answer_to_nothing(fitted, rows):
    model = zimu.load(fitted[0])
    usual = dict(zip(model.spec.classes, np.exp(model.spec.prior), strict=True))
    for answer in model.predict(rows[:6], explain=True):
        found = answer.explanation
        assert found.base == pytest.approx(usual[answer.best], abs=1e-6)
        assert found.base + sum(found.given.values()) == pytest.approx(answer.confidence, abs=1e-6)


def test_missing_columns_cells_and_streams_are_survived(fitted, rows):
    model = zimu.load(fitted[0])
    found = model.predict([{"notes": "patient fever"}, {"crp": 9.0}, {"signal": [0.0] * 7}, {"sex": None}])
    assert [a.present for a in found] == [("notes",), ("table",), ("signal",), ()]
    assert found[0].best == "ill"
    # Nothing is known of the last: it gets what is usual, and nothing is given.
    np.testing.assert_allclose(found.scores[3], np.exp(model.spec.prior), atol=1e-6)
    explained = model.predict([{"notes": "patient fever"}], explain=True)[0].explanation
    assert explained.given["table"] == explained.given["signal"] == 0


def test_an_unsure_model_abstains(fitted, rows):
    model = zimu.load(fitted[0])
    model.spec = model.spec.model_copy(update={"threshold": 1.1})
    answers = model.predict(rows[:3])
    assert answers.values == [None] * 3
    assert all(a.best in ("ill", "well") for a in answers)


def test_a_series_that_cannot_be_read_is_told_and_counts_as_absent(fitted, rows):
    model = zimu.load(fitted[0])
    answers = model.predict([{**rows[0], "signal": "nowhere.npy"}, {**rows[1], "signal": [[1, 2], [3, 4]]}])
    assert "signal" not in answers[0].present
    assert "signal, row 1: There is no series" in answers.problems[0]
    assert "signal" not in answers[1].present


def test_the_running_half_answers_without_torch(fitted, rows, tmp_path):
    import json
    import subprocess
    import sys

    (tmp_path / "t.json").write_text(json.dumps(rows[:4]), "utf-8")
    code = (
        "import sys, json; sys.modules['torch'] = sys.modules['sklearn'] = sys.modules['scipy'] = None\n"
        f"import zimu; m = zimu.load({str(fitted[0])!r})\n"
        f"print(m.predict(json.load(open({str(tmp_path / 't.json')!r})), explain=True).values)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(zimu.load(fitted[0]).predict(rows[:4]).values)


def test_the_bundle_holds_no_pickle_and_a_changed_one_is_refused(fitted, tmp_path):
    import shutil

    path = tmp_path / "copy"
    shutil.copytree(fitted[0], path)
    assert {p.suffix for p in path.iterdir()} == {".onnx", ".json", ".md"}
    text = (path / "predictor.json").read_text("utf-8")
    (path / "predictor.json").write_text(text.replace('"ill"', '"dead"', 1), "utf-8")
    with pytest.raises(BundleError, match=r"missing|bytes|changed"):
        zimu.load(path)


def test_a_number_comes_with_an_interval_that_covers(rows, tmp_path):
    pytest.importorskip("torch")
    model = zimu.fit(
        rows,
        "days",
        output=tmp_path / "m",
        kinds={"outcome": "ignore"},
        networks=False,
        tell=lambda text: None,
    )
    report = model.report
    assert report["task"] == "regress"
    assert report["interval"]["held"] > 0.75
    fused, usual = (report["systems"][n]["mean_absolute_error"]["value"] for n in ("fused", "what is usual"))
    assert fused < usual
    answer = model.predict(rows[:1], explain=True)[0]
    assert answer.interval[0] < answer.best < answer.interval[1]
    assert answer.explanation.base + sum(answer.explanation.given.values()) == pytest.approx(answer.best)
    nothing = model.predict([{"crp": None}])[0]
    assert nothing.interval[0] < nothing.best < nothing.interval[1]


def test_several_labels_a_row_are_learned_each_by_itself(rows, tmp_path):
    pytest.importorskip("torch")
    table = [
        {"crp": r["crp"], "notes": r["notes"], "found": [r["outcome"], r["sex"]], "sex": r["sex"]}
        for r in rows
    ]
    model = zimu.fit(table, "found", output=tmp_path / "m", networks=False, tell=lambda text: None)
    assert model.spec.task == "label"
    assert model.spec.classes == ("f", "ill", "m", "well")
    answers = model.predict(table[:10])
    assert all(table[i]["sex"] in answers[i].best for i in range(10))


def test_the_same_seed_gives_the_same_model(rows, tmp_path):
    pytest.importorskip("torch")
    table = [{n: r[n] for n in ("crp", "sex", "outcome")} for r in rows]
    made = [
        zimu.fit(table, "outcome", output=tmp_path / str(i), epochs=2, tell=lambda text: None).predict(
            table[:9]
        )
        for i in range(2)
    ]
    np.testing.assert_array_equal(made[0].scores, made[1].scores)


def test_without_the_training_half_the_way_to_it_is_said(rows, monkeypatch):
    from zimu.errors import MissingExtraError
    from zimu.training import fit as module

    monkeypatch.setattr(module, "find_spec", lambda package: None if package == "torch" else object())
    with pytest.raises(MissingExtraError, match=r"pip install 'zimu\[train\]'"):
        module.fit(rows, "outcome")


def test_what_cannot_be_fitted_is_said(rows):
    pytest.importorskip("torch")
    with pytest.raises(UnknownNameError, match="Did you mean 'outcome'"):
        zimu.fit(rows, "outcom")
    with pytest.raises(ConfigError, match="has 5 rows with a 'outcome'; 20 are needed"):
        zimu.fit(rows[:5], "outcome")
    with pytest.raises(ConfigError, match="'x' in every row"):
        zimu.fit([{**r, "outcome": "x"} for r in rows], "outcome", tell=lambda text: None)
    with pytest.raises(UnknownNameError, match="Unknown task 'rank'"):
        zimu.fit(rows, "outcome", task="rank", tell=lambda text: None)
    with pytest.raises(ConfigError, match="none of the model's columns"):
        table = [{n: r[n] for n in ("crp", "outcome")} for r in rows]
        zimu.fit(table, "outcome", networks=False, tell=lambda text: None).predict([{"x": 1}])
