from __future__ import annotations

import json
from pathlib import Path

import pytest

from zimu.bundles.manifest import Bundle
from zimu.cli.main import main
from zimu.data.manifest import read_manifest
from zimu.errors import UnknownNameError
from zimu.training.evaluation import CONDITIONS, Noise, evaluate


def test_each_condition_and_baseline_is_scored(tiny_run: Path, tiny_bundle: Path) -> None:
    manifest = read_manifest(tiny_run.parent / "manifest.jsonl")
    result = evaluate(Bundle(tiny_bundle), manifest, "val", metrics=["rouge_l"])
    assert set(result.cards) == {*CONDITIONS, "most common caption", "random caption"}
    assert set(result.captions["all"]["zh"]) == {"6", "7"}
    assert 0 <= result.cards["all"]["en"]["rouge_l"].value <= 1


def test_the_same_noise_gives_the_same_captions(tiny_run: Path, tiny_bundle: Path) -> None:
    manifest = read_manifest(tiny_run.parent / "manifest.jsonl")

    def captions() -> object:
        noise = Noise("white", 0.0)
        return evaluate(
            Bundle(tiny_bundle), manifest, "val", metrics=["wer"], conditions=["all"], noise=noise
        ).captions

    assert captions() == captions()


def test_a_condition_that_does_not_exist_is_named(tiny_run: Path, tiny_bundle: Path) -> None:
    manifest = read_manifest(tiny_run.parent / "manifest.jsonl")
    with pytest.raises(UnknownNameError, match="Did you mean 'deaf'"):
        evaluate(Bundle(tiny_bundle), manifest, "val", metrics=["wer"], conditions=["dead"])


def test_the_command_writes_captions_scores_and_a_page(
    tiny_run: Path, tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = str(tiny_run.parent / "manifest.jsonl")
    arguments = ["evaluate", str(tiny_bundle), manifest, "--split", "val", "--metrics", "rouge_l,wer"]
    with pytest.raises(SystemExit) as stop:
        main([*arguments, "--output", str(tmp_path), "--json"])
    assert not stop.value.code
    printed = json.loads(capsys.readouterr().out)
    assert set(printed["conditions"]["deaf"]["en"]["scores"]) == {"rouge_l", "wer"}
    kept = json.loads((tmp_path / "scores.json").read_text("utf-8"))
    assert kept["conditions"]["all"]["en"] == printed["conditions"]["all"]["en"]
    page = (tmp_path / "report.md").read_text("utf-8")
    assert "without sound" in page and "most common caption" in page and "The worst 20 by wer" in page
    assert len((tmp_path / "captions.en.jsonl").read_text("utf-8").splitlines()) == 2
